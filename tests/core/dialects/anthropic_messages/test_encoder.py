import anthropic
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lunaroute_core.dialects.anthropic_messages import ANTHROPIC_MESSAGES
from lunaroute_core.model import (
    ArgumentsDelta,
    AudioBlock,
    BlockEnd,
    BlockStart,
    Citation,
    CitationAdd,
    Finish,
    FinishReason,
    HostedCallBlock,
    HostedResultBlock,
    NormalizedResponse,
    OpaqueEvent,
    OpaqueSet,
    ReasoningBlock,
    ReasoningDelta,
    RefusalBlock,
    RefusalDelta,
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
from lunaroute_core.sse import parse_events

NAME = "anthropic_messages"
STREAMS = ANTHROPIC_MESSAGES.streams
START = StreamStart(id="msg_1", model="m", usage=Usage(input_tokens=3))
STOP = StreamFinish(finish=Finish(reason=FinishReason.STOP))
END = StreamEnd()
PING_FRAME = b'event: ping\ndata: {"type":"ping"}\n\n'
CITATION = {
    "type": "char_location",
    "cited_text": "c",
    "document_index": 0,
    "document_title": None,
    "start_char_index": 0,
    "end_char_index": 1,
}
SEARCH = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": "q"}}
FOUND = {"type": "web_search_tool_result", "tool_use_id": "s", "content": []}


def events_of(stream: bytes) -> list[dict]:
    """The events' data, each having been checked to be named by its type."""
    events = parse_events(stream)
    read = [msgspec.json.decode(event.data) for event in events]
    assert [event.event for event in events] == [data["type"] for data in read]
    return read


def kinds_of(stream: bytes) -> list[str]:
    return [
        f"{event['type']}:{event['index']}" if "index" in event else event["type"]
        for event in events_of(stream)
    ]


def text(index: int, *pieces: str) -> list:
    return [
        BlockStart(index=index, block=TextBlock(text="")),
        *(TextDelta(index=index, text=piece) for piece in pieces),
        BlockEnd(index=index),
    ]


def call(index: int, *pieces: str, name: str = "f", kind: str = "function") -> list:
    block = ToolCallBlock(id=f"c{index}", name=name, tool_kind=kind)
    return [
        BlockStart(index=index, block=block),
        *(ArgumentsDelta(index=index, fragment=piece) for piece in pieces),
        BlockEnd(index=index),
    ]


def content_of(message) -> list[dict]:
    return [block.to_dict() for block in message.content]


def test_a_text_stream_has_the_vendors_events(encode_stream):
    usage = UsageUpdate(usage=Usage(output_tokens=2))
    stream = encode_stream([START, *text(0, "Hel", "lo"), usage, STOP, END])
    assert events_of(stream) == [
        {
            "type": "message_start",
            "message": {
                "id": "msg_1",
                "type": "message",
                "role": "assistant",
                "model": "m",
                "content": [],
                "stop_reason": None,
                "stop_sequence": None,
                "stop_details": None,
                "usage": {
                    "input_tokens": 3,
                    "cache_creation_input_tokens": None,
                    "cache_read_input_tokens": None,
                    "output_tokens": 0,
                },
            },
        },
        {
            "type": "content_block_start",
            "index": 0,
            "content_block": {"type": "text", "text": ""},
        },
        {
            "type": "content_block_delta",
            "index": 0,
            "delta": {"type": "text_delta", "text": "Hel"},
        },
        {
            "type": "content_block_delta",
            "index": 0,
            "delta": {"type": "text_delta", "text": "lo"},
        },
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn", "stop_sequence": None, "stop_details": None},
            "usage": {"input_tokens": 3, "output_tokens": 2},
        },
        {"type": "message_stop"},
    ]


@pytest.mark.parametrize("usage", [None, Usage(output_tokens=1)])
def test_input_tokens_not_known_at_the_start_are_estimated_and_later_corrected(
    encode_stream, accumulate, usage
):
    start = StreamStart(id="msg_1", model="m", usage=usage)
    stream = encode_stream([start, UsageUpdate(usage=Usage(input_tokens=77)), STOP, END])
    assert events_of(stream)[0]["message"]["usage"]["input_tokens"] > 0
    assert accumulate(stream).usage.input_tokens == 77


def test_usage_after_the_finish_still_counts(encode_stream, accumulate):
    stream = encode_stream([START, STOP, UsageUpdate(usage=Usage(output_tokens=9)), END])
    assert accumulate(stream).usage.output_tokens == 9


