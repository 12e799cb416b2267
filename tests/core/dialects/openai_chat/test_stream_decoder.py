import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lunaroute_core.dialects.openai_chat.responses import ChatResponses
from lunaroute_core.dialects.openai_chat.streams import ChatStreams
from lunaroute_core.errors import ErrorKind
from lunaroute_core.model import (
    ArgumentsDelta,
    AudioBlock,
    BlockEnd,
    BlockStart,
    Finish,
    FinishReason,
    ReasoningBlock,
    RefusalBlock,
    StreamEnd,
    StreamError,
    StreamFinish,
    StreamStart,
    TextBlock,
    TextDelta,
    ToolCallBlock,
    Usage,
    UsageUpdate,
)
from lunaroute_core.testing import check_events

HEAD = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 7, "model": "gpt-5.5"}
ROLE = {"role": "assistant", "content": None, "refusal": None}
USAGE = {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}
DONE = b"data: [DONE]\n\n"


def chunk(delta=None, finish=None, *, index=0, **fields):
    choice = {"index": index, "delta": {} if delta is None else delta, "finish_reason": finish}
    return {**HEAD, "choices": [choice], **fields}


def call(index, *, arguments=None, **fields):
    function = {} if arguments is None else {"arguments": arguments}
    if "name" in fields:
        function["name"] = fields.pop("name")
    return {"index": index, **fields, **({"function": function} if function else {})}


def calls(*entries):
    return chunk({"tool_calls": list(entries)})


def frames(*chunks, done=True):
    written = [b"data: " + msgspec.json.encode(it) + b"\n\n" for it in chunks]
    return b"".join([*written, DONE] if done else written)


def decoded(*chunks, done=True):
    decoder = ChatStreams().decoder()
    return [*decoder.decode(frames(*chunks, done=done)), *decoder.end()]


USAGE_CHUNK = {**HEAD, "choices": [], "usage": USAGE}


def test_text_with_usage_after_the_finish():
    events = decoded(
        chunk(ROLE),
        chunk({"content": "hel"}),
        chunk({"content": "lo"}),
        chunk(finish="stop"),
        USAGE_CHUNK,
    )
    assert events == [
        StreamStart(id="chatcmpl-1", model="gpt-5.5", created=7),
        BlockStart(index=0, block=TextBlock(text="")),
        TextDelta(index=0, text="hel"),
        TextDelta(index=0, text="lo"),
        BlockEnd(index=0),
        UsageUpdate(usage=Usage(input_tokens=9, output_tokens=4)),
        StreamFinish(finish=Finish(reason=FinishReason.STOP, raw="stop")),
        StreamEnd(),
    ]


def test_usage_before_done_is_told_before_the_finish():
    events = decoded(chunk({"content": "a"}), chunk(finish="stop", usage=USAGE))
    assert [type(it) for it in events[-3:]] == [UsageUpdate, StreamFinish, StreamEnd]


def test_content_in_the_chunk_that_finishes_comes_first(put_together):
    answer = put_together(decoded(chunk({"content": "all"}, finish="length")))
    assert answer.blocks == [TextBlock(text="all")]
    assert answer.finish.reason is FinishReason.LENGTH


def test_parallel_calls_interleaved_are_each_their_own_block(put_together):
    events = decoded(
        calls(call(0, id="a", type="function", name="f", arguments="")),
        calls(call(1, id="b", type="function", name="g", arguments="")),
        calls(call(0, arguments='{"x":')),
        calls(call(1, arguments='{"y":')),
        calls(call(0, arguments="1}")),
        calls(call(1, arguments="2}")),
        chunk(finish="tool_calls"),
    )
    first, second = put_together(events).blocks
    assert (first.id, first.name, first.arguments) == ("a", "f", {"x": 1})
    assert (second.id, second.name, second.arguments) == ("b", "g", {"y": 2})


def test_several_calls_in_one_chunk_with_name_and_arguments(put_together):
    entries = [call(0, id="a", name="f", arguments="{}"), call(1, id="b", name="g", arguments="{}")]
    answer = put_together(decoded(calls(*entries), chunk(finish="tool_calls")))
    assert [(it.name, it.raw_arguments) for it in answer.blocks] == [("f", "{}"), ("g", "{}")]


def test_a_whole_call_is_closed_when_the_next_begins():
    events = decoded(
        calls(call(0, id="a", name="f", arguments='{"x":1}')),
        calls(call(1, id="b", name="g", arguments="{}")),
        chunk(finish="tool_calls"),
    )
    starts = [(type(it), it.index) for it in events if isinstance(it, BlockStart | BlockEnd)]
    assert starts == [(BlockStart, 0), (BlockEnd, 0), (BlockStart, 1), (BlockEnd, 1)]


