import json

from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from lunaroute_core.answer_stages import ClientTool, ToolRestoration
from lunaroute_core.model import (
    ArgumentsDelta,
    BlockEnd,
    BlockStart,
    Candidate,
    NormalizedResponse,
    StreamPing,
    TextBlock,
    ToolCallBlock,
)

TOOLS = {
    "short": ClientTool(name="a.very.long.name"),
    "space__tool": ClientTool(name="tool", namespace="space"),
    "patch": ClientTool(name="patch", free_form=True),
}


def call(name, raw="{}", **fields):
    return ToolCallBlock(id="c", name=name, raw_arguments=raw, **fields)


def restored(*blocks):
    whole = NormalizedResponse(id="r", model="m", blocks=list(blocks))
    return ToolRestoration(tools=TOOLS).response(whole).blocks


def streamed(*events):
    stage = ToolRestoration(tools=TOOLS)
    return [out for event in events for out in stage.events(event)]


def test_names_are_the_clients_again():
    """A client has no tool of the name that the upstream was given."""
    other, text = call("other"), TextBlock(text="short")
    assert restored(call("short"), other, text) == [call("a.very.long.name"), other, text]


def test_namespaces_come_back():
    """A call names its namespace beside the tool."""
    assert restored(call("space__tool")) == [call("tool", namespace="space")]


def test_free_text_comes_out_of_its_wrapping():
    """A free-form tool is called with text, not with JSON."""
    (block,) = restored(call("patch", '{"input": "*** Begin"}', arguments={"input": "*** Begin"}))
    assert block == call("patch", "*** Begin", tool_kind="custom", arguments=UNSET)


def test_what_a_free_form_tool_was_natively_called_with_stays():
    """An upstream may know free-form tools after all."""
    native = call("patch", '{"input": 1}', tool_kind="custom")
    assert restored(native) == [native]


def test_further_choices_too():
    """Each choice of an answer may hold calls."""
    whole = NormalizedResponse(
        id="r", model="m", alternatives=[Candidate(index=1, blocks=[call("short")])]
    )
    (other,) = ToolRestoration(tools=TOOLS).response(whole).alternatives
    assert other.blocks == [call("a.very.long.name")]


@given(text=st.text(st.characters(exclude_categories=["Cs"])), size=st.integers(1, 9))
def test_a_stream_comes_out_as_the_whole_answer_does(text, size):
    """Free text is unwrapped while it is written."""
    wrapped = json.dumps({"input": text})
    pieces = [wrapped[at : at + size] for at in range(0, len(wrapped), size)]
    events = streamed(
        BlockStart(index=3, block=call("patch", "")),
        *(ArgumentsDelta(index=3, fragment=piece) for piece in pieces),
        BlockEnd(index=3),
    )
    assert events[0] == BlockStart(index=3, block=call("patch", "", tool_kind="custom"))
    assert "".join(event.fragment for event in events[1:-1]) == text
    assert events[-1] == BlockEnd(index=3)


def test_calls_that_are_written_at_once_are_kept_apart():
    """Each has its own place in its own text."""
    events = streamed(
        BlockStart(index=0, block=call("patch", "")),
        BlockStart(index=1, block=call("short", "")),
        ArgumentsDelta(index=0, fragment='{"input": "o'),
        ArgumentsDelta(index=1, fragment='{"a"'),
        ArgumentsDelta(index=0, fragment='ne"}'),
    )
    assert events[1] == BlockStart(index=1, block=call("a.very.long.name", ""))
    said = [(event.index, event.fragment) for event in events[2:]]
    assert said == [(0, "o"), (1, '{"a"'), (0, "ne")]


def test_a_call_that_comes_whole_with_its_start():
    """Some upstreams give the arguments at once, or repeat them at the end."""
    whole = call("patch", '{"input": "all"}')
    start, end = streamed(BlockStart(index=0, block=whole), BlockEnd(index=0, block=whole))
    expected = call("patch", "all", tool_kind="custom", arguments=UNSET)
    assert (start.block, end.block) == (expected, expected)


def test_other_events_pass():
    """Nothing else is touched."""
    assert streamed(StreamPing()) == [StreamPing()]
