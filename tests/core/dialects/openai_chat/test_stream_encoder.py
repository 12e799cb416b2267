import itertools
import time

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat import ChatCompletionChunk

from lunaroute_core.dialects.openai_chat.stream_observer import ChatStreamObserver
from lunaroute_core.dialects.openai_chat.streams import ChatStreams
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
    StreamOptions,
    StreamPing,
    StreamStart,
    TextBlock,
    TextDelta,
    ToolCallBlock,
    Usage,
    UsageUpdate,
)
from lunaroute_core.testing.sample_answers import stream_events

SOURCE = RequestSource(dialect="openai_chat")
REQUEST = NormalizedRequest(model="m", source=SOURCE)
COUNTING = NormalizedRequest(
    model="m", source=SOURCE, stream=StreamOptions(enabled=True, include_usage=True)
)
OLD = NormalizedRequest(
    model="m", source=RequestSource(dialect="openai_chat", legacy_functions=True)
)
START = StreamStart(id="msg_1", model="served", created=7)
STOP = StreamFinish(finish=Finish(reason=FinishReason.STOP))
CALLED = StreamFinish(finish=Finish(reason=FinishReason.TOOL_CALLS))
END = StreamEnd()


def text(index, *pieces, **fields):
    yield BlockStart(index=index, block=TextBlock(text="", **fields))
    yield from (TextDelta(index=index, text=piece) for piece in pieces)
    yield BlockEnd(index=index)


def call(index, *pieces, **fields):
    yield BlockStart(index=index, block=ToolCallBlock(id=f"c{index}", name=f"f{index}", **fields))
    yield from (ArgumentsDelta(index=index, fragment=piece) for piece in pieces)
    yield BlockEnd(index=index)


def whole(*parts, finish=STOP):
    return [START, *itertools.chain(*parts), finish, END]


@pytest.fixture
def deltas(streamed):
    """The deltas of an answer's chunks, between the role and the finish."""

    def run(*parts, request=REQUEST, finish=STOP):
        chunks = streamed(whole(*parts, finish=finish), request)
        return [chunk["choices"][0]["delta"] for chunk in chunks[1:-2]]

    return run


def test_a_text_answer_follows_the_grammar(streamed):
    head = {
        "object": "chat.completion.chunk",
        "created": 7,
        "model": "served",
    }

    def choice(delta, finish=None):
        return [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]

    chunks = streamed(whole(text(0, "he", "llo")), REQUEST)
    head["id"] = chunks[0]["id"]
    assert chunks == [
        {**head, "choices": choice({"role": "assistant", "content": None, "refusal": None})},
        {**head, "choices": choice({"content": "he"})},
        {**head, "choices": choice({"content": "llo"})},
        {**head, "choices": choice({}, "stop")},
        "[DONE]",
    ]


def test_the_id_has_chats_form_and_the_time_is_ours_where_there_is_none(streamed):
    start = StreamStart(id="msg_1", model="served")
    chunk = streamed([start, STOP, END], REQUEST)[0]
    assert chunk["id"].startswith("chatcmpl-")
    assert chunk["created"] == 1_800_000_000


def test_usage_comes_last_and_only_where_it_is_asked_for(streamed):
    counted = [UsageUpdate(usage=Usage(input_tokens=3)), UsageUpdate(usage=Usage(output_tokens=5))]
    events = [START, *text(0, "a"), *counted, STOP, END]
    *chunks, usage, done = streamed(events, COUNTING)
    assert [chunk["usage"] for chunk in chunks] == [None, None, None]
    assert (usage["choices"], usage["usage"]["total_tokens"], done) == ([], 8, "[DONE]")
    assert usage["id"] == chunks[0]["id"]
    assert all("usage" not in chunk for chunk in streamed(events, REQUEST)[:-1])


def test_usage_from_the_start_is_completed_at_the_end(streamed):
    start = StreamStart(id="a", model="m", usage=Usage(input_tokens=3, output_tokens=1))
    events = [start, UsageUpdate(usage=Usage(output_tokens=5)), STOP, END]
    assert streamed(events, COUNTING)[-2]["usage"]["total_tokens"] == 8


