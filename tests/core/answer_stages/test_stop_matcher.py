from hypothesis import example, given
from hypothesis import strategies as st

from lunaroute_core.answer_stages import StopMatcher
from lunaroute_core.model import (
    BlockEnd,
    BlockStart,
    Finish,
    FinishReason,
    NormalizedResponse,
    ReasoningBlock,
    StreamEnd,
    StreamFinish,
    StreamStart,
    TextBlock,
    TextDelta,
    ToolCallBlock,
    UsageUpdate,
)

LETTERS = st.text(st.sampled_from("abc"), max_size=12)
SEQUENCES = st.lists(
    st.text(st.sampled_from("abc"), min_size=1, max_size=4), min_size=1, max_size=3
)
STOPPED = Finish(reason=FinishReason.STOP)


def answer(*blocks):
    return NormalizedResponse(id="r", model="m", blocks=list(blocks), finish=STOPPED)


def streamed(matcher, *pieces):
    """The events of an answer of one text, until the stage ends it."""
    events = [BlockStart(index=0, block=TextBlock(text=""))]
    events += [TextDelta(index=0, text=piece) for piece in pieces]
    events += [BlockEnd(index=0), StreamFinish(finish=STOPPED), StreamEnd()]
    out = []
    for event in events:
        for changed in matcher.events(event):
            out.append(changed)
            if isinstance(changed, StreamEnd):
                return out
    return out


def text_of(events):
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def finish_of(events):
    return next(event.finish for event in events if isinstance(event, StreamFinish))


def test_the_answer_ends_before_the_sequence():
    """What follows a stop sequence, calls too, was not asked for."""
    call = ToolCallBlock(id="c", name="f")
    whole = StopMatcher(["END"]).response(answer(TextBlock(text="one END two"), call))
    assert whole.blocks == [TextBlock(text="one ")]
    assert whole.finish == Finish(reason=FinishReason.STOP_SEQUENCE, stop_sequence="END")


def test_without_a_match_nothing_changes():
    """Other answers keep their finish."""
    whole = answer(TextBlock(text="EN"), ToolCallBlock(id="c", name="f"))
    assert StopMatcher(["END"]).response(whole) == whole


def test_only_text_counts():
    """Thoughts and arguments are not what a stop sequence is looked for in."""
    whole = answer(
        ReasoningBlock(parts=["END"]), ToolCallBlock(id="c", name="f", raw_arguments='"END"')
    )
    assert StopMatcher(["END"]).response(whole) == whole


@given(text=LETTERS, cuts=st.lists(st.integers(0, 12)), sequences=SEQUENCES)
@example(text="abcab", cuts=[2], sequences=["abcabc", "b"])
def test_a_stream_comes_out_as_the_whole_answer_does(text, cuts, sequences):
    """Wherever the stream is cut, the same text and the same finish."""
    places = sorted({min(cut, len(text)) for cut in cuts})
    pieces = [text[a:b] for a, b in zip([0, *places], [*places, len(text)], strict=True)]
    events = streamed(StopMatcher(sequences), *pieces)
    whole = StopMatcher(sequences).response(answer(TextBlock(text=text)))
    assert text_of(events) == "".join(block.text for block in whole.blocks)
    assert finish_of(events) == whole.finish
    opened = [event.index for event in events if isinstance(event, BlockStart)]
    assert opened == [event.index for event in events if isinstance(event, BlockEnd)]
    assert isinstance(events[-1], StreamEnd)
    assert len(opened) == len(whole.blocks)


@given(text=LETTERS, sequences=SEQUENCES)
def test_the_sequence_that_is_complete_first_counts(text, sequences):
    """As a model that stops by itself never writes on to a longer one."""
    whole = StopMatcher(sequences).response(answer(TextBlock(text=text)))
    first = next((n for n in range(len(text) + 1) if text[:n].endswith(tuple(sequences))), None)
    if first is None:
        assert whole.finish == STOPPED
        return
    assert whole.finish is not None
    said = "".join(block.text for block in whole.blocks)
    assert said + str(whole.finish.stop_sequence) == text[:first]


def test_text_that_cannot_begin_a_sequence_is_not_held_back():
    """Clients see text as it comes."""
    matcher = StopMatcher(["END"])
    list(matcher.events(BlockStart(index=0, block=TextBlock(text=""))))
    shown = [text_of(matcher.events(TextDelta(index=0, text=it))) for it in ("ab E", "N", "x", "E")]
    assert shown == ["ab ", "", "ENx", ""]


def test_what_was_used_up_to_the_match_is_an_estimate():
    """The upstream's own count comes after the place where it is left."""
    events = streamed(StopMatcher(["END"]), *"some words of text END and more")
    usage = next(event.usage for event in events if isinstance(event, UsageUpdate))
    assert usage.estimated
    assert usage.output_tokens == 4


def test_other_events_pass():
    """The start, and blocks that hold no text."""
    start = StreamStart(id="r", model="m")
    assert list(StopMatcher(["x"]).events(start)) == [start]


def test_blocks_that_are_open_are_closed_at_a_match():
    """Streams stay well-formed."""
    matcher = StopMatcher(["END"])
    list(matcher.events(BlockStart(index=0, block=ToolCallBlock(id="c", name="f"))))
    list(matcher.events(BlockStart(index=1, block=TextBlock(text="hi END"))))
    again = StopMatcher(["END"])
    events = list(again.events(BlockStart(index=0, block=ToolCallBlock(id="c", name="f"))))
    events += again.events(BlockStart(index=1, block=TextBlock(text="hi END")))
    assert [event.index for event in events if isinstance(event, BlockEnd)] == [0, 1]


def test_tokens_behind_the_stop_sequence_are_not_told():
    tokens = [{"token": text, "logprob": -1.0} for text in ("hi", " th", "ere", "STOP")]
    text = TextBlock(text="hi thereSTOP", logprobs=tokens)
    answer = NormalizedResponse(id="a", model="m", blocks=[text], finish=STOPPED)
    (whole,) = StopMatcher(["STOP"]).response(answer).blocks
    assert whole.logprobs == tokens[:3]
    stage = StopMatcher(["STOP"])
    events = [BlockStart(index=0, block=TextBlock(text=""))]
    events += [TextDelta(index=0, text=it["token"], logprobs=[it]) for it in tokens]
    written = [it for event in events for it in stage.events(event) if isinstance(it, TextDelta)]
    assert [token for it in written for token in it.logprobs] == tokens[:3]


def test_tokens_of_a_text_that_is_held_back_are_told_with_it():
    tokens = [{"token": "ST", "logprob": -1.0}]
    stage = StopMatcher(["STOP"])
    events = [
        BlockStart(index=0, block=TextBlock(text="")),
        TextDelta(index=0, text="ST", logprobs=tokens),
        BlockEnd(index=0),
    ]
    written = [it for event in events for it in stage.events(event)]
    assert TextDelta(index=0, text="ST", logprobs=tokens) in written
