import pytest

from lunaroute_core.model import (
    BlockEnd,
    BlockStart,
    Finish,
    FinishReason,
    NormalizedResponse,
    OpaqueBlock,
    ReasoningBlock,
    RefusalBlock,
    StreamEnd,
    StreamError,
    StreamFinish,
    StreamPing,
    StreamStart,
    TextBlock,
    TextDelta,
    ToolCallBlock,
    Usage,
    UsageUpdate,
)
from lunaroute_core.testing import (
    EventGrammarError,
    check_events,
    stream_events,
    text_response,
    tool_call_response,
)

START = StreamStart(id="a", model="m")
OPEN = BlockStart(index=0, block=TextBlock(text=""))
DELTA = TextDelta(index=0, text="a")
CLOSE = BlockEnd(index=0)
FINISH = StreamFinish(finish=Finish(reason=FinishReason.STOP))
END = StreamEnd()
ERROR = StreamError(kind="server", message="")
PING = StreamPing()


@pytest.mark.parametrize(
    "events",
    [
        [START, FINISH, END],
        [START, OPEN, DELTA, CLOSE, UsageUpdate(usage=Usage()), FINISH, END],
        [PING, START, PING, FINISH, PING, END],
        [ERROR],
        [START, OPEN, ERROR],
        [
            START,
            OPEN,
            BlockStart(index=7, block=TextBlock(text="")),
            DELTA,
            BlockEnd(index=7),
            CLOSE,
            FINISH,
            END,
        ],
    ],
)
def test_a_stream_as_the_grammar_has_it(events):
    check_events(events)


@pytest.mark.parametrize(
    "answer",
    [
        text_response(),
        text_response(""),
        tool_call_response(raw_arguments='{"a":1}'),
        NormalizedResponse(
            id="a",
            model="m",
            blocks=[
                ReasoningBlock(parts=["one", "two"], opaque="signature"),
                ReasoningBlock(variant="redacted", opaque="data"),
                RefusalBlock(text="no"),
                OpaqueBlock(dialect="x", type="y", raw={}),
            ],
        ),
    ],
)
def test_a_sample_answer_streams_as_the_grammar_has_it(answer):
    check_events(stream_events(answer))


@pytest.mark.parametrize(
    ("events", "reason"),
    [
        ([], "neither StreamEnd nor StreamError"),
        ([START, FINISH], "neither StreamEnd nor StreamError"),
        ([OPEN], "event 0, BlockStart: the stream has not started"),
        ([START, START], "event 1, StreamStart: the stream has started already"),
        ([START, DELTA], "block 0 is not open"),
        ([START, OPEN, OPEN], "block 0 has been there already"),
        ([START, OPEN, CLOSE, OPEN], "block 0 has been there already"),
        ([START, OPEN, CLOSE, DELTA], "block 0 is not open"),
        ([START, CLOSE], "block 0 is not open"),
        ([START, OPEN, FINISH], r"blocks \[0\] are still open"),
        ([START, END], "comes before StreamFinish"),
        ([START, FINISH, FINISH], "comes after StreamFinish"),
        ([START, FINISH, UsageUpdate(usage=Usage())], "comes after StreamFinish"),
        ([START, FINISH, END, PING], "the stream has ended"),
        ([ERROR, ERROR], "the stream has ended"),
        (
            [START, BlockStart(index=0, block=ToolCallBlock(id="c", name="n")), DELTA],
            "block 0 is a ToolCallBlock",
        ),
    ],
)
def test_what_is_out_of_place_is_named(events, reason):
    with pytest.raises(EventGrammarError, match=reason):
        check_events(events)
