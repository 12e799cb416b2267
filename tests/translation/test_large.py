"""Ten megabytes in one piece are read and written like anything else."""

import itertools
import json

import msgspec
import pytest

from lunaroute_core.dialects.registry import DIALECTS

TEXT = "0123456789abcdef" * (10 * 1024 * 1024 // 16)
EVERY_PAIR = pytest.mark.parametrize(
    ("client", "upstream"), list(itertools.permutations(DIALECTS, 2))
)


@EVERY_PAIR
def test_a_request(translate, client, upstream):
    """The text arrives whole, and once."""
    turns = [{"role": "user", "content": TEXT}]
    body = {"input": turns} if client == "openai_responses" else {"messages": turns}
    if client == "anthropic_messages":
        body["max_tokens"] = 9
    assert translate(client, upstream, body).raw.count(TEXT.encode()) == 1


@EVERY_PAIR
def test_a_whole_answer(vendors, answered, client, upstream):
    """A call's arguments, too."""
    arguments = json.dumps({"text": TEXT})
    calls = [("call_1", "f", arguments)]
    whole = vendors.whole(upstream, text="so", calls=calls, finish="tool_calls")
    answer = msgspec.json.encode(answered(upstream, client, whole))
    assert answer.count(TEXT.encode()) == 1


@EVERY_PAIR
def test_an_event_of_a_stream(vendors, streamed, client, upstream):
    """However little of it arrives at once."""
    events = vendors.stream(upstream, text=TEXT, cuts=[len(TEXT)])
    answer = streamed(upstream, client, events, cut=64 * 1024).answer
    assert TEXT in json.dumps(answer)
