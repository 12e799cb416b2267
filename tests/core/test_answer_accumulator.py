"""A streamed answer is, put together, the answer."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lunaroute_core.answer_accumulator import AnswerAccumulator, BlockAccumulator
from lunaroute_core.dialects.registry import DIALECTS
from lunaroute_core.model import (
    BlockEnd,
    BlockStart,
    CacheWrites,
    Citation,
    CitationAdd,
    Finish,
    FinishReason,
    HostedCallBlock,
    NormalizedResponse,
    OpaqueSet,
    Origin,
    ReasoningBlock,
    ReasoningDelta,
    RefusalBlock,
    StreamFinish,
    StreamOptions,
    StreamPing,
    StreamStart,
    TextBlock,
    TextDelta,
    ToolCallBlock,
    Usage,
    UsageUpdate,
)
from lunaroute_core.testing import chat_request, stream_events, text_response

STOP = Finish(reason=FinishReason.STOP)
TEXTS = st.text(max_size=9)
ARGUMENTS = st.dictionaries(TEXTS, st.integers(0, 9) | TEXTS, max_size=3)


def called(number, value, custom):
    raw = "some text" if custom else msgspec.json.encode(value).decode()
    return ToolCallBlock(
        id=f"call_{number}",
        name="f",
        tool_kind="custom" if custom else "function",
        raw_arguments=raw,
        arguments=msgspec.UNSET if custom else value,
    )


ORIGIN = Origin(dialect="d", model="m")
BLOCKS = st.one_of(
    st.builds(TextBlock, text=TEXTS),
    st.builds(RefusalBlock, text=TEXTS),
    st.builds(called, st.integers(0, 99), ARGUMENTS, st.booleans()),
    st.builds(
        ReasoningBlock,
        parts=st.lists(TEXTS, max_size=3),
        opaque=st.none() | TEXTS,
        origin=st.just(ORIGIN),
        item_id=st.none() | TEXTS,
    ),
    st.builds(ReasoningBlock, variant=st.just("redacted"), opaque=TEXTS),
    st.builds(HostedCallBlock, dialect=st.just("d"), type=TEXTS, raw=st.dictionaries(TEXTS, TEXTS)),
)
ANSWERS = st.builds(
    NormalizedResponse,
    id=TEXTS,
    model=TEXTS,
    blocks=st.lists(BLOCKS, max_size=5),
    finish=st.just(STOP),
    usage=st.none() | st.builds(Usage, input_tokens=st.integers(0, 9)),
    created=st.none() | st.integers(0, 9),
)


def accumulated(events):
    answer = AnswerAccumulator()
    for event in events:
        answer.add(event)
    return answer.response


@given(ANSWERS)
def test_a_streamed_answer_is_the_answer(answer):
    assert accumulated(stream_events(answer)) == answer


SOME = st.text(min_size=1, max_size=9)
WIRE_BLOCKS = st.tuples(
    st.lists(
        st.builds(
            ReasoningBlock,
            parts=st.lists(SOME, min_size=1, max_size=2),
            opaque=st.text("abc=", min_size=1, max_size=9),
        ),
        max_size=2,
    ),
    st.lists(st.builds(TextBlock, text=SOME), max_size=1),
    st.lists(
        st.builds(called, st.integers(0, 99), ARGUMENTS, st.just(False)),
        max_size=2,
        unique_by=lambda call: call.id,
    ),
).map(lambda kinds: [block for kind in kinds for block in kind])
"""In the order of Chat, which has no other."""


@pytest.mark.parametrize("name", [*DIALECTS])
@settings(deadline=None, max_examples=50)
@given(blocks=WIRE_BLOCKS)
def test_a_wire_stream_gives_what_the_whole_wire_answer_gives(name, blocks):
    """Through the dialect's own writers and readers, for whoever records either."""
    dialect = DIALECTS[name]
    request = chat_request(dialect=name, stream=True).normalized
    request.stream = StreamOptions(enabled=True, include_usage=True)
    answer = msgspec.structs.replace(text_response(), blocks=blocks)
    whole = dialect.responses.decode(dialect.responses.encode(answer, request=request))
    encoder, decoder = dialect.streams.encoder(request=request), dialect.streams.decoder()
    wire = b"".join(encoder.encode(event) for event in stream_events(answer))
    streamed = accumulated([*decoder.decode(wire), *decoder.end()])
    assert streamed.blocks == whole.blocks
    assert (streamed.id, streamed.model, streamed.usage) == (whole.id, whole.model, whole.usage)
    assert streamed.finish == whole.finish


