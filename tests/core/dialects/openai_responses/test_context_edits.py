import pytest

COMPACT = {"type": "compact_20260112"}
CLEAR = {"type": "clear_tool_uses_20250919"}


def edits(*given):
    return {"context_management": {"edits": list(given)}}


@pytest.mark.parametrize(
    ("trigger", "threshold"),
    [({}, 150_000), ({"trigger": {"type": "input_tokens", "value": 60_000}}, 60_000)],
)
def test_compaction_is_openais_own(anthropic, trigger, threshold):
    body, warnings = anthropic(**edits({**COMPACT, **trigger}))
    assert body["context_management"] == [{"type": "compaction", "compact_threshold": threshold}]
    assert warnings == [("emulated", "context_management.edits[0]")]


def test_other_edits_are_dropped(anthropic):
    body, warnings = anthropic(**edits(CLEAR, {**COMPACT, "instructions": "short"}))
    assert len(body["context_management"]) == 1
    assert warnings == [
        ("dropped", "context_management.edits[0]"),
        ("dropped", "context_management.edits[1].instructions"),
        ("emulated", "context_management.edits[1]"),
    ]


def test_compatible_servers_compact_nothing(anthropic):
    body, warnings = anthropic(**edits(COMPACT), model="llama-4")
    assert "context_management" not in body
    assert warnings == [("dropped", "context_management.edits[0]")]


def test_a_client_that_wants_to_see_the_compaction_is_told_that_it_cannot(anthropic, refusal):
    given = edits({**COMPACT, "pause_after_compaction": True})
    param = "context_management.edits[0].pause_after_compaction"
    assert refusal(anthropic, **given) == param


@pytest.mark.parametrize("given", [{}, {"edits": []}, {"edits": None}, None])
def test_no_edits_are_no_loss(anthropic, given):
    body, warnings = anthropic(context_management=given)
    assert "context_management" not in body
    assert warnings == []
