from lunaroute_core.model import (
    ArgumentsDelta,
    BlockEnd,
    BlockStart,
    FinishReason,
    NormalizedResponse,
    OpaqueSet,
    ReasoningBlock,
    ReasoningDelta,
    StreamStart,
    TextBlock,
    TextDelta,
    ToolCallBlock,
)
from lunaroute_core.testing import stream_events, text_response, tool_call_response


def test_a_text_answer_is_finished_and_has_usage():
    answer = text_response("hi", model="m")
    assert answer.blocks == [TextBlock(text="hi")]
    assert answer.model == "m"
    assert answer.finish.reason is FinishReason.STOP
    assert answer.usage.total_tokens == 8


def test_a_tool_call_has_its_arguments_as_text_and_as_value():
    answer = tool_call_response("find", '{"a": 1}', model="m")
    assert answer.blocks == [
        ToolCallBlock(id="call-1", name="find", raw_arguments='{"a": 1}', arguments={"a": 1})
    ]
    assert answer.finish.reason is FinishReason.TOOL_CALLS


def test_text_streams_in_two_deltas():
    events = stream_events(text_response("hello"))
    assert events[1:5] == [
        BlockStart(index=0, block=TextBlock(text="")),
        TextDelta(index=0, text="he"),
        TextDelta(index=0, text="llo"),
        BlockEnd(index=0),
    ]


def test_arguments_stream_as_fragments_that_join_to_the_raw_text():
    events = stream_events(tool_call_response(raw_arguments='{"a": 1}'))
    assert events[1] == BlockStart(index=0, block=ToolCallBlock(id="call-1", name="lookup"))
    fragments = [event.fragment for event in events if isinstance(event, ArgumentsDelta)]
    assert "".join(fragments) == '{"a": 1}'


def test_reasoning_streams_by_part_and_then_its_signature():
    block = ReasoningBlock(parts=["one", "two"], opaque="signed")
    events = stream_events(NormalizedResponse(id="a", model="m", blocks=[block]))
    assert events[0] == StreamStart(id="a", model="m")
    assert events[1:5] == [
        BlockStart(index=0, block=ReasoningBlock()),
        ReasoningDelta(index=0, text="one", part=0),
        ReasoningDelta(index=0, text="two", part=1),
        OpaqueSet(index=0, opaque="signed"),
    ]