def test_a_call_gives_its_names_once(deltas):
    assert deltas(call(0, '{"a"', ":1}"), finish=CALLED) == [
        {
            "tool_calls": [
                {
                    "index": 0,
                    "id": "c0",
                    "type": "function",
                    "function": {"name": "f0", "arguments": ""},
                }
            ]
        },
        {"tool_calls": [{"index": 0, "function": {"arguments": '{"a"'}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": ":1}"}}]},
    ]


def test_a_call_is_counted_among_calls_not_among_blocks(deltas):
    got = deltas(text(0, "a"), call(1, "{}"), text(2, "b"), call(3, "{}"), finish=CALLED)
    assert [it["tool_calls"][0]["index"] for it in got if "tool_calls" in it] == [0, 0, 1, 1]


def test_a_custom_call_streams_its_input(deltas):
    assert deltas(call(0, "*** ", "Begin", tool_kind="custom"), finish=CALLED) == [
        {
            "tool_calls": [
                {"index": 0, "id": "c0", "type": "custom", "custom": {"name": "f0", "input": ""}}
            ]
        },
        {"tool_calls": [{"index": 0, "custom": {"input": "*** "}}]},
        {"tool_calls": [{"index": 0, "custom": {"input": "Begin"}}]},
    ]


def test_a_call_without_arguments_gets_an_empty_object(deltas):
    assert deltas(call(0), finish=CALLED)[-1] == {
        "tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]
    }


def test_an_empty_custom_input_stays_empty(deltas):
    assert len(deltas(call(0, tool_kind="custom"), finish=CALLED)) == 1


def test_arguments_given_only_at_the_end_are_sent_then(deltas):
    start, end = call(0)
    end.block = ToolCallBlock(id="c0", name="f0", raw_arguments='{"a":1}')
    assert deltas([start, end], finish=CALLED)[-1] == {
        "tool_calls": [{"index": 0, "function": {"arguments": '{"a":1}'}}]
    }


def test_arguments_repeated_at_the_end_are_sent_once(deltas):
    start, delta, end = call(0, '{"a":1}')
    end.block = ToolCallBlock(id="c0", name="f0", raw_arguments='{"a":1}')
    assert len(deltas([start, delta, end], finish=CALLED)) == 2


def test_text_given_only_at_the_end_is_sent_then(deltas):
    start, end = text(0)
    end.block = TextBlock(text="all")
    assert deltas([start, end]) == [{"content": "all"}]


def test_a_block_complete_at_its_start_is_sent(deltas):
    blocks = [
        TextBlock(text="t"),
        RefusalBlock(text="r"),
        ToolCallBlock(id="c", name="f", raw_arguments="{}"),
        AudioBlock(audio_id="a", data="AA", transcript="t", expires_at=3),
    ]
    events = [
        it
        for at, block in enumerate(blocks)
        for it in (BlockStart(index=at, block=block), BlockEnd(index=at))
    ]
    assert deltas(events) == [
        {"content": "t"},
        {"refusal": "r"},
        {
            "tool_calls": [
                {
                    "index": 0,
                    "id": "c",
                    "type": "function",
                    "function": {"name": "f", "arguments": "{}"},
                }
            ]
        },
        {"audio": {"id": "a", "data": "AA", "transcript": "t", "expires_at": 3}},
    ]


def test_a_refusal_given_only_at_the_end_is_sent_then(deltas):
    opened = BlockStart(index=0, block=RefusalBlock(text=""))
    ended = BlockEnd(index=0, block=RefusalBlock(text="no"))
    assert deltas([opened, ended]) == [{"refusal": "no"}]


@pytest.mark.parametrize("at_start", [True, False])
def test_reasoning_given_all_at_once_is_sent(deltas, at_start):
    empty, full = ReasoningBlock(), ReasoningBlock(parts=["a", "b"], opaque="s")
    opened = BlockStart(index=0, block=full if at_start else empty)
    got = deltas([opened, BlockEnd(index=0, block=None if at_start else full)], text(1, "x"))
    assert [it.get("reasoning_content") for it in got] == ["a", "\n\nb", None, None]
    assert got[2]["reasoning_details"][0]["signature"] == "s"


def test_a_delta_of_another_kind_than_its_block_is_not_written():
    kinds = [
        TextBlock(text="t"),
        RefusalBlock(text="r"),
        ReasoningBlock(parts=["h"]),
        ToolCallBlock(id="c", name="f", raw_arguments="{}"),
        AudioBlock(audio_id="a"),
        HostedCallBlock(dialect="x", type="y", raw={}),
    ]
    encoder = ChatStreams().encoder(request=REQUEST)
    encoder.encode(START)
    for at, block in enumerate(kinds):
        encoder.encode(BlockStart(index=at, block=block))
        stray = TextDelta if not isinstance(block, TextBlock) else RefusalDelta
        assert encoder.encode(stray(index=at, text="stray")) == b""
        encoder.encode(BlockEnd(index=at))


def test_interleaved_calls_come_one_after_the_other(deltas):
    first, second = list(call(0, '{"a"', ":1}")), list(call(1, '{"b"', ":2}"))
    mixed = [first[0], second[0], first[1], second[1], second[2], first[2], second[3], first[3]]
    got = deltas(mixed, finish=CALLED)
    assert [it["tool_calls"][0]["index"] for it in got] == [0, 0, 0, 1, 1, 1]
    arguments = "".join(it["tool_calls"][0]["function"]["arguments"] for it in got)
    assert arguments == '{"a":1}{"b":2}'


def test_an_old_client_gets_one_function_call(streamed):
    events = whole(call(0, "{", "}"), call(1, "{}"), finish=CALLED)
    chunks = streamed(events, OLD)[1:-1]
    assert [it["choices"][0]["delta"] for it in chunks] == [
        {"function_call": {"name": "f0", "arguments": ""}},
        {"function_call": {"arguments": "{"}},
        {"function_call": {"arguments": "}"}},
        {},
    ]
    assert chunks[-1]["choices"][0]["finish_reason"] == "function_call"


def test_an_old_call_without_arguments_gets_an_empty_object(deltas):
    assert deltas(call(0), request=OLD, finish=CALLED)[-1] == {"function_call": {"arguments": "{}"}}


def test_reasoning_is_streamed_readable_and_whole(deltas):
    origin = Origin(dialect="anthropic_messages")
    got = deltas(
        [
            BlockStart(index=0, block=ReasoningBlock(origin=origin)),
            ReasoningDelta(index=0, text="a"),
            ReasoningDelta(index=0, text="b", part=1),
            OpaqueSet(index=0, opaque="old"),
            OpaqueSet(index=0, opaque="new"),
            BlockEnd(index=0),
            BlockStart(index=1, block=ReasoningBlock(variant="redacted", opaque="r")),
            BlockEnd(index=1),
        ],
        text(2, "x"),
    )
    kind = "reasoning.text"
    assert got == [
        {"reasoning_content": "a", "reasoning_details": [{"index": 0, "type": kind, "text": "a"}]},
        {
            "reasoning_content": "\n\nb",
            "reasoning_details": [{"index": 0, "type": kind, "text": "\n\nb"}],
        },
        {
            "reasoning_details": [
                {
                    "index": 0,
                    "type": kind,
                    "signature": "new",
                    "origin": {"dialect": "anthropic_messages"},
                }
            ]
        },
        {"reasoning_details": [{"index": 1, "type": "reasoning.encrypted", "data": "r"}]},
        {"content": "x"},
    ]


def test_citations_come_once_before_the_end(streamed):
    cited = Citation(dialect="x", raw={}, url="https://a", title="A", start=0, end=1)
    start, delta, end = text(1, "bc")
    chunks = streamed(
        whole(
            text(0, "a", citations=[cited]),
            [start, CitationAdd(index=1, citation=cited), delta, end],
        ),
        REQUEST,
    )
    annotations = chunks[-3]["choices"][0]["delta"]["annotations"]
    assert [it["url_citation"]["start_index"] for it in annotations] == [0, 1]
    assert all("annotations" not in chunk["choices"][0]["delta"] for chunk in chunks[:-3])


def test_an_answer_of_nothing_has_empty_content(deltas):
    assert deltas() == [{"content": ""}]


def test_blocks_that_chat_has_no_words_for_are_silent(deltas):
    hosted = HostedCallBlock(dialect="x", type="server_tool_use", raw={})
    events = [BlockStart(index=0, block=hosted), BlockEnd(index=0)]
    assert deltas(events, text(1, "a")) == [{"content": "a"}]


@pytest.mark.parametrize(
    ("reason", "word"),
    [
        (FinishReason.LENGTH, "length"),
        (FinishReason.STOP, "tool_calls"),
        (FinishReason.CONTENT_FILTER, "content_filter"),
    ],
)
def test_the_finish_reason_agrees_with_the_content(streamed, reason, word):
    chunks = streamed(
        whole(call(0, "{}"), finish=StreamFinish(finish=Finish(reason=reason))), REQUEST
    )
    assert [it["choices"][0]["finish_reason"] for it in chunks[:-1]] == [None, None, None, word]


def test_claimed_calls_that_never_came_are_a_stop(streamed):
    assert (
        streamed(whole(text(0, "a"), finish=CALLED), REQUEST)[-2]["choices"][0]["finish_reason"]
        == "stop"
    )


def test_an_error_ends_the_stream_without_done(streamed):
    error = StreamError(kind="overloaded", message="busy", code="server_is_overloaded")
    *_, last = streamed([START, *text(0, "a"), error], REQUEST)
    assert last == {
        "error": {
            "message": "busy",
            "type": "server_error",
            "param": None,
            "code": "server_is_overloaded",
        }
    }


def test_an_answer_that_finished_with_an_error_ends_like_one(streamed):
    events = whole(text(0, "a"), finish=StreamFinish(finish=Finish(reason=FinishReason.ERROR)))
    chunks = streamed(events, REQUEST)
    assert "error" in chunks[-1]
    assert chunks.count("[DONE]") == 0


def test_nothing_follows_the_end():
    encoder = ChatStreams().encoder(request=REQUEST)
    for event in (START, STOP, END):
        assert encoder.encode(event)
    assert [encoder.encode(event) for event in (STOP, END, StreamPing())] == [b"", b"", b""]


def test_an_answer_without_a_finish_does_not_look_complete():
    encoder = ChatStreams().encoder(request=COUNTING)
    encoder.encode(START)
    assert encoder.encode(END) == b""


def test_a_second_finish_is_not_written():
    encoder = ChatStreams().encoder(request=REQUEST)
    encoder.encode(START)
    assert encoder.encode(STOP)
    assert encoder.encode(CALLED) == b""


def test_a_ping_is_a_comment_and_a_foreign_event_nothing():
    encoder = ChatStreams().encoder(request=REQUEST)
    assert encoder.encode(StreamPing()).startswith(b":")
    assert encoder.encode(OpaqueEvent(dialect="x", event="y", raw={})) == b""


def test_chats_own_fields_are_in_every_chunk(streamed):
    start = StreamStart(
        id="a", model="m", extensions={"openai_chat": {"system_fingerprint": "fp", "$form": 1}}
    )
    chunks = streamed([start, *text(0, "a"), STOP, END], COUNTING)[:-1]
    assert {chunk["system_fingerprint"] for chunk in chunks} == {"fp"}
    assert not [chunk for chunk in chunks if "$form" in chunk]


TEXTS = st.text(max_size=6)
BLOCK = (
    TEXTS.map(lambda it: TextBlock(text=it))
    | TEXTS.map(lambda it: RefusalBlock(text=it))
    | st.tuples(st.lists(TEXTS, max_size=3), st.none() | TEXTS, st.none() | TEXTS).map(
        lambda it: ReasoningBlock(parts=it[0], opaque=it[1], item_id=it[2])
    )
    | TEXTS.map(lambda it: ReasoningBlock(variant="redacted", opaque=it))
    | st.tuples(TEXTS, TEXTS, TEXTS).map(
        lambda it: ToolCallBlock(id=it[0] + "i", name=it[1] + "n", raw_arguments=it[2])
    )
    | TEXTS.map(lambda it: ToolCallBlock(id="i", name="n", tool_kind="custom", raw_arguments=it))
    | st.tuples(TEXTS, st.integers(0, 9), st.integers(0, 9)).map(
        lambda it: TextBlock(
            text=it[0],
            citations=[Citation(dialect="x", raw={}, url="u", start=it[1], end=it[2])],
        )
    )
)
ANSWERS = st.tuples(
    st.lists(BLOCK, max_size=6),
    st.sampled_from([it for it in FinishReason if it != FinishReason.ERROR]),
).map(
    lambda it: NormalizedResponse(
        id="msg_1",
        model="served",
        blocks=it[0],
        finish=Finish(reason=it[1]),
        usage=Usage(input_tokens=3, cache_read_tokens=2, output_tokens=5),
        created=7,
    )
)


def bare(message):
    """A message as JSON without nulls, and without what only the SDK's streaming adds."""
    added = {"index", "parsed", "parsed_arguments"}

    def clean(value):
        if isinstance(value, list):
            return [clean(it) for it in value]
        if isinstance(value, dict):
            return {k: clean(v) for k, v in value.items() if v is not None and k not in added}
        return value

    return clean(message)


@pytest.mark.parametrize("request_", [REQUEST, OLD])
def test_time_is_linear_in_the_fragments_of_a_call(request_):
    def seconds(count):
        events = [START, *call(0, *(["x" * 2000] * count))]
        best = []
        for _ in range(2):
            encoder = ChatStreams().encoder(request=request_)
            began = time.perf_counter()
            for event in events:
                encoder.encode(event)
            best.append(time.perf_counter() - began)
        return min(best)

    assert seconds(4000) < seconds(500) * 8 * 4


@given(ANSWERS, st.sampled_from([COUNTING, OLD]))
def test_a_stream_accumulates_to_the_whole_answer(encoded, streamed, accumulated, answer, request_):
    """The SDK's accumulator makes of every stream what `encode` gives for the same answer."""
    request = msgspec.structs.replace(request_, stream=COUNTING.stream)
    chunks = streamed(stream_events(answer), request)
    final = accumulated(chunks)
    expected = encoded(answer, request)
    (choice,), (wanted,) = final.choices, expected["choices"]
    assert bare(choice.message.to_dict()) == bare(wanted["message"])
    assert choice.finish_reason == wanted["finish_reason"]
    assert final.usage.to_dict() == expected["usage"]
    assert (final.id, final.model, final.created) == (expected["id"], "served", 7)


@given(ANSWERS, st.sampled_from([REQUEST, COUNTING, OLD]))
def test_every_chunk_is_the_sdks_type_and_the_stream_is_one_we_observe(streamed, answer, request_):
    chunks = streamed(stream_events(answer), request_)
    assert chunks[-1] == "[DONE]"
    assert len({(it["id"], it["created"], it["model"]) for it in chunks[:-1]}) == 1
    observer = ChatStreamObserver()
    for chunk in chunks[:-1]:
        # The SDK's chunk type knows no custom calls, though its message type does.
        if b'"custom"' not in msgspec.json.encode(chunk):
            ChatCompletionChunk.model_validate(chunk, strict=True)
        observer.observe(b"data: " + msgspec.json.encode(chunk) + b"\n\n")
    assert observer.finished
    assert observer.error is None
    assert (observer.summary.usage is not None) == bool(request_.stream.include_usage)


def test_a_reason_without_a_word_stands_beside_the_one_that_it_is_given(streamed):
    steered = StreamFinish(finish=Finish(reason=FinishReason.STEERED, raw="steered"))
    for request in (REQUEST, COUNTING):
        chunks = streamed(whole(text(0, "a"), finish=steered), request)
        (*others, last) = [it for it in chunks[:-1] if it["choices"]]
        (choice,) = last["choices"]
        assert (choice["finish_reason"], choice["native_finish_reason"]) == ("stop", "steered")
        assert not any("native_finish_reason" in it["choices"][0] for it in others)
