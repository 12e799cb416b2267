from typing import get_args

import pytest
from openai.types import ChatModel

from lunaroute_core.capabilities import EFFORTS, capabilities_of


@pytest.mark.parametrize(
    ("model", "least", "most"),
    [
        ("gpt-5", "minimal", "high"),
        ("gpt-5-mini-2025-08-07", "minimal", "high"),
        ("gpt-5.1", "none", "high"),
        ("gpt-5.5", "none", "xhigh"),
        ("gpt-5.6-sol", "none", "max"),
        ("gpt-6-sol", "none", "max"),
        ("gpt-6-luna", "none", "max"),
        ("gpt-6-astra", "low", "max"),
        ("gpt-6.1-sol", "low", "xhigh"),
        ("gpt-6.2-astra", "low", "max"),
        ("o1", "low", "high"),
        ("o3-mini", "low", "high"),
        ("o4-mini", "low", "high"),
    ],
)
def test_reasoning_models_take_efforts_but_neither_sampling_nor_stop(model, least, most):
    known = capabilities_of("openai_chat", model)
    assert (known.efforts[0], known.efforts[-1]) == (least, most)
    assert list(known.efforts) == sorted(known.efforts, key=EFFORTS.index)
    assert (known.sampling, known.max_stop_sequences) == (False, 0)
    assert (known.first_party, known.output_limit_field) == (True, "max_completion_tokens")


@pytest.mark.parametrize("model", ["gpt-4o", "gpt-4.1-mini", "gpt-5-chat-latest", "gpt-3.5-turbo"])
def test_other_models_of_openai_take_sampling_and_stop(model):
    known = capabilities_of("openai_chat", model)
    assert (known.sampling, known.max_stop_sequences, known.efforts) == (True, 4, ())
    assert (known.first_party, known.system_role) == (True, "developer")


@pytest.mark.parametrize("model", ["llama-4", "deepseek-chat", "openai/gpt-5", "my-deployment"])
def test_unknown_names_are_those_of_compatible_servers(model):
    known = capabilities_of("openai_chat", model)
    assert (known.first_party, known.web_search, known.cache_marks) == (False, False, False)
    assert (known.output_limit_field, known.system_role) == ("max_tokens", "system")
    assert (known.sampling, known.max_stop_sequences, known.efforts) == (True, 4, ())


@pytest.mark.parametrize("model", get_args(ChatModel))
def test_every_model_of_the_sdk_is_known_to_be_openais(model):
    known = capabilities_of("openai_chat", model)
    assert (known.first_party, known.output_limit_field) == (True, "max_completion_tokens")
    assert known.tools_while_reasoning or known.efforts


@pytest.mark.parametrize(
    ("model", "both"),
    [("gpt-5.1", True), ("gpt-5.4-mini", False), ("gpt-5.5", False), ("gpt-6-sol", False)],
)
def test_newer_models_take_functions_in_chat_only_without_reasoning(model, both):
    assert capabilities_of("openai_chat", model).tools_while_reasoning is both


@pytest.mark.parametrize(
    ("model", "searches"),
    [
        ("gpt-5-search-api", True),
        ("gpt-4o-mini-search-preview", True),
        ("gpt-4o", False),
        ("gpt-5.6-sol", False),
    ],
)
def test_only_search_models_search_in_chat(model, searches):
    assert capabilities_of("openai_chat", model).web_search is searches


@pytest.mark.parametrize(
    ("model", "schemas"),
    [
        ("gpt-4o", True),
        ("gpt-4o-2024-05-13", False),
        ("gpt-4-turbo", False),
        ("gpt-4", False),
        ("gpt-3.5-turbo-0125", False),
        ("gpt-4.1-nano", True),
    ],
)
def test_schemas_came_with_the_second_gpt_4o(model, schemas):
    assert capabilities_of("openai_chat", model).structured_output is schemas


def test_a_fine_tuned_model_is_what_it_was_made_of():
    tuned = capabilities_of("openai_chat", "ft:gpt-4.1-mini-2025-04-14:acme::abc")
    assert tuned == capabilities_of("openai_chat", "gpt-4.1-mini")


@pytest.mark.parametrize(("model", "marks"), [("gpt-5.5", False), ("gpt-5.6-sol", True)])
def test_breakpoints_are_for_the_newest_models(model, marks):
    assert capabilities_of("openai_chat", model).cache_marks is marks