def test_calls_that_overlap_become_one_block_after_the_other(encode_stream, accumulate):
    first, second = call(0, '{"a"', ":1}"), call(1, '{"b"', ":2}")
    mixed = [first[0], second[0], second[1], first[1], second[2], second[3], first[2], first[3]]
    stream = encode_stream([START, *mixed, STOP, END])
    assert kinds_of(stream) == [
        "message_start",
        "content_block_start:0",
        *["content_block_delta:0"] * 3,
        "content_block_stop:0",
        "content_block_start:1",
        *["content_block_delta:1"] * 3,
        "content_block_stop:1",
        "message_delta",
        "message_stop",
    ]
    message = accumulate(stream)
    assert [block.input for block in message.content] == [{"a": 1}, {"b": 2}]
    assert message.stop_reason == "tool_use"


def test_the_first_open_block_is_not_held_back(request_):
    encoder = STREAMS.encoder(request=request_)
    encoder.encode(START)
    encoder.encode(BlockStart(index=7, block=TextBlock(text="")))
    assert encoder.encode(TextDelta(index=7, text="now")) != b""


def test_indexes_are_contiguous_whatever_the_upstreams_were(encode_stream, accumulate):
    stream = encode_stream([START, *text(4, "a"), *text(9, "b"), STOP, END])
    assert [event["index"] for event in events_of(stream) if "index" in event] == [0] * 3 + [1] * 3
    assert [block.text for block in accumulate(stream).content] == ["a", "b"]


def test_a_block_without_a_form_here_takes_no_index(encode_stream, accumulate):
    audio = [BlockStart(index=0, block=AudioBlock()), BlockEnd(index=0)]
    stream = encode_stream([START, *audio, *text(1, "a"), STOP, END])
    assert content_of(accumulate(stream)) == [{"type": "text", "text": "a"}]


def test_thinking_has_its_text_then_its_signature(encode_stream, accumulate):
    events = [
        BlockStart(index=0, block=ReasoningBlock()),
        ReasoningDelta(index=0, text="one", part=0),
        ReasoningDelta(index=0, text=" more", part=0),
        ReasoningDelta(index=0, text="two", part=1),
        OpaqueSet(index=0, opaque="s"),
        BlockEnd(index=0),
    ]
    message = accumulate(encode_stream([START, *events, STOP, END]))
    assert content_of(message) == [
        {"type": "thinking", "thinking": "one more\n\ntwo", "signature": "s"}
    ]


@pytest.mark.parametrize(
    "events",
    [
        [
            BlockStart(index=0, block=ReasoningBlock(variant="redacted", opaque="d")),
            BlockEnd(index=0),
        ],
        [
            BlockStart(index=0, block=ReasoningBlock(variant="redacted")),
            OpaqueSet(index=0, opaque="d"),
            BlockEnd(index=0),
        ],
        [
            BlockStart(index=0, block=ReasoningBlock(variant="redacted")),
            BlockEnd(index=0, block=ReasoningBlock(variant="redacted", opaque="d")),
        ],
    ],
)
def test_redacted_thinking_is_complete_at_its_start(encode_stream, events):
    stream = encode_stream([START, *events, STOP, END])
    shown = [event for event in events_of(stream) if "index" in event]
    assert shown == [
        {
            "type": "content_block_start",
            "index": 0,
            "content_block": {"type": "redacted_thinking", "data": "d"},
        },
        {"type": "content_block_stop", "index": 0},
    ]


def test_the_vendors_own_calls_bring_their_input_in_a_delta(encode_stream, accumulate):
    blocks = [
        HostedCallBlock(dialect=NAME, type="server_tool_use", raw=SEARCH, id="s"),
        HostedResultBlock(dialect=NAME, type="web_search_tool_result", raw=FOUND, call_id="s"),
    ]
    events = [
        event
        for index, block in enumerate(blocks)
        for event in (BlockStart(index=index, block=block), BlockEnd(index=index))
    ]
    stream = encode_stream([START, *events, STOP, END])
    assert events_of(stream)[1]["content_block"] == {**SEARCH, "input": {}}
    message = accumulate(stream)
    assert content_of(message) == [SEARCH, FOUND]
    assert message.stop_reason == "end_turn"