def test_white_space_after_a_whole_call_is_nothing():
    events = decoded(
        calls(call(0, id="a", name="f", arguments="{}")),
        calls(call(1, id="b", name="g", arguments="{}")),
        calls(call(0, arguments="\n")),
        chunk(finish="tool_calls"),
    )
    check_events(events)
    assert [it.fragment for it in events if isinstance(it, ArgumentsDelta)] == ["{}", "{}"]


def test_more_after_a_whole_call_is_an_error():
    with pytest.raises(ValueError, match="goes on"):
        decoded(
            calls(call(0, id="a", name="f", arguments="{}")),
            calls(call(1, id="b", name="g", arguments="{}")),
            calls(call(0, arguments="{}")),
        )


def test_text_before_calls_is_closed_when_they_begin():
    events = decoded(
        chunk({"content": "let me see"}),
        calls(call(0, id="a", name="f", arguments="{}")),
        chunk(finish="tool_calls"),
    )
    ends = [it.index for it in events if isinstance(it, BlockStart | BlockEnd)]
    assert ends == [0, 0, 1, 1]


def test_repeated_role_id_and_name_are_not_joined(put_together):
    entry = {"id": "a", "type": "function", "name": "f"}
    answer = put_together(
        decoded(
            calls(call(0, arguments="{", **entry)),
            calls(call(0, arguments="}", **entry)),
            chunk({"role": "assistant"}, finish="tool_calls"),
        )
    )
    assert answer.blocks == [ToolCallBlock(id="a", name="f", raw_arguments="{}", arguments={})]


def test_different_ids_under_one_index_are_different_calls(put_together):
    answer = put_together(
        decoded(
            calls(call(0, id="a", name="f", arguments="{}")),
            calls(call(0, id="b", name="g", arguments="{}")),
            chunk(finish="stop"),
        )
    )
    assert [it.id for it in answer.blocks] == ["a", "b"]


def test_calls_without_an_index_are_told_apart_by_their_ids(put_together):
    def entry(**fields):
        return {k: v for k, v in call(0, **fields).items() if k != "index"}

    answer = put_together(
        decoded(
            calls(entry(id="a", name="f", arguments='{"x"')),
            calls(entry(arguments=":1}")),
            calls(entry(id="b", name="g", arguments="{}")),
            calls(entry(id="a", arguments=" ")),
            chunk(finish="tool_calls"),
        )
    )
    assert [(it.id, it.raw_arguments) for it in answer.blocks] == [("a", '{"x":1}'), ("b", "{}")]


def test_a_call_without_an_id_gets_always_the_same_one(put_together):
    chunks = [calls(call(0, name="f", arguments="{}")), chunk(finish="tool_calls")]
    first, second = put_together(decoded(*chunks)), put_together(decoded(*chunks))
    assert first.blocks[0].id.startswith("call_")
    assert first == second


def test_arguments_before_the_name_are_kept(put_together):
    answer = put_together(
        decoded(
            calls(call(0, id="a", arguments='{"x":')),
            calls(call(0, name="f", arguments="1}")),
            chunk(finish="tool_calls"),
        )
    )
    assert answer.blocks[0].arguments == {"x": 1}


def test_a_call_that_never_says_what_is_called_is_an_error():
    with pytest.raises(ValueError, match="without a name"):
        decoded(calls(call(0, id="a", arguments="{}")), chunk(finish="tool_calls"))


def test_custom_and_legacy_calls(put_together):
    custom = {"index": 0, "id": "a", "type": "custom", "custom": {"name": "patch", "input": "x"}}
    more = {"index": 0, "custom": {"input": "y}"}}
    answer = put_together(decoded(calls(custom), calls(more), chunk(finish="tool_calls")))
    assert answer.blocks == [
        ToolCallBlock(id="a", name="patch", tool_kind="custom", raw_arguments="xy}")
    ]
    older = put_together(
        decoded(
            chunk({"function_call": {"name": "f", "arguments": ""}}),
            chunk({"function_call": {"arguments": "{}"}}),
            chunk(finish="function_call"),
        )
    )
    assert (older.blocks[0].name, older.blocks[0].arguments) == ("f", {})
    assert older.finish.reason is FinishReason.TOOL_CALLS


