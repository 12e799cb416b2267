import pytest

from lunaroute_core.dialects.codec import BodyEdits
from lunaroute_core.dialects.openai_responses.body_edits import edited
from lunaroute_core.errors import InvalidRequestError

BRIEF = {"role": "system", "content": "Be brief."}
BRIEF_ITEM = {"type": "message", "role": "system", "content": "Be brief."}


def test_defaults_go_under_and_overrides_over():
    edits = BodyEdits(
        defaults={"store": False, "reasoning": {"effort": "low", "summary": "auto"}},
        overrides={"reasoning": {"summary": None}, "tools": []},
    )
    body = {"model": "m", "reasoning": {"effort": "high"}, "tools": [{"type": "web_search"}]}
    assert edited(body, edits) == {
        "model": "m",
        "store": False,
        "reasoning": {"effort": "high", "summary": None},
        "tools": [],
    }


@pytest.mark.parametrize(
    ("body", "items"),
    [
        ({"input": "Hi"}, [{"type": "message", "role": "user", "content": "Hi"}]),
        ({"input": [{"role": "user", "content": "Hi"}]}, [{"role": "user", "content": "Hi"}]),
        ({}, []),
        ({"input": None}, []),
    ],
)
def test_messages_go_before_the_input(body, items):
    assert edited(body, BodyEdits(prepend_messages=[BRIEF]))["input"] == [BRIEF_ITEM, *items]


def test_what_is_no_instruction_stands_behind_those_that_come_first():
    """Else Codex's prompt would be a system turn in the middle of the conversation."""
    old = [{"role": "developer", "content": "a"}, {"role": "system", "content": "b"}]
    user = {"role": "user", "content": "hi"}
    told = {"role": "user", "content": "x"}
    got = edited({"input": [*old, user]}, BodyEdits(prepend_messages=[told, BRIEF]))
    assert got["input"] == [BRIEF_ITEM, *old, {"type": "message", **told}, user]


def test_an_input_that_is_neither_is_refused():
    with pytest.raises(InvalidRequestError) as caught:
        edited({"input": 5}, BodyEdits(prepend_messages=[BRIEF]))
    assert caught.value.details.param == "input"