def test_citations_and_refusals_are_written(encode_stream, accumulate):
    cited = Citation(dialect=NAME, raw=CITATION)
    foreign = Citation(dialect="openai_chat", raw={"url": "u"})
    events = [
        BlockStart(index=0, block=TextBlock(text="")),
        TextDelta(index=0, text="t"),
        CitationAdd(index=0, citation=cited),
        CitationAdd(index=0, citation=foreign),
        BlockEnd(index=0),
        BlockStart(index=1, block=RefusalBlock(text="")),
        RefusalDelta(index=1, text="No."),
        BlockEnd(index=1),
        StreamFinish(finish=Finish(reason=FinishReason.REFUSAL)),
    ]
    message = accumulate(encode_stream([START, *events, END]))
    assert content_of(message) == [
        {"type": "text", "text": "t", "citations": [CITATION]},
        {"type": "text", "text": "No."},
    ]
    assert message.stop_reason == "refusal"
    assert message.stop_details.type == "refusal"


@pytest.mark.parametrize(
    ("empty", "full"),
    [
        (
            TextBlock(text=""),
            TextBlock(text="t", citations=[Citation(dialect=NAME, raw=CITATION)]),
        ),
        (RefusalBlock(text=""), RefusalBlock(text="t")),
        (
            ToolCallBlock(id="c", name="f"),
            ToolCallBlock(id="c", name="f", raw_arguments='{"a":1}'),
        ),
        (ReasoningBlock(), ReasoningBlock(parts=["a", "b"], opaque="s")),
        (ReasoningBlock(), ReasoningBlock(variant="signature_only", opaque="s")),
    ],
)
def test_what_a_block_holds_without_deltas_is_written_as_deltas(
    encode_stream, accumulate, request_, empty, full
):
    response = NormalizedResponse(id="x", model="m", blocks=[full])
    whole = msgspec.json.decode(ANTHROPIC_MESSAGES.responses.encode(response, request=request_))
    for at_start, at_end in ((full, None), (empty, full), (full, full)):
        block = [BlockStart(index=0, block=at_start), BlockEnd(index=0, block=at_end)]
        message = accumulate(encode_stream([START, *block, STOP, END]))
        assert content_of(message) == whole["content"]


@pytest.mark.parametrize("pieces", [[], ['say "hi"\n'], ["say ", '"hi"\n']])
def test_a_custom_tools_text_is_streamed_as_its_input(encode_stream, accumulate, pieces):
    message = accumulate(encode_stream([START, *call(0, *pieces, kind="custom"), STOP, END]))
    assert message.content[0].input == {"input": "".join(pieces)}


def test_a_call_without_arguments_has_an_empty_input(encode_stream, accumulate):
    message = accumulate(encode_stream([START, *call(0), STOP, END]))
    assert message.content[0].input == {}


def test_blocks_left_open_are_closed_by_the_finish(encode_stream, accumulate):
    opened = [*text(0, "a")[:-1], *call(1, '{"a":1}')[:-1]]
    message = accumulate(encode_stream([START, *opened, STOP, END]))
    assert message.content[1].input == {"a": 1}


def test_the_matched_stop_sequence_and_the_vendors_fields_are_kept(encode_stream, accumulate):
    container = {"id": "c", "expires_at": "2026-01-01T00:00:00Z"}
    finish = Finish(reason=FinishReason.STOP_SEQUENCE, stop_sequence="END")
    finished = StreamFinish(finish=finish, extensions={NAME: {"container": container}})
    message = accumulate(encode_stream([START, finished, END]))
    assert message.stop_reason == "stop_sequence"
    assert message.stop_sequence == "END"
    assert message.container.id == "c"


def test_a_ping_follows_the_start_and_never_precedes_it(request_):
    encoder = STREAMS.encoder(request=request_)
    assert encoder.encode(StreamPing()) == b""
    encoder.encode(START)
    assert encoder.encode(StreamPing()) == PING_FRAME


def test_only_the_vendors_own_unknown_events_pass(request_):
    encoder = STREAMS.encoder(request=request_)
    encoder.encode(START)
    known = OpaqueEvent(dialect=NAME, event="new", raw={"type": "new", "a": 1})
    assert encoder.encode(known) == b'event: new\ndata: {"type":"new","a":1}\n\n'
    assert encoder.encode(OpaqueEvent(dialect="openai_chat", event="x", raw={})) == b""


@pytest.mark.parametrize("before", [[], [START, *text(0, "a")[:-1]]])
def test_an_error_is_the_last_event_and_raises_in_the_sdk(encode_stream, accumulate, before):
    error = StreamError(kind="overloaded", message="Busy.")
    stream = encode_stream([*before, error, STOP, END, StreamPing(), error])
    assert kinds_of(stream).count("error") == 1
    assert kinds_of(stream)[-1] == "error"
    with pytest.raises(anthropic.APIStatusError) as caught:
        accumulate(stream)
    assert caught.value.type == "overloaded_error"


