from typing import get_args

import pytest
from anthropic.types import ModelParam

from lunaroute_core.capabilities import EFFORTS, capabilities_of

DIALECT = "anthropic_messages"
MODELS = [
    "claude-3-haiku-20240307",
    "claude-3-5-sonnet-20241022",
    "claude-3-7-sonnet-latest",
    "claude-opus-4-20250514",
    "claude-sonnet-4-0",
    "claude-opus-4-1",
    "claude-sonnet-4-5-20250929",
    "claude-haiku-4-5",
    "claude-zeta-9",
    "kimi-k3",
]
SDKS = [*get_args(get_args(ModelParam)[0])]
OTHERS = ("claude-zeta-9", "kimi-k3")


@pytest.mark.parametrize("model", [*MODELS, *SDKS])
def test_every_profile_is_of_one_piece(model):
    known = capabilities_of(DIALECT, model)
    assert known.max_temperature == 1
    assert known.efforts == tuple(level for level in EFFORTS if level in known.efforts)
    assert ("adaptive" in known.thinking) <= bool(known.efforts)
    assert not (known.mid_conversation_system and known.sampling)
    assert not (known.prefill and "adaptive" in known.thinking)


def test_an_unknown_newer_model_thinks_by_itself_and_takes_system_messages():
    known = capabilities_of(DIALECT, "claude-zeta-9")
    assert known.thinking == ("adaptive",)
    assert known.mid_conversation_system
    assert not known.sampling
    assert not known.prefill


@pytest.mark.parametrize(
    ("model", "mid_conversation_system"),
    [("claude-opus-4-7", False), ("claude-opus-4-8", True), ("claude-sonnet-4-6", False)],
)
def test_system_messages_between_others_came_with_opus_4_8(model, mid_conversation_system):
    known = capabilities_of(DIALECT, model)
    assert known.mid_conversation_system is mid_conversation_system


@pytest.mark.parametrize(
    ("model", "thinking"),
    [
        ("claude-haiku-4-5-20251001", {"enabled", "disabled"}),
        ("claude-opus-4-6", {"adaptive", "enabled", "disabled"}),
        ("claude-opus-4-8", {"adaptive", "disabled"}),
        ("claude-opus-5", {"adaptive", "disabled"}),
        ("claude-opus-5-5", {"adaptive"}),
        ("claude-sonnet-5", {"adaptive", "disabled"}),
        ("claude-sonnet-5-5", {"adaptive", "between_tools"}),
        ("claude-haiku-5-5", {"adaptive", "disabled"}),
        ("claude-fable-5", {"adaptive"}),
        ("claude-mythos-5-2", {"adaptive"}),
    ],
)
def test_each_model_thinks_in_its_own_ways(model, thinking):
    assert {*capabilities_of(DIALECT, model).thinking} == thinking


@pytest.mark.parametrize(
    ("model", "forced"),
    [
        ("claude-opus-5", True),
        ("claude-opus-5-5", False),
        ("claude-sonnet-5", True),
        ("claude-sonnet-5-5", False),
        ("claude-haiku-5-5", True),
        ("claude-fable-5", True),
        ("claude-fable-5-1", False),
        ("claude-mythos-5-2", False),
    ],
)
def test_the_newest_models_cannot_be_made_to_call_a_tool(model, forced):
    assert capabilities_of(DIALECT, model).forced_tools is forced


@pytest.mark.parametrize("model", SDKS)
def test_every_model_of_the_sdk_has_a_profile_of_its_own(model):
    assert not any(
        capabilities_of(DIALECT, model) == capabilities_of(DIALECT, other) for other in OTHERS
    )


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("anthropic/claude-opus-4.5", "claude-opus-4-5"),
        ("us.anthropic.claude-haiku-4-5-20251001-v1:0", "claude-haiku-4-5"),
        ("claude-opus-4-5@20251101", "claude-opus-4-5"),
        ("anthropic/claude-sonnet-4", "claude-sonnet-4-0"),
        ("anthropic/claude-3.7-sonnet", "claude-3-7-sonnet-latest"),
        ("Claude-Sonnet-5.5", "claude-sonnet-5-5"),
    ],
)
def test_a_model_is_known_by_the_names_that_clouds_and_routers_give_it(name, model):
    assert capabilities_of(DIALECT, name) == capabilities_of(DIALECT, model)


def test_a_compatible_server_is_taken_for_an_older_model():
    known = capabilities_of(DIALECT, "kimi-k3")
    assert known.sampling
    assert known.max_output_tokens is None
    assert not known.mid_conversation_system
