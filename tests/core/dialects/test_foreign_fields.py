import pytest

from lunaroute_core.dialects.foreign_fields import foreign_fields, foreign_message_fields


def foreign(**fields):
    return list(foreign_fields({"theirs": fields, "own": {"kept": 1}}, dialect="own"))


def test_fields_of_other_dialects_are_told_and_the_own_ones_are_not():
    assert foreign(speed="fast", seed=0) == [("speed", "fast"), ("seed", 0)]


@pytest.mark.parametrize(
    "value",
    [None, [], {}, {"form": "string"}, {"form": "beta"}, {"edits": [], "more": {"a": None}}],
)
def test_what_asks_for_nothing_is_not_told(value):
    assert foreign(field=value) == []


@pytest.mark.parametrize("value", [False, 0, "", [None], {"edits": [1]}, {"more": {"a": 0}}])
def test_what_asks_for_something_is(value):
    assert foreign(field=value) == [("field", value)]


@pytest.mark.parametrize("key", ["$form", "id", "type", "stream", "stream_options"])
def test_how_an_element_was_written_and_framed_is_not_told(key):
    assert foreign(**{key: {"a": 1}}) == []


def test_fields_of_the_message_that_a_block_opens_are_told():
    head = {"type": "message", "role": "user", "id": "1", "status": None, "phase": "x", "more": 1}
    for fields in (
        {"$item": head},
        {"$form": {"message": {"count": 2, "content": "parts", **head}}},
    ):
        extensions = {"theirs": fields, "own": fields}
        assert list(foreign_message_fields(extensions, dialect="own")) == [("more", 1)]
    for fields in ({"$item": None}, {"$form": {"data": "base64"}}, {"more": 1}):
        assert list(foreign_message_fields({"theirs": fields}, dialect="own")) == []
