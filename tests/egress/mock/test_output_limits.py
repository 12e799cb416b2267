"""Where an answer is ended, and what it says of its end."""

import pytest
from msgspec import UNSET

from lunaroute_core.model import (
    Finish,
    FinishReason,
    Limits,
    NormalizedRequest,
    ReasoningBlock,
    RequestSource,
    Sampling,
    TextBlock,
    ToolCallBlock,
)
from lunaroute_egress.mock.answers import Answer
from lunaroute_egress.mock.output_limits import limited

STOP = Finish(reason=FinishReason.STOP)


def request(*, stop=None, tokens=None):
    return NormalizedRequest(
        model="m",
        source=RequestSource(dialect="openai_chat"),
        sampling=Sampling(stop=stop),
        limits=Limits(max_output_tokens=tokens),
    )


@pytest.mark.parametrize("asked", [request(), request(stop=["zzz", ""]), request(tokens=3)])
def test_an_answer_within_its_limits_stays_as_it_is(asked):
    answer = Answer([TextBlock(text="one two thr")], STOP)
    assert limited(answer, asked) == answer


def test_the_earliest_stop_sequence_ends_the_answer_and_is_left_out():
    answer = Answer([TextBlock(text="one two three"), TextBlock(text="four")], STOP)
    ended = limited(answer, request(stop=["three", "two"]))
    assert ended.blocks == [TextBlock(text="one ")]
    assert ended.finish == Finish(reason=FinishReason.STOP_SEQUENCE, stop_sequence="two")


def test_a_stop_sequence_does_not_end_thinking():
    answer = Answer([ReasoningBlock(parts=["a stop b"]), TextBlock(text="done")], STOP)
    assert limited(answer, request(stop=["stop"])) == answer


def test_tokens_run_out_within_a_text():
    ended = limited(Answer([TextBlock(text="one two three")], STOP), request(tokens=2))
    assert ended.blocks == [TextBlock(text="one two ")]
    assert ended.finish.reason is FinishReason.LENGTH


def test_thinking_uses_tokens_and_loses_its_signature_when_cut():
    answer = Answer([ReasoningBlock(parts=["12345678"], opaque="s"), TextBlock(text="x")], STOP)
    assert limited(answer, request(tokens=2)).blocks == [answer.blocks[0]]
    assert limited(answer, request(tokens=1)).blocks == [ReasoningBlock(parts=["1234"])]


def test_cut_arguments_do_not_parse():
    call = ToolCallBlock(id="c", name="t", raw_arguments='{"a":1}', arguments={"a": 1})
    (cut,) = limited(Answer([call], STOP), request(tokens=1)).blocks
    assert cut.raw_arguments == '{"a"'
    assert cut.arguments is UNSET


def test_no_tokens_at_all_leave_nothing():
    ended = limited(Answer([TextBlock(text="one")], STOP), request(tokens=0))
    assert (ended.blocks, ended.finish.reason) == ([], FinishReason.LENGTH)
