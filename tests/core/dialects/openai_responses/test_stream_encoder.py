"""Whole streams: they say what `encode` says, and the SDK's accumulator agrees."""

import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lunaroute_core.model import (
    ArgumentsDelta,
    BlockEnd,
    BlockStart,
    CacheWrites,
    Citation,
    CitationAdd,
    CompactionBlock,
    Finish,
    FinishReason,
    FunctionTool,
    HostedCallBlock,
    NormalizedRequest,
    NormalizedResponse,
    OpaqueEvent,
    OpaqueSet,
    Origin,
    ReasoningBlock,
    ReasoningDelta,
    RefusalBlock,
    RefusalDelta,
    RequestSource,
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

REQUEST = NormalizedRequest(
    model="gpt-5",
    source=RequestSource(dialect="openai_responses"),
    tools=[FunctionTool(name="ls", schema={"type": "object", "properties": {}}, strict=True)],
)
STOP = StreamFinish(finish=Finish(reason=FinishReason.STOP))
LENGTH = StreamFinish(finish=Finish(reason=FinishReason.LENGTH))
START = StreamStart(id="resp_1", model="gpt-5", created=1)


@pytest.fixture(scope="session")
def write(streams):
    """The bytes of a stream of events."""

    def written(events):
        encoder = streams.encoder(request=REQUEST)
        return b"".join([encoder.encode(event) for event in events])

    return written


@pytest.fixture(scope="session")
def script(write):
    """A stream as a readable list: the event's short name and what it says."""

    def read(*events):
        lines = []
        for frame in write([START, *events]).decode().strip().split("\n\n"):
            name, _, data = frame.partition("\n")
            event = json.loads(data.removeprefix("data: "))
            assert name == f"event: {event['type']}"
            lines.append((event["type"].removeprefix("response."), event))
        assert [event["sequence_number"] for _, event in lines] == list(range(len(lines)))
        return lines

    return read


def names(lines):
    return [name for name, _ in lines]


def test_text_has_its_full_lifecycle(script):
    lines = script(
        BlockStart(index=0, block=TextBlock(text="")),
        TextDelta(index=0, text="Hel"),
        TextDelta(index=0, text="lo"),
        BlockEnd(index=0),
        UsageUpdate(usage=Usage(input_tokens=3, output_tokens=2)),
        STOP,
        StreamEnd(),
    )
    assert names(lines) == [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]
    added, done, completed = lines[2][1], lines[8][1], lines[9][1]["response"]
    assert added["item"]["status"] == "in_progress"
    assert added["item"]["content"] == []
    assert done["item"]["content"][0]["text"] == "Hello"
    assert completed["output"] == [done["item"]]
    assert completed["status"] == "completed"
    assert completed["usage"]["total_tokens"] == 5


def test_reasoning_text_and_calls_become_items_in_order(script):
    lines = script(
        BlockStart(index=0, block=ReasoningBlock(item_id="rs_7")),
        ReasoningDelta(index=0, text="First"),
        ReasoningDelta(index=0, text="Second", part=1),
        OpaqueSet(index=0, opaque="gAAA"),
        BlockEnd(index=0),
        BlockStart(index=1, block=TextBlock(text="")),
        TextDelta(index=1, text="Looking."),
        BlockEnd(index=1),
        BlockStart(index=2, block=ToolCallBlock(id="call_1", name="ls")),
        ArgumentsDelta(index=2, fragment='{"a"'),
        ArgumentsDelta(index=2, fragment=":1}"),
        BlockEnd(index=2),
        BlockStart(index=3, block=ToolCallBlock(id="call_2", name="patch", tool_kind="custom")),
        ArgumentsDelta(index=3, fragment="*** Begin"),
        BlockEnd(index=3),
        STOP,
    )
    assert names(lines)[2:] == [
        "output_item.added",
        "reasoning_summary_part.added",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.done",
        "reasoning_summary_part.done",
        "reasoning_summary_part.added",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.done",
        "reasoning_summary_part.done",
        "output_item.done",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "output_item.added",
        "function_call_arguments.delta",
        "function_call_arguments.delta",
        "function_call_arguments.done",
        "output_item.done",
        "output_item.added",
        "custom_tool_call_input.delta",
        "custom_tool_call_input.done",
        "output_item.done",
        "completed",
    ]
    items = [event["item"] for name, event in lines if name == "output_item.done"]
    assert [item["type"] for item in items] == [
        "reasoning",
        "message",
        "function_call",
        "custom_tool_call",
    ]
    assert items[0]["encrypted_content"] == "gAAA"
    assert items[2]["arguments"] == '{"a":1}'
    assert items[3]["input"] == "*** Begin"
    assert lines[-1][1]["response"]["output"] == items


def test_the_signature_comes_only_with_the_end_of_its_item(script):
    block = ReasoningBlock(parts=["Hm"], opaque="gAAA")
    lines = script(BlockStart(index=0, block=block), BlockEnd(index=0, block=block), STOP)
    added = next(event for name, event in lines if name == "output_item.added")
    assert "encrypted_content" not in added["item"]
    assert added["item"]["summary"] == []


def test_texts_and_refusals_in_a_row_are_parts_of_one_message(script):
    lines = script(
        BlockStart(index=0, block=TextBlock(text="A")),
        BlockEnd(index=0),
        BlockStart(index=1, block=RefusalBlock(text="")),
        RefusalDelta(index=1, text="No."),
        BlockEnd(index=1),
        STOP,
    )
    items = lines[-1][1]["response"]["output"]
    assert [part["type"] for part in items[0]["content"]] == ["output_text", "refusal"]
    assert names(lines).count("output_item.added") == 1
    refusal = next(event for name, event in lines if name == "refusal.done")
    assert (refusal["refusal"], refusal["content_index"]) == ("No.", 1)


def test_citations_are_announced_and_kept(script):
    citation = Citation(dialect="anthropic_messages", raw={}, url="https://x", title="X")
    lines = script(
        BlockStart(index=0, block=TextBlock(text="")),
        TextDelta(index=0, text="As X says"),
        CitationAdd(index=0, citation=citation),
        BlockEnd(index=0),
        STOP,
    )
    announced = next(event for name, event in lines if name == "output_text.annotation.added")
    annotation = {
        "type": "url_citation",
        "url": "https://x",
        "title": "X",
        "start_index": 0,
        "end_index": 9,
    }
    assert announced["annotation"] == annotation
    part = lines[-1][1]["response"]["output"][0]["content"][0]
    assert part["annotations"] == [annotation]


def test_arguments_known_only_at_the_end_are_one_delta(script):
    call = ToolCallBlock(id="call_1", name="ls")
    final = msgspec.structs.replace(call, raw_arguments="{}")
    lines = script(BlockStart(index=0, block=call), BlockEnd(index=0, block=final), STOP)
    deltas = [event["delta"] for name, event in lines if name == "function_call_arguments.delta"]
    assert deltas == ["{}"]


@pytest.mark.parametrize("written", ["", " "])
def test_a_call_without_arguments_has_an_empty_object(script, written):
    call = ToolCallBlock(id="call_1", name="ls")
    delta = ArgumentsDelta(index=0, fragment=written)
    lines = script(BlockStart(index=0, block=call), delta, BlockEnd(index=0), STOP)
    said = [it["delta"] for name, it in lines if name == "function_call_arguments.delta"]
    assert "".join(said) == written + "{}"
    announced = next(it["item"] for name, it in lines if name == "output_item.added")
    assert announced["arguments"] == ""
    (item,) = lines[-1][1]["response"]["output"]
    assert item["arguments"] == written + "{}"


def test_overlapping_calls_are_written_one_after_the_other(script):
    lines = script(
        BlockStart(index=0, block=ToolCallBlock(id="call_0", name="a")),
        BlockStart(index=1, block=ToolCallBlock(id="call_1", name="b")),
        ArgumentsDelta(index=1, fragment="{1"),
        ArgumentsDelta(index=0, fragment="{0"),
        ArgumentsDelta(index=1, fragment="}"),
        ArgumentsDelta(index=0, fragment="}"),
        BlockEnd(index=1),
        BlockEnd(index=0),
        STOP,
    )
    places = [event["output_index"] for _, event in lines if "output_index" in event]
    assert places == sorted(places)
    arguments = [item["arguments"] for item in lines[-1][1]["response"]["output"]]
    assert arguments == ["{0}", "{1}"]


def test_a_block_left_open_is_closed_with_the_answer(script):
    lines = script(
        BlockStart(index=0, block=TextBlock(text="")), TextDelta(index=0, text="Hel"), LENGTH
    )
    response = lines[-1][1]["response"]
    assert lines[-1][0] == "incomplete"
    assert response["incomplete_details"] == {"reason": "max_output_tokens"}
    assert response["output"][0]["status"] == "incomplete"
    assert response["output"][0]["content"][0]["text"] == "Hel"


def test_only_the_last_item_is_incomplete(script):
    lines = script(
        BlockStart(index=0, block=TextBlock(text="A")),
        BlockEnd(index=0),
        BlockStart(index=1, block=ToolCallBlock(id="c", name="ls", raw_arguments="{")),
        BlockEnd(index=1),
        LENGTH,
    )
    statuses = [item["status"] for item in lines[-1][1]["response"]["output"]]
    assert statuses == ["completed", "incomplete"]


def test_hosted_calls_of_this_dialect_are_whole_items(script):
    raw = {"type": "web_search_call", "id": "ws_1", "status": "completed"}
    ours = HostedCallBlock(dialect="openai_responses", type="web_search_call", raw=raw)
    foreign = HostedCallBlock(dialect="anthropic_messages", type="server_tool_use", raw={"id": "s"})
    lines = script(
        BlockStart(index=0, block=foreign),
        BlockEnd(index=0),
        BlockStart(index=1, block=ours),
        BlockEnd(index=1),
        STOP,
    )
    assert names(lines)[2:] == ["output_item.added", "output_item.done", "completed"]
    assert lines[-1][1]["response"]["output"] == [raw]


def test_an_error_fails_the_response(script):
    lines = script(
        BlockStart(index=0, block=TextBlock(text="Hel")),
        StreamError(kind="rate_limit", message="Slow down"),
    )
    name, event = lines[-1]
    assert name == "failed"
    assert event["response"]["error"] == {"code": "rate_limit_exceeded", "message": "Slow down"}
    assert event["response"]["status"] == "failed"


def test_pings_are_comments_and_foreign_events_nothing(streams):
    encoder = streams.encoder(request=REQUEST)
    assert encoder.encode(StreamPing()) == b": ping\n\n"
    assert encoder.encode(OpaqueEvent(dialect="openai_chat", event="x", raw={})) == b""


def test_unknown_events_of_this_dialect_are_renumbered(script):
    raw = {"type": "response.later", "sequence_number": 99, "x": 1}
    lines = script(OpaqueEvent(dialect="openai_responses", event="response.later", raw=raw), STOP)
    assert lines[2] == ("later", {**raw, "sequence_number": 2})


def test_usage_gathers_what_the_stream_says_of_it(script):
    lines = script(
        UsageUpdate(
            usage=Usage(input_tokens=10, cache_read_tokens=90, cache_writes=CacheWrites(m30=20))
        ),
        UsageUpdate(usage=Usage(output_tokens=5, reasoning_tokens=3)),
        STOP,
    )
    assert lines[-1][1]["response"]["usage"] == {
        "input_tokens": 120,
        "input_tokens_details": {
            "cached_tokens": 90,
            "cache_write_tokens": 20,
            "cache_write_tokens_details": {"ttl_30m_tokens": 20, "ttl_12h_tokens": 0},
        },
        "output_tokens": 5,
        "output_tokens_details": {"reasoning_tokens": 3},
        "total_tokens": 125,
    }


def made(kind, **fields):
    return st.fixed_dictionaries(fields).map(lambda values: kind(**values))


WORDS = st.text(alphabet='ab \n\u2028é"\\', max_size=8)
CITATIONS = st.lists(
    made(
        Citation,
        dialect=st.just("anthropic_messages"),
        raw=st.just({}),
        url=st.none() | st.just("https://x"),
        start=st.none() | st.integers(0, 3),
    ),
    max_size=2,
)
ORIGINS = st.none() | made(
    Origin, dialect=st.sampled_from(["openai_responses", "anthropic_messages"])
)
BLOCKS = st.lists(
    st.one_of(
        made(TextBlock, text=WORDS, citations=CITATIONS),
        made(RefusalBlock, text=WORDS),
        made(
            ToolCallBlock,
            id=st.uuids().map(str),
            name=st.just("ls"),
            tool_kind=st.sampled_from(["function", "custom"]),
            raw_arguments=WORDS,
        ),
        made(
            ReasoningBlock,
            parts=st.lists(WORDS, max_size=3),
            opaque=st.none() | WORDS,
            origin=ORIGINS,
        ),
        st.uuids().map(
            lambda unique: CompactionBlock(
                dialect="openai_responses",
                raw={"type": "compaction", "id": str(unique), "encrypted_content": "g"},
            )
        ),
        st.just(HostedCallBlock(dialect="anthropic_messages", type="server_tool_use", raw={})),
    ),
    max_size=5,
)
USAGES = st.none() | made(
    Usage,
    input_tokens=st.none() | st.integers(0, 99),
    cache_read_tokens=st.none() | st.integers(0, 99),
    cache_writes=st.none() | made(CacheWrites, m5=st.integers(0, 9), h12=st.integers(0, 9)),
    output_tokens=st.none() | st.integers(0, 99),
)
ANSWERS = made(
    NormalizedResponse,
    id=st.sampled_from(["resp_1", "chatcmpl-7", "mock-1"]),
    model=st.just("gpt-5"),
    blocks=BLOCKS,
    finish=st.sampled_from(FinishReason).map(lambda reason: Finish(reason=reason)),
    usage=USAGES,
    created=st.none() | st.just(5),
)


def pieces(draw, text):
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=3)))
    return [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]


