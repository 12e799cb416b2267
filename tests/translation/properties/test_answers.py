"""Answers of everything that the SDKs' types allow, whole and streamed, to every client."""

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from .examples import checked
from .said import MARK, differences, everything, spoken, token_counts
from .sdk_answers import answers
from .sdk_requests import A, C, R

EVERY_DIALECT = pytest.mark.parametrize("dialect", [C, R, A])
PAIRS = [*itertools.permutations([C, R, A], 2)]
EVERY_PAIR = pytest.mark.parametrize(("client", "upstream"), PAIRS)


TIMES = {"created", "created_at", "completed_at"}
"""When an answer was made and finished, which not all dialects say."""
NOTHING = (None, "", [], {})


def said(value):
    """An answer without what says nothing."""
    if isinstance(value, list):
        return [said(it) for it in value]
    if not isinstance(value, dict):
        return value
    fields = {key: said(it) for key, it in value.items() if key not in TIMES}
    return {key: it for key, it in fields.items() if it not in NOTHING}


def comparable(client, answer):
    """What a stream and a whole answer have in common: Chat's accumulator numbers calls, and has
    no place for a choice's further fields; Anthropic's knows how long tokens are cached only from
    a stream's start, where other upstreams do not say it yet. Anthropic streams arguments as a
    text, of which a whole answer has only the value.
    """
    answer = with_values(said(answer))
    if client == C:
        for choice in answer["choices"]:
            choice.pop("native_finish_reason", None)
            for call in choice["message"].get("tool_calls", ()):
                call.pop("index", None)
    if client == A:
        answer.get("usage", {}).pop("cache_creation", None)
    return answer


def with_values(value):
    """Arguments as what they are, however they are spelt."""
    if isinstance(value, list):
        return [with_values(it) for it in value]
    if not isinstance(value, dict):
        return value
    return {
        key: json.loads(it) if key == "arguments" and it else with_values(it)
        for key, it in value.items()
    }


def lost(before, after):
    """The paths of what an answer said, and does not say any more, or says otherwise."""
    return [
        path for path in differences(said(before), said(after)) if not path_is_new(path, before)
    ]


def path_is_new(path, before):
    value = before
    for key in path.replace("[", ".[").split("."):
        try:
            value = value[int(key[1:-1])] if key.startswith("[") else value[key]
        except (KeyError, IndexError, TypeError):
            return True
    return value in NOTHING


# --- in the same dialect --------------------------------------------------------------------------


@EVERY_DIALECT
@checked(300)
@given(data=st.data())
def test_an_answer_is_written_as_it_came(answered, dialect, data):
    answer = data.draw(answers(dialect)).whole
    assert lost(answer, answered(dialect, dialect, answer)) == []


@EVERY_DIALECT
@checked(200)
@given(data=st.data())
def test_a_stream_is_for_its_sdk_what_it_was(accumulate, frames, streamed, dialect, data):
    events = data.draw(answers(dialect)).events
    before = accumulate(dialect, frames(events))
    after = streamed(dialect, dialect, events).answer
    assert lost(before, after) == []


# --- to clients of other dialects -----------------------------------------------------------------


@EVERY_PAIR
@checked(200)
@given(data=st.data())
def test_a_stream_accumulates_to_what_the_whole_answer_is(
    answered, streamed, client, upstream, data
):
    answer = data.draw(answers(upstream))
    whole = answered(upstream, client, answer.whole)
    stream = streamed(upstream, client, answer.events).answer
    assert [*differences(comparable(client, stream), comparable(client, whole))] == []


@EVERY_PAIR
@checked(200)
@given(data=st.data())
def test_nothing_that_was_said_is_lost(answered, client, upstream, data):
    """Nor counted anew. What the vendor's own tools did is no other dialect's business."""
    answer = data.draw(answers(upstream)).whole
    got = answered(upstream, client, answer)
    told = everything(got)
    assert [text for _, text in spoken(upstream, answer) if text not in told] == []
    assert token_counts(got["usage"]) == token_counts(answer["usage"])


@EVERY_PAIR
@checked(100)
@given(data=st.data())
def test_an_answer_is_always_written_the_same(answered, streamed, client, upstream, data):
    """But for when it was made, where the upstream does not say so."""
    answer = data.draw(answers(upstream))
    wholes = [answered(upstream, client, answer.whole) for _ in range(2)]
    assert said(wholes[0]) == said(wholes[1])
    streams = [streamed(upstream, client, answer.events).answer for _ in range(2)]
    assert said(streams[0]) == said(streams[1])


@EVERY_PAIR
@checked(100)
@given(data=st.data())
def test_thoughts_texts_and_calls_stay_in_order(answered, client, upstream, data):
    """Chat has no order of thoughts, texts, refusals and calls among each other."""
    answer = data.draw(answers(upstream)).whole
    before = spoken(upstream, answer)
    after = spoken(client, answered(upstream, client, answer))
    alike = [("text", "refusal", "call")] if C not in (client, upstream) else KINDS[client]
    for kinds in alike:
        assert marks(after, kinds) == marks(before, kinds)


KINDS = {
    C: [("text",), ("refusal",), ("call",)],
    R: [("text",), ("refusal",), ("call",)],
    A: [("text", "refusal"), ("call",)],  # whose texts hold the words of a refusal
}


def marks(pieces, kinds):
    return MARK.findall(" ".join(text for kind, text in pieces if kind in kinds))