@pytest.mark.parametrize("key", ["reasoning_content", "reasoning"])
def test_reasoning_text_of_compatible_servers(put_together, key):
    answer = put_together(
        decoded(
            chunk({key: "hm"}), chunk({key: "m"}), chunk({"content": "a"}), chunk(finish="stop")
        )
    )
    reasoning, text = answer.blocks
    assert (reasoning.parts, text.text) == (["hmm"], "a")
    assert (reasoning.origin.dialect, reasoning.origin.model) == ("openai_chat", "gpt-5.5")


def test_reasoning_entries_keep_their_signatures_and_are_not_doubled(put_together):
    def entry(**fields):
        return {"type": "reasoning.text", "index": 0, **fields}

    answer = put_together(
        decoded(
            chunk({"reasoning": "a", "reasoning_details": [entry(text="a", format="v1")]}),
            chunk({"reasoning": "b", "reasoning_details": [entry(text="b")]}),
            chunk({"reasoning_details": [entry(signature="sig")]}),
            chunk(
                {"reasoning_details": [{"type": "reasoning.encrypted", "data": "x", "index": 1}]}
            ),
            chunk({"content": "c"}),
            chunk(finish="stop"),
        )
    )
    visible, redacted, _ = answer.blocks
    assert (visible.parts, visible.opaque) == (["ab"], "sig")
    assert visible.extensions == {
        "openai_chat": {"type": "reasoning.text", "index": 0, "format": "v1"}
    }
    assert (redacted.variant, redacted.opaque) == ("redacted", "x")


def test_refusals_and_audio(put_together):
    answer = put_together(
        decoded(
            chunk({"refusal": "I "}),
            chunk({"refusal": "won't"}),
            chunk({"audio": {"id": "au", "transcript": "a"}}),
            chunk({"audio": {"data": "QQ==", "transcript": "b", "expires_at": 3}}),
            chunk(finish="stop"),
        )
    )
    assert answer.blocks == [
        RefusalBlock(text="I won't"),
        AudioBlock(audio_id="au", data="QQ==", transcript="ab", expires_at=3),
    ]
    assert answer.finish.reason is FinishReason.REFUSAL


def test_annotations_are_citations_and_late_ones_are_kept(put_together):
    cited = {"url": "https://a", "title": "A", "start_index": 0, "end_index": 1}
    raw = {"type": "url_citation", "url_citation": cited}
    answer = put_together(
        decoded(
            chunk({"content": "a"}),
            chunk({"annotations": [raw]}),
            calls(call(0, id="a", name="f", arguments="{}")),
            chunk({"annotations": [raw]}),
            chunk(finish="stop"),
        )
    )
    assert [(it.url, it.end) for it in answer.blocks[0].citations] == [("https://a", 1)]
    assert answer.extensions == {"openai_chat": {"$form": {"choice": {"annotations": [raw]}}}}


def test_log_probabilities_are_told_with_their_text():
    first, second = chunk({"content": "a"}), chunk({"content": "b"}, finish="stop")
    first["choices"][0]["logprobs"] = {"content": [{"token": "a"}], "refusal": None}
    second["choices"][0]["logprobs"] = {"content": [{"token": "b"}]}
    deltas = [it for it in decoded(first, second) if isinstance(it, TextDelta)]
    assert [(it.text, it.logprobs) for it in deltas] == [
        ("a", [{"token": "a"}]),
        ("b", [{"token": "b"}]),
    ]


def test_log_probabilities_of_a_refusal_are_carried(put_together):
    first, second = chunk({"refusal": "a"}), chunk({"refusal": "b"}, finish="stop")
    first["choices"][0]["logprobs"] = {"content": None, "refusal": [{"token": "a"}]}
    second["choices"][0]["logprobs"] = {"refusal": [{"token": "b"}]}
    answer = put_together(decoded(first, second))
    kept = {"logprobs": {"refusal": [{"token": "a"}, {"token": "b"}]}}
    assert answer.extensions["openai_chat"]["$form"]["choice"] == kept


@pytest.mark.parametrize(
    ("word", "delta", "reason"),
    [
        ("stop", {"tool_calls": [call(0, id="a", name="f")]}, FinishReason.TOOL_CALLS),
        ("tool_calls", {"content": "a"}, FinishReason.STOP),
        ("length", {"tool_calls": [call(0, id="a", name="f")]}, FinishReason.LENGTH),
        ("content_filter", {"content": "a"}, FinishReason.CONTENT_FILTER),
        ("error", {"content": "a"}, FinishReason.ERROR),
        ("eos", {"content": "a"}, FinishReason.STOP),
    ],
)
def test_the_finish_agrees_with_the_content(put_together, word, delta, reason):
    answer = put_together(decoded(chunk(delta), chunk(finish=word)))
    assert answer.finish == Finish(reason=reason, raw=word)