def block_events(draw, index, block):
    """A block's events, its text cut anywhere, its final form repeated or not."""
    replace = msgspec.structs.replace
    match block:
        case TextBlock():
            start = replace(block, text="", citations=[])
            deltas = [TextDelta(index=index, text=piece) for piece in pieces(draw, block.text)]
            deltas += [CitationAdd(index=index, citation=found) for found in block.citations]
        case RefusalBlock():
            start = replace(block, text="")
            deltas = [RefusalDelta(index=index, text=piece) for piece in pieces(draw, block.text)]
        case ToolCallBlock():
            start = replace(block, raw_arguments="")
            texts = pieces(draw, block.raw_arguments)
            deltas = [ArgumentsDelta(index=index, fragment=piece) for piece in texts]
        case ReasoningBlock():
            start = replace(block, parts=[], opaque=None)
            deltas = [
                ReasoningDelta(index=index, text=piece, part=part)
                for part, text in enumerate(block.parts)
                for piece in pieces(draw, text)
            ]
            if block.opaque is not None:
                deltas.append(OpaqueSet(index=index, opaque=block.opaque))
        case _:
            start, deltas = block, []
    if draw(st.booleans()):
        kept = draw(st.integers(0, len(deltas)))
        deltas = [d for d in deltas[:kept] if not isinstance(d, CitationAdd)]
        return [BlockStart(index=index, block=start), *deltas, BlockEnd(index=index, block=block)]
    if draw(st.booleans()):
        return [BlockStart(index=index, block=block), BlockEnd(index=index)]
    return [BlockStart(index=index, block=start), *deltas, BlockEnd(index=index)]


