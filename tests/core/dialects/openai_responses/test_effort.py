import pytest

ALL = {"efforts": ("none", "minimal", "low", "medium", "high", "xhigh", "max")}


def reasoning(anthropic, thinking, capabilities=ALL, **fields):
    body, warnings = anthropic(thinking=thinking, capabilities=capabilities, **fields)
    return body.get("reasoning"), warnings


@pytest.mark.parametrize(
    ("tokens", "expected"),
    [(1024, "minimal"), (2000, "low"), (10_000, "medium"), (16_384, "high"), (99_999, "xhigh")],
)
def test_a_budget_is_the_nearest_effort(anthropic, tokens, expected):
    thinking = {"type": "enabled", "budget_tokens": tokens, "display": "omitted"}
    assert reasoning(anthropic, thinking, max_tokens=100_000) == (
        {"effort": expected},
        [("emulated", "thinking.budget_tokens")],
    )


def test_no_thinking_is_none_or_the_least(anthropic):
    assert reasoning(anthropic, {"type": "disabled"}) == ({"effort": "none"}, [])
    least = {"efforts": ("low", "high")}
    assert reasoning(anthropic, {"type": "disabled"}, least) == (
        {"effort": "low"},
        [("emulated", "output_config.effort")],
    )
    assert reasoning(anthropic, {"type": "disabled"}, {"efforts": ()}) == (None, [])


def test_adaptive_thinking_leaves_the_effort_to_the_model(anthropic):
    assert reasoning(anthropic, {"type": "adaptive"}) == (None, [])
    given = {"output_config": {"effort": "max"}}
    assert reasoning(anthropic, {"type": "adaptive"}, **given) == ({"effort": "max"}, [])
    assert reasoning(anthropic, {"type": "between_tools"}) == (None, [("dropped", "thinking")])


def test_an_effort_counts_more_than_a_budget(anthropic):
    thinking = {"type": "enabled", "budget_tokens": 1024, "display": "omitted"}
    asked = {"output_config": {"effort": "high"}}
    assert reasoning(anthropic, thinking, **asked) == ({"effort": "high"}, [])


def test_thinking_that_is_shown_is_summarized(anthropic):
    shown = {"type": "adaptive", "display": "summarized"}
    assert reasoning(anthropic, shown) == ({"summary": "auto"}, [])
    assert reasoning(anthropic, {**shown, "display": "omitted"}) == (None, [])
    manual = {"type": "enabled", "budget_tokens": 2048}
    assert reasoning(anthropic, manual)[0] == {"effort": "low", "summary": "auto"}
    off = {"type": "disabled", "display": "summarized"}
    assert reasoning(anthropic, off)[0] == {"effort": "none"}


def test_models_that_do_not_reason_are_asked_for_nothing(anthropic):
    shown = {"type": "adaptive", "display": "summarized"}
    assert reasoning(anthropic, shown, {"efforts": ()}) == (None, [])
    manual = {"type": "enabled", "budget_tokens": 2048}
    assert reasoning(anthropic, manual, {"efforts": ()}) == (None, [("dropped", "thinking")])


@pytest.mark.parametrize(
    ("asked", "expected"), [("max", "high"), ("minimal", "low"), ("none", "low"), ("high", "high")]
)
def test_efforts_stay_within_the_models(chat, asked, expected):
    given = {"efforts": ("low", "medium", "high")}
    body, warnings = chat(reasoning_effort=asked, capabilities=given)
    assert body["reasoning"] == {"effort": expected}
    assert warnings == ([] if asked == expected else [("emulated", "reasoning_effort")])


def test_efforts_that_nobody_knows_or_takes_are_dropped(chat):
    for fields in ({"reasoning_effort": "heroic"}, {"reasoning_effort": "high", "model": "gpt-4o"}):
        body, warnings = chat(**fields)
        assert "reasoning" not in body
        assert warnings == [("dropped", "reasoning_effort")]