def test_servers_without_done_end_after_the_usage_chunk():
    chunks = [chunk({"content": "a"}), chunk(finish="stop"), USAGE_CHUNK]
    decoder = ChatStreams().decoder()
    events = decoder.decode(frames(*chunks, done=False))
    check_events(events)
    assert decoder.end() == []
    assert decoder.decode(DONE) == []


def test_servers_without_usage_or_done_end_with_the_stream():
    events = decoded(chunk({"content": "a"}), chunk(finish="stop"), done=False)
    check_events(events)


def test_a_stream_cut_short_has_no_closing_events():
    decoder = ChatStreams().decoder()
    events = decoder.decode(frames(chunk({"content": "a"}), done=False))
    assert not any(isinstance(it, StreamFinish) for it in events)
    assert decoder.end() == []


def test_usage_alone_and_empty_choices_are_no_trouble(put_together):
    answer = put_together(
        decoded({**HEAD, "choices": []}, chunk({"content": "a"}), chunk(finish="stop"), USAGE_CHUNK)
    )
    assert answer.usage == Usage(input_tokens=9, output_tokens=4)


def test_a_first_chunk_about_the_prompt_does_not_name_the_answer(put_together):
    filters = {"id": "", "model": "", "choices": [], "prompt_filter_results": [{}]}
    answer = put_together(decoded(filters, chunk({"content": "a"}, finish="stop")))
    assert (answer.id, answer.model) == ("chatcmpl-1", "gpt-5.5")


def test_other_choices_are_not_read(put_together):
    chunks = [chunk({"content": "a"}), chunk({"content": "b"}, index=1), chunk(finish="stop")]
    answer = put_together(decoded(*chunks, chunk(finish="length", index=1)))
    assert answer.blocks == [TextBlock(text="a")]


def test_an_error_ends_the_stream():
    events = decoded(
        chunk({"content": "a"}),
        {"error": {"message": "slow down", "type": "rate_limit_error", "code": "slow_down"}},
        chunk(finish="stop"),
    )
    check_events(events)
    assert events[-1] == StreamError(
        kind=ErrorKind.RATE_LIMIT, message="slow down", type="rate_limit_error", code="slow_down"
    )


def test_fields_of_the_first_chunk_are_kept(put_together):
    answer = put_together(decoded(chunk({"content": "a"}, finish="stop", service_tier="flex")))
    assert answer.extensions == {"openai_chat": {"service_tier": "flex"}}


@pytest.mark.parametrize(
    "payload",
    [
        b"{",
        b"[]",
        b"[" * 100_000,
        b'{"choices": 5}',
        b'{"choices": [5]}',
        b'{"choices": [{"delta": {"content": 5}}]}',
        b"[DONE]",
    ],
)
def test_what_is_no_chunk_is_an_error(payload):
    with pytest.raises(ValueError):
        ChatStreams().decoder().decode(b"data: " + payload + b"\n\n")


def test_many_fragments_take_linear_time():
    entry = {"type": "reasoning.text", "index": 0, "text": "x" * 50}
    chunks = [chunk({"reasoning_details": [entry]}) for _ in range(5000)]
    chunks += [calls(call(n % 2, id=f"c{n % 2}", name="f", arguments="{}")) for n in range(2)]
    chunks += [calls({"id": f"d{n}", "function": {"name": "f"}}) for n in range(5000)]
    events = decoded(*chunks, chunk(finish="tool_calls"))
    check_events(events)
    assert sum(isinstance(it, BlockStart) for it in events) == 5003


WORDS = st.text(min_size=1, max_size=6)
ARGUMENTS = st.sampled_from(["", "{}", '{"a": [1, {"b": "}"}]}', '{"a": ', "no json"])
MESSAGE = st.fixed_dictionaries(
    {},
    optional={
        "reasoning_content": WORDS,
        "content": WORDS,
        "refusal": WORDS,
        "audio": st.fixed_dictionaries({"id": WORDS, "data": WORDS, "transcript": WORDS}),
        "tool_calls": st.lists(
            st.one_of(
                st.fixed_dictionaries({"name": WORDS, "arguments": ARGUMENTS}).map(
                    lambda it: {"type": "function", "function": it}
                ),
                st.fixed_dictionaries({"name": WORDS, "input": st.text(max_size=6)}).map(
                    lambda it: {"type": "custom", "custom": it}
                ),
            ),
            min_size=1,
            max_size=3,
        ),
    },
)