@st.composite
def streamed_answers(draw):
    """An answer, and a stream that says the same, with overlapping blocks."""
    answer = draw(ANSWERS)
    waiting = [block_events(draw, index, block) for index, block in enumerate(answer.blocks)]
    opened = 0
    events = [
        StreamStart(id=answer.id, model=answer.model, created=answer.created, usage=answer.usage)
    ]
    while any(waiting):
        choices = [
            index
            for index, queue in enumerate(waiting)
            if queue and (index < opened or index == opened)
        ]
        index = draw(st.sampled_from(choices))
        opened = max(opened, index + 1)
        events.append(waiting[index].pop(0))
    return answer, [*events, StreamFinish(finish=answer.finish), StreamEnd()]


@given(streamed_answers())
@settings(max_examples=100, deadline=None)
def test_a_stream_says_what_the_finished_answer_says(
    answers, write, accumulated, validated, streamed
):
    answer, events = streamed
    whole = answers.encode(answer, request=REQUEST)
    validated(whole)
    stream = write(events)
    final, state = accumulated(stream)
    assert final.to_dict() == json.loads(whole)
    snapshot = state._ResponseStreamState__current_snapshot
    assert snippets(snapshot.output) == snippets(final.output)
    done = [event["item"] for event in frames(stream) if event["type"].endswith("item.done")]
    assert done == json.loads(whole)["output"]


def snippets(output):
    """What the SDK gathers from deltas: texts of messages and arguments of functions."""
    return [
        [getattr(part, "text", None) for part in item.content]
        if item.type == "message"
        else getattr(item, "arguments", None)
        for item in output
    ]


def frames(stream):
    datas = [frame.partition(b"data: ")[2] for frame in stream.split(b"\n\n")]
    return [json.loads(data) for data in datas if data]
