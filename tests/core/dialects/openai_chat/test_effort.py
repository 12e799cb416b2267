import pytest

ALL = {"efforts": ("none", "minimal", "low", "medium", "high", "xhigh", "max")}


def effort(anthropic, thinking, capabilities=ALL, **fields):
    body, warnings = anthropic(thinking=thinking, capabilities=capabilities, **fields)
    return body.get("reasoning_effort"), warnings


@pytest.mark.parametrize(
    ("tokens", "expected"),
    [(1024, "minimal"), (2000, "low"), (10_000, "medium"), (16_384, "high"), (99_999, "xhigh")],
)
def test_a_budget_is_the_nearest_effort(anthropic, tokens, expected):
    thinking = {"type": "enabled", "budget_tokens": tokens}
    assert effort(anthropic, thinking, max_tokens=100_000) == (
        expected,
        [("emulated", "thinking.budget_tokens")],
    )


def test_no_thinking_is_none_or_the_least(anthropic):
    assert effort(anthropic, {"type": "disabled"}) == ("none", [])
    least = {"efforts": ("low", "high")}
    assert effort(anthropic, {"type": "disabled"}, least) == (
        "low",
        [("emulated", "output_config.effort")],
    )
    assert effort(anthropic, {"type": "disabled"}, {"efforts": ()}) == (None, [])


def test_adaptive_thinking_leaves_the_effort_to_the_model(anthropic):
    assert effort(anthropic, {"type": "adaptive"}) == (None, [])
    given = {"output_config": {"effort": "max"}}
    assert effort(anthropic, {"type": "adaptive"}, **given) == ("max", [])
    assert effort(anthropic, {"type": "between_tools"}) == (None, [("dropped", "thinking")])


def test_an_effort_counts_more_than_a_budget(anthropic):
    thinking = {"type": "enabled", "budget_tokens": 1024}
    assert effort(anthropic, thinking, output_config={"effort": "high"}) == ("high", [])


@pytest.mark.parametrize(
    ("asked", "expected"), [("max", "high"), ("minimal", "low"), ("none", "low"), ("high", "high")]
)
def test_efforts_stay_within_the_models(responses, asked, expected):
    given = {"efforts": ("low", "medium", "high")}
    body, warnings = responses(reasoning={"effort": asked}, capabilities=given)
    assert body["reasoning_effort"] == expected
    assert warnings == ([] if asked == expected else [("emulated", "reasoning.effort")])


def test_models_that_take_none_get_none(responses, anthropic):
    body, warnings = responses(reasoning={"effort": "high", "summary": "auto"}, model="llama-4")
    assert "reasoning_effort" not in body
    assert warnings == [("dropped", "reasoning.effort")]
    thinking = {"type": "enabled", "budget_tokens": 1024}
    assert effort(anthropic, thinking, {"efforts": ()}) == (None, [("dropped", "thinking")])


def test_unknown_efforts_are_dropped(responses):
    body, warnings = responses(reasoning={"effort": "heroic"})
    assert "reasoning_effort" not in body
    assert warnings == [("dropped", "reasoning.effort")]


TOOL = {"name": "f", "input_schema": {"type": "object"}}
ADAPTIVE = {"type": "adaptive"}


@pytest.mark.parametrize(
    ("fields", "expected", "warnings"),
    [
        ({}, None, []),
        ({"tools": [TOOL]}, "none", []),
        ({"tools": [TOOL], "thinking": ADAPTIVE}, "none", []),
        ({"tools": [TOOL], "thinking": {"type": "disabled"}}, "none", []),
        (
            {"tools": [TOOL], "thinking": ADAPTIVE, "output_config": {"effort": "high"}},
            "none",
            [("dropped", "output_config.effort")],
        ),
        ({"thinking": ADAPTIVE, "output_config": {"effort": "high"}}, "high", []),
    ],
)
def test_models_that_take_functions_only_without_reasoning(anthropic, fields, expected, warnings):
    """They reason by default, and refuse functions then."""
    body, said = anthropic(model="gpt-5.5", **fields)
    assert (body.get("reasoning_effort"), said) == (expected, warnings)


def test_a_model_that_cannot_but_reason_is_asked_as_the_client_wished(anthropic):
    """The upstream's refusal says more than ours could."""
    effort = {"output_config": {"effort": "high"}}
    body, said = anthropic(model="gpt-6-astra", tools=[TOOL], thinking=ADAPTIVE, **effort)
    assert (body["reasoning_effort"], said) == ("high", [])