def as_deltas(message, data):
    """A message cut into deltas, its calls interleaved as it comes."""
    for key in ("reasoning_content", "content", "refusal"):
        for piece in pieces(message.get(key, ""), data):
            yield {key: piece}
    if audio := message.get("audio"):
        yield {"audio": {"id": audio["id"]}}
        yield {"audio": {"data": audio["data"], "transcript": audio["transcript"]}}
    queues = []
    for index, entry in enumerate(message.get("tool_calls", [])):
        kind = entry["type"]
        body = entry[kind]
        key = "input" if kind == "custom" else "arguments"
        head = {"index": index, "id": entry["id"], "type": kind}
        queue = [{**head, kind: {"name": body["name"], key: ""}}]
        queue += [{"index": index, kind: {key: it}} for it in pieces(body[key], data)]
        queues.append(queue)
    for queue in queues:
        yield {"tool_calls": [queue.pop(0)]}
    while waiting := [queue for queue in queues if queue]:
        chosen = data.draw(st.sampled_from(waiting))
        yield {"tool_calls": [chosen.pop(0)]}


def pieces(text, data):
    cut = data.draw(st.integers(0, len(text)))
    return [piece for piece in (text[:cut], text[cut:]) if piece]


@given(message=MESSAGE, data=st.data())
@settings(max_examples=200)
def test_a_stream_amounts_to_the_whole_answer(put_together, message, data):
    for number, entry in enumerate(message.get("tool_calls", [])):
        entry["id"] = f"call_{number}"
    word = data.draw(st.sampled_from(["stop", "length", "tool_calls"]))
    chunks = [chunk(delta) for delta in as_deltas(message, data)]
    streamed = put_together(decoded(chunk(ROLE), *chunks, chunk(finish=word), USAGE_CHUNK))
    whole = {
        **HEAD,
        "object": "chat.completion",
        "choices": [{"index": 0, "message": message, "finish_reason": word}],
        "usage": USAGE,
    }
    assert streamed == ChatResponses().decode(msgspec.json.encode(whole))


def test_reasoning_that_is_only_signed_is_told_at_its_end(put_together):
    entry = {"type": "reasoning.text", "index": 0, "text": "", "signature": "s"}
    answer = put_together(decoded(chunk({"reasoning_details": [entry]}), chunk(finish="stop")))
    block = answer.blocks[0]
    assert isinstance(block, ReasoningBlock)
    assert (block.variant, block.opaque, block.parts) == ("signature_only", "s", [])


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(0, 2), st.text(max_size=3)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2), st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=4,
)
CALL = st.fixed_dictionaries(
    {},
    optional={
        "index": st.one_of(st.integers(0, 2), JSON),
        "id": st.one_of(st.sampled_from("ab"), JSON),
        "function": st.fixed_dictionaries(
            {}, optional={"name": st.one_of(st.just("f"), JSON), "arguments": ARGUMENTS}
        ),
        "custom": JSON,
    },
)
DETAIL = st.fixed_dictionaries(
    {"type": st.sampled_from(["reasoning.text", "reasoning.encrypted", "reasoning.summary", "x"])},
    optional=dict.fromkeys(["text", "summary", "data", "signature", "index", "id", "origin"], JSON),
)
DELTA = st.fixed_dictionaries(
    {},
    optional={
        "content": st.one_of(WORDS, JSON),
        "refusal": JSON,
        "reasoning": WORDS,
        "reasoning_details": st.one_of(st.lists(DETAIL, max_size=2), JSON),
        "audio": JSON,
        "annotations": JSON,
        "tool_calls": st.one_of(st.lists(CALL, max_size=2), JSON),
        "function_call": JSON,
    },
)


@given(st.lists(st.tuples(DELTA, st.sampled_from([None, None, "stop"])), max_size=8))
@settings(max_examples=300)
def test_any_deltas_follow_the_grammar_or_are_an_error(deltas):
    try:
        events = decoded(*(chunk(delta, word) for delta, word in deltas), chunk(ROLE, "stop"))
    except ValueError:
        return
    check_events(events)


@given(st.lists(st.tuples(DELTA, st.sampled_from([None, "stop"])), max_size=5))
@settings(max_examples=100)
def test_the_end_raises_nothing_that_reading_did_not(deltas):
    decoder = ChatStreams().decoder()
    try:
        events = decoder.decode(frames(*(chunk(*it) for it in deltas), done=False))
    except ValueError:
        return
    if closing := decoder.end():
        check_events([*events, *closing])