def test_an_answer_that_ended_in_an_error_ends_in_an_error_event(encode_stream):
    finish = StreamFinish(finish=Finish(reason=FinishReason.ERROR))
    assert kinds_of(encode_stream([START, finish, END])) == ["message_start", "error"]


def test_an_end_without_a_finish_is_not_made_to_look_like_one(encode_stream):
    assert kinds_of(encode_stream([START, END])) == ["message_start"]


def test_the_last_event_waits_for_the_end(encode_stream):
    assert kinds_of(encode_stream([START, STOP])) == ["message_start"]


def test_an_idle_stream_is_kept_alive_by_a_comment_and_then_by_pings():
    assert STREAMS.keep_alive(started=True) == PING_FRAME
    assert parse_events(STREAMS.keep_alive(started=False)) == []
    assert STREAMS.keep_alive(started=False).startswith(b":")


def test_every_separator_of_lines_survives_in_texts(encode_stream, accumulate):
    words = "a\u2028b\u0085c\r\nd\x0be"
    message = accumulate(encode_stream([START, *text(0, words), STOP, END]))
    assert message.content[0].text == words


def pieces_of(words: str) -> list[str]:
    return [words[at : at + 3] for at in range(0, len(words), 3)]


def written(index: int, block) -> list:
    """The events in which a provider would stream a block."""
    match block:
        case TextBlock():
            return text(index, *pieces_of(block.text))
        case ToolCallBlock():
            [opened, *_, closed] = call(index, name=block.name)
            deltas = [
                ArgumentsDelta(index=index, fragment=f) for f in pieces_of(block.raw_arguments)
            ]
            return [opened, *deltas, closed]
        case ReasoningBlock(variant="redacted"):
            return [BlockStart(index=index, block=block), BlockEnd(index=index)]
        case _:
            parts = [
                ReasoningDelta(index=index, text=piece, part=part)
                for part, words in enumerate(block.parts)
                for piece in pieces_of(words) or [""]
            ]
            opened = BlockStart(index=index, block=ReasoningBlock(variant=block.variant))
            signed = OpaqueSet(index=index, opaque=block.opaque)
            return [opened, *parts, signed, BlockEnd(index=index)]


def instances(kind: type, **fields: st.SearchStrategy) -> st.SearchStrategy:
    return st.fixed_dictionaries(fields).map(lambda values: kind(**values))


arguments = st.dictionaries(st.text(max_size=4), st.text() | st.integers(-(2**40), 2**40))
any_block = st.one_of(
    instances(TextBlock, text=st.text()),
    instances(
        ToolCallBlock,
        id=st.just(""),
        name=st.text(max_size=5),
        raw_arguments=arguments.map(lambda value: msgspec.json.encode(value).decode()),
    ),
    instances(ReasoningBlock, parts=st.lists(st.text(), max_size=3), opaque=st.text()),
    instances(ReasoningBlock, variant=st.just("redacted"), opaque=st.text()),
)
usages = instances(
    Usage,
    input_tokens=st.integers(0, 10**6),
    cache_read_tokens=st.none() | st.integers(0, 10**6),
    output_tokens=st.integers(0, 10**6),
    reasoning_tokens=st.none() | st.integers(0, 10**6),
)


@given(
    blocks=st.lists(any_block, max_size=4),
    reason=st.sampled_from(sorted(set(FinishReason) - {FinishReason.ERROR})),
    usage=usages,
    random=st.randoms(use_true_random=False),
)
def test_a_stream_accumulates_in_the_sdk_to_what_the_whole_answer_says(
    *, encode_stream, accumulate, request_, blocks, reason, usage, random
):
    for index, block in enumerate(blocks):
        if isinstance(block, ToolCallBlock):
            block.id = f"c{index}"
    waiting = [written(index, block) for index, block in enumerate(blocks)]
    events = [group.pop(0) for group in waiting]
    while left := [group for group in waiting if group]:
        events.append(random.choice(left).pop(0))
    finish = Finish(reason=reason)
    stream = encode_stream(
        [START, *events, UsageUpdate(usage=usage), StreamFinish(finish=finish), END]
    )
    response = NormalizedResponse(id="msg_1", model="m", blocks=blocks, finish=finish, usage=usage)
    whole = ANTHROPIC_MESSAGES.responses.encode(response, request=request_)
    expected = anthropic.types.Message.model_validate_json(whole)
    assert accumulate(stream).to_dict() == expected.to_dict()
    observer = STREAMS.observer()
    observer.observe(stream)
    assert observer.finished
    assert observer.summary == ANTHROPIC_MESSAGES.responses.summarize(whole)
