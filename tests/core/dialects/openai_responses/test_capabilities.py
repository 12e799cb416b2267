import pytest

from lunaroute_core.capabilities import EFFORTS, capabilities_of


@pytest.mark.parametrize(
    ("model", "least", "most"),
    [
        ("gpt-5", "minimal", "high"),
        ("gpt-5-mini-2025-08-07", "minimal", "high"),
        ("gpt-5-codex", "low", "high"),
        ("gpt-5-pro-2025-10-06", "high", "high"),
        ("gpt-5.1", "none", "high"),
        ("gpt-5.1-codex-max", "low", "xhigh"),
        ("gpt-5.5", "none", "xhigh"),
        ("gpt-5.5-pro", "medium", "xhigh"),
        ("gpt-5.6-sol", "none", "max"),
        ("gpt-5.2-chat-latest", "medium", "medium"),
        ("gpt-6-sol", "none", "max"),
        ("gpt-6.1-sol", "low", "max"),
        ("gpt-6.2-astra", "low", "max"),
        ("codex-mini-latest", "low", "high"),
        ("o3-deep-research", "medium", "medium"),
        ("o3-pro", "low", "high"),
        ("o4-mini", "low", "high"),
    ],
)
def test_reasoning_models_take_efforts_but_no_sampling(model, least, most):
    known = capabilities_of("openai_responses", model)
    assert (known.efforts[0], known.efforts[-1]) == (least, most)
    assert list(known.efforts) == sorted(known.efforts, key=EFFORTS.index)
    assert (known.sampling, known.first_party) == (False, True)


@pytest.mark.parametrize("model", ["gpt-4o", "gpt-4.1-mini", "gpt-5-chat-latest", "gpt-3.5-turbo"])
def test_other_models_of_openai_take_sampling(model):
    known = capabilities_of("openai_responses", model)
    assert (known.sampling, known.efforts) == (True, ())
    assert (known.first_party, known.system_role) == (True, "developer")


@pytest.mark.parametrize("model", ["llama-4", "openai/gpt-5", "my-deployment"])
def test_unknown_names_are_those_of_compatible_servers(model):
    known = capabilities_of("openai_responses", model)
    assert (known.first_party, known.web_search, known.cache_marks) == (False, False, False)
    assert (known.sampling, known.efforts, known.system_role) == (True, (), "system")


@pytest.mark.parametrize(("model", "marks"), [("gpt-5.5", False), ("gpt-5.6-sol", True)])
def test_breakpoints_are_for_the_newest_models(model, marks):
    assert capabilities_of("openai_responses", model).cache_marks is marks
