import pytest

from lunaroute_core.errors import InvalidRequestError

ADAPTIVE = {"thinking": ("adaptive",), "efforts": ("low", "medium", "high")}
BUDGET = {"thinking": ("enabled", "disabled"), "efforts": ()}
FUNCTION = {"type": "function", "function": {"name": "f"}}


@pytest.mark.parametrize(
    ("effort", "level"),
    [("minimal", "low"), ("low", "low"), ("high", "high"), ("xhigh", "xhigh"), ("max", "max")],
)
def test_an_effort_is_adaptive_thinking(chat, effort, level):
    body, warnings = chat(reasoning_effort=effort)
    assert body["thinking"] == {"type": "adaptive"}
    assert body["output_config"] == {"effort": level}
    assert warnings == []


def test_an_effort_above_the_range_is_the_next_lower(chat):
    body, warnings = chat(reasoning_effort="max", known=ADAPTIVE)
    assert body["output_config"] == {"effort": "high"}
    assert warnings == [("emulated", "reasoning_effort")]


def test_an_effort_below_the_range_is_the_lowest(responses):
    known = {"efforts": ("medium", "high")}
    body, warnings = responses(reasoning={"effort": "low"}, known=known)
    assert body["output_config"] == {"effort": "medium"}
    assert warnings == [("emulated", "reasoning.effort")]


def test_nothing_is_said_where_nothing_was(chat):
    body, _ = chat()
    assert "thinking" not in body
    assert "output_config" not in body


@pytest.mark.parametrize(
    ("modes", "written", "warnings"),
    [
        (("adaptive", "disabled", "between_tools"), {"thinking": {"type": "disabled"}}, []),
        (("adaptive", "between_tools"), {"thinking": {"type": "between_tools"}}, []),
        (
            ("adaptive",),
            {"thinking": {"type": "adaptive"}, "output_config": {"effort": "low"}},
            [("emulated", "reasoning_effort")],
        ),
        ((), {}, []),
    ],
)
def test_no_effort_is_as_little_thinking_as_the_model_allows(chat, modes, written, warnings):
    translated = chat(reasoning_effort="none", known={"thinking": modes})
    said = {
        key: translated.body[key] for key in ("thinking", "output_config") if key in translated.body
    }
    assert said == written
    assert translated.warnings == warnings


@pytest.mark.parametrize(
    ("effort", "budget"),
    [
        ("minimal", 1024),
        ("low", 2048),
        ("medium", 8192),
        ("high", 16384),
        ("xhigh", 32768),
        ("max", 63999),
    ],
)
def test_an_older_model_is_given_a_budget(chat, effort, budget):
    body, warnings = chat(reasoning_effort=effort, known=BUDGET)
    assert body["thinking"] == {"type": "enabled", "budget_tokens": budget}
    assert "output_config" not in body
    assert warnings == []


def test_a_budget_is_less_than_all_output(chat):
    body, _ = chat(reasoning_effort="high", max_completion_tokens=1500, known=BUDGET)
    assert body["thinking"] == {"type": "enabled", "budget_tokens": 1499}


@pytest.mark.parametrize("most", [1, 1000, 1024])
def test_thinking_is_left_out_where_there_is_no_room_for_it(chat, most):
    body, warnings = chat(reasoning_effort="high", max_completion_tokens=most, known=BUDGET)
    assert "thinking" not in body
    assert warnings == [("dropped", "reasoning_effort")]


def test_a_forced_call_and_a_budget_are_rejected_together(chat):
    with pytest.raises(InvalidRequestError) as caught:
        chat(reasoning_effort="low", tools=[FUNCTION], tool_choice="required", known=BUDGET)
    assert caught.value.details.param == "tool_choice"
    body, _ = chat(reasoning_effort="low", tools=[FUNCTION], tool_choice="required")
    assert body["tool_choice"] == {"type": "any"}


def test_a_loop_of_calls_without_their_thinking_goes_on_without(chat):
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    messages = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "1", "content": "ok"},
    ]
    body, warnings = chat(messages=messages, reasoning_effort="low", known=BUDGET)
    assert "thinking" not in body
    assert warnings == [("dropped", "reasoning_effort")]
    thought = {
        "type": "reasoning.text",
        "text": "Hm.",
        "signature": "c2ln",
        "origin": {"dialect": "anthropic_messages"},
    }
    messages[1]["reasoning_details"] = [thought]
    body, warnings = chat(messages=messages, reasoning_effort="low", known=BUDGET)
    assert body["thinking"]["type"] == "enabled"
    assert warnings == []


def test_a_summary_asked_for_is_shown(responses):
    body, _ = responses(reasoning={"effort": "high", "summary": "auto"})
    assert body["thinking"] == {"type": "adaptive", "display": "summarized"}
    body, warnings = responses(reasoning={"summary": "auto"})
    assert body["thinking"] == {"type": "adaptive", "display": "summarized"}
    assert warnings == []
    _, warnings = responses(reasoning={"summary": "auto"}, known=BUDGET)
    assert warnings == [("dropped", "reasoning.summary")]


def test_effort_alone_where_the_model_has_no_thinking_modes(chat):
    body, _ = chat(reasoning_effort="low", known={"thinking": ()})
    assert body["output_config"] == {"effort": "low"}
    _, warnings = chat(reasoning_effort="low", known={"thinking": (), "efforts": ()})
    assert warnings == [("dropped", "reasoning_effort")]


def test_an_unknown_effort_is_dropped(chat):
    assert chat(reasoning_effort="colossal").warnings == [("dropped", "reasoning_effort")]


def test_other_reasoning_options_are_dropped(responses):
    _, warnings = responses(reasoning={"effort": "low", "context": "auto"})
    assert warnings == [("dropped", "reasoning.context")]