def test_counts_that_are_not_said_again_keep_their_value():
    start = StreamStart(id="a", model="m", usage=Usage(input_tokens=5, output_tokens=1))
    writes = CacheWrites(m5=2)
    update = UsageUpdate(usage=Usage(output_tokens=7, cache_writes=writes))
    assert accumulated([start, update]).usage == Usage(
        input_tokens=5, output_tokens=7, cache_writes=writes
    )


def test_extensions_of_start_and_finish_are_one():
    events = [
        StreamStart(id="a", model="m", stored=True, extensions={"d": {"a": 1, "b": 1}}),
        StreamFinish(finish=STOP, extensions={"d": {"b": 2}, "e": {"c": 3}}),
    ]
    answer = accumulated(events)
    assert answer.extensions == {"d": {"a": 1, "b": 2}, "e": {"c": 3}}
    assert answer.stored is True


def test_an_answer_can_be_looked_at_before_it_is_whole():
    events = [
        StreamStart(id="a", model="m"),
        BlockStart(index=0, block=ToolCallBlock(id="c", name="f", raw_arguments='{"a"')),
        BlockStart(index=1, block=TextBlock(text="so ")),
        TextDelta(index=1, text="far"),
        StreamPing(),
    ]
    answer = accumulated(events)
    assert answer.finish is None
    assert answer.blocks == [
        ToolCallBlock(id="c", name="f", raw_arguments='{"a"'),
        TextBlock(text="so far"),
    ]


def test_events_of_a_block_that_never_began_are_none():
    assert accumulated([TextDelta(index=3, text="x"), BlockEnd(index=3)]).blocks == []


def test_citations_are_added_to_their_text():
    cited = Citation(dialect="d", raw={"n": 1})
    block = BlockAccumulator(TextBlock(text=""))
    block.add(TextDelta(index=0, text="x"))
    block.add(CitationAdd(index=0, citation=cited))
    assert block.block() == TextBlock(text="x", citations=[cited])


def test_what_is_told_of_tokens_is_added_to_their_text():
    block = BlockAccumulator(TextBlock(text=""))
    block.add(TextDelta(index=0, text="x", logprobs=[{"token": "x"}]))
    block.add(TextDelta(index=0, text="y", logprobs=[{"token": "y"}]))
    assert block.block().logprobs == [{"token": "x"}, {"token": "y"}]


def test_the_final_form_is_the_block():
    block = BlockAccumulator(TextBlock(text=""))
    block.add(TextDelta(index=0, text="x"))
    assert block.block(TextBlock(text="y")) == TextBlock(text="y")


def test_final_reasoning_keeps_what_was_said_before_it():
    block = BlockAccumulator(ReasoningBlock(origin=ORIGIN, item_id="rs_1"))
    block.add(ReasoningDelta(index=0, part=1, text="b"))
    block.add(OpaqueSet(index=0, opaque="old"))
    block.add(OpaqueSet(index=0, opaque="sig"))
    expected = ReasoningBlock(parts=["", "b"], opaque="sig", origin=ORIGIN, item_id="rs_1")
    assert block.block() == expected
    final = ReasoningBlock(variant="signature_only")
    assert block.block(final) == ReasoningBlock(
        variant="signature_only", opaque="sig", origin=ORIGIN, item_id="rs_1"
    )
