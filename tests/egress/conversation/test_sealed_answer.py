import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lunaroute_core.answer_accumulator import AnswerAccumulator
from lunaroute_core.answer_stages import staged_events, staged_response
from lunaroute_core.model import (
    BlockEnd,
    BlockStart,
    Candidate,
    OpaqueSet,
    Origin,
    ReasoningBlock,
    ReasoningDelta,
    TextBlock,
    ToolCallBlock,
)
from lunaroute_core.testing import check_events, stream_events, text_response
from lunaroute_egress.conversation import ReasoningSeal
from lunaroute_egress.conversation.sealed_answer import SealedAnswer

SEAL = ReasoningSeal(b"secret")
ORIGIN = Origin(dialect="d", vendor="v", account="a", model="m")
TEXTS = st.text(max_size=9)
BLOCKS = st.lists(
    st.one_of(
        st.builds(TextBlock, text=TEXTS),
        st.builds(ToolCallBlock, id=TEXTS, name=TEXTS),
        st.builds(
            ReasoningBlock,
            parts=st.lists(TEXTS, max_size=3),
            opaque=st.none() | TEXTS,
            origin=st.just(Origin(dialect="d")),
            item_id=st.none() | TEXTS,
        ),
        st.builds(ReasoningBlock, variant=st.just("redacted"), opaque=TEXTS),
        st.builds(ReasoningBlock, variant=st.just("signature_only"), opaque=TEXTS),
    ),
    max_size=4,
)


def staged(events):
    stage = SealedAnswer(seal=SEAL, origin=ORIGIN)
    return [changed for event in events for changed in staged_events(event, [stage])]


@given(BLOCKS)
def test_a_streamed_answer_is_sealed_as_the_whole_one_is(blocks):
    answer = msgspec.structs.replace(text_response(), blocks=blocks)
    whole = staged_response(answer, [SealedAnswer(seal=SEAL, origin=ORIGIN)])
    events = staged(stream_events(answer))
    check_events(events)
    accumulator = AnswerAccumulator()
    for event in events:
        accumulator.add(event)
    assert [it for it in accumulator.response.blocks if not isinstance(it, ToolCallBlock)] == [
        it for it in whole.blocks if not isinstance(it, ToolCallBlock)
    ]


def test_all_but_reasoning_stays():
    answer = text_response()
    assert staged_response(answer, [SealedAnswer(seal=SEAL, origin=ORIGIN)]) == answer
    assert staged(stream_events(answer)) == stream_events(answer)


def test_every_alternative_is_sealed():
    block = ReasoningBlock(opaque="sig")
    answer = text_response()
    answer.alternatives = [Candidate(index=1, blocks=[block])]
    sealed = SealedAnswer(seal=SEAL, origin=ORIGIN).response(answer)
    assert sealed.alternatives[0].blocks == [SEAL.sealed(block, ORIGIN)]
    assert answer.alternatives[0].blocks == [block]


def test_text_goes_on_at_once_and_the_last_signature_is_sealed():
    opened = ReasoningBlock(origin=Origin(dialect="d"))
    stage = SealedAnswer(seal=SEAL, origin=ORIGIN)
    delta = ReasoningDelta(index=2, text="Hm.")
    assert [*stage.events(BlockStart(index=2, block=opened))] == [
        BlockStart(index=2, block=ReasoningBlock())
    ]
    assert [*stage.events(delta)] == [delta]
    assert [*stage.events(OpaqueSet(index=2, opaque="old"))] == []
    assert [*stage.events(OpaqueSet(index=2, opaque="sig"))] == []
    sign, end = stage.events(BlockEnd(index=2))
    assert SEAL.opened(sign.opaque).block == ReasoningBlock(parts=["Hm."], opaque="sig")
    assert end == BlockEnd(index=2)


@pytest.mark.parametrize("repeats", [True, False])
def test_a_final_form_is_sealed_too(repeats):
    final = ReasoningBlock(variant="signature_only", opaque="sig" if repeats else None)
    events = staged(
        [
            BlockStart(index=0, block=ReasoningBlock()),
            OpaqueSet(index=0, opaque="sig"),
            BlockEnd(index=0, block=final),
        ]
    )
    sealed = SEAL.sealed(ReasoningBlock(variant="signature_only", opaque="sig"), ORIGIN)
    assert events[1:] == [
        OpaqueSet(index=0, opaque=sealed.opaque),
        BlockEnd(index=0, block=sealed),
    ]
