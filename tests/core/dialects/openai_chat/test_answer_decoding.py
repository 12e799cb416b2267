import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from lunaroute_core.dialects.openai_chat.responses import ChatResponses
from lunaroute_core.model import (
    AudioBlock,
    CacheWrites,
    Citation,
    Finish,
    FinishReason,
    NormalizedRequest,
    Origin,
    ReasoningBlock,
    RefusalBlock,
    RequestSource,
    TextBlock,
    ToolCallBlock,
    Usage,
)

HEAD = {"id": "chatcmpl-1", "object": "chat.completion", "created": 7, "model": "m"}
ORIGIN = Origin(dialect="openai_chat", model="m")
REQUEST = NormalizedRequest(model="m", source=RequestSource(dialect="openai_chat"))


def answer(message=None, finish="stop", **fields):
    message = {"role": "assistant", "content": "hi", **(message or {})}
    choice = {"index": 0, "message": message, "finish_reason": finish}
    return {**HEAD, "choices": [choice], **fields}


def decode(whole):
    return ChatResponses().decode(msgspec.json.encode(whole))


def blocks(**message):
    return decode(answer({"content": None, **message})).blocks


def test_a_plain_answer():
    decoded = decode(answer(usage={"prompt_tokens": 2600, "completion_tokens": 5}))
    assert (decoded.id, decoded.model, decoded.created) == ("chatcmpl-1", "m", 7)
    assert decoded.blocks == [TextBlock(text="hi")]
    assert decoded.finish == Finish(reason=FinishReason.STOP, raw="stop")
    assert decoded.usage == Usage(input_tokens=2600, output_tokens=5)
    assert decoded.extensions == {}


def test_usage_is_split_into_disjoint_counts():
    details = {"cached_tokens": 2000, "cache_write_tokens": 400}
    usage = {"prompt_tokens": 2600, "completion_tokens": 5, "prompt_tokens_details": details}
    assert decode(answer(usage=usage)).usage == Usage(
        input_tokens=200,
        cache_read_tokens=2000,
        cache_writes=CacheWrites(unknown=400),
        output_tokens=5,
    )


def test_calls_of_functions_and_custom_tools():
    entries = [
        {"id": "a", "type": "function", "function": {"name": "f", "arguments": '{"x": 1}'}},
        {"id": "b", "type": "function", "function": {"name": "g", "arguments": ""}},
        {"id": "c", "type": "custom", "custom": {"name": "patch", "input": "{}"}},
    ]
    assert blocks(tool_calls=entries) == [
        ToolCallBlock(id="a", name="f", raw_arguments='{"x": 1}', arguments={"x": 1}),
        ToolCallBlock(id="b", name="g", raw_arguments="", arguments=UNSET),
        ToolCallBlock(id="c", name="patch", raw_arguments="{}", tool_kind="custom"),
    ]


def test_a_legacy_call_and_calls_without_ids_get_ids_by_their_place():
    function = {"name": "f", "arguments": "{}"}
    legacy = blocks(function_call=function)
    assert legacy == blocks(tool_calls=[{"function": function}])
    assert legacy[0].id.startswith("call_")


def test_arguments_given_as_an_object_are_text():
    entry = {"id": "a", "function": {"name": "f", "arguments": {"x": [1]}}}
    assert blocks(tool_calls=[entry])[0].raw_arguments == '{"x":[1]}'


def test_a_refusal_is_the_models_own():
    decoded = decode(answer({"content": None, "refusal": "no"}))
    assert decoded.blocks == [RefusalBlock(text="no")]
    assert decoded.finish.reason is FinishReason.REFUSAL


@pytest.mark.parametrize("key", ["reasoning_content", "reasoning"])
def test_reasoning_text_of_compatible_servers(key):
    assert blocks(**{key: "hm"}) == [ReasoningBlock(parts=["hm"], origin=ORIGIN)]


def test_reasoning_entries_come_before_text_and_are_not_doubled():
    details = [
        {"type": "reasoning.summary", "summary": "s", "id": "rs_1"},
        {"type": "reasoning.encrypted", "data": "x", "origin": {"dialect": "openai_responses"}},
    ]
    summary, encrypted, text = blocks(reasoning="s", reasoning_details=details, content="hi")
    assert (summary.parts, summary.item_id, summary.origin) == (["s"], "rs_1", ORIGIN)
    assert (encrypted.variant, encrypted.opaque) == ("redacted", "x")
    assert encrypted.origin == Origin(dialect="openai_responses")
    assert text == TextBlock(text="hi")


def test_text_beside_entries_without_any_is_kept():
    details = [{"type": "reasoning.encrypted", "data": "x"}]
    assert [it.variant for it in blocks(reasoning="s", reasoning_details=details)] == [
        "visible",
        "redacted",
    ]


def test_content_in_parts():
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}
    content = [thinking, {"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    assert blocks(content=content) == [
        ReasoningBlock(parts=["hm"], origin=ORIGIN),
        TextBlock(text="ab"),
    ]


def test_annotations_are_citations():
    cited = {"url": "https://a", "title": "A", "start_index": 0, "end_index": 2}
    raw = {"type": "url_citation", "url_citation": cited}
    file = {"type": "file_citation", "file_id": "f"}
    assert blocks(content="hi", annotations=[raw, file])[0].citations == [
        Citation(dialect="openai_chat", raw=raw, url="https://a", title="A", start=0, end=2),
        Citation(dialect="openai_chat", raw=file),
    ]


def test_audio():
    audio = {"id": "au", "data": "QQ==", "expires_at": 5, "transcript": "hi"}
    assert blocks(audio=audio) == [
        AudioBlock(audio_id="au", data="QQ==", expires_at=5, transcript="hi")
    ]


@pytest.mark.parametrize(
    ("word", "calls", "reason"),
    [
        ("stop", True, FinishReason.TOOL_CALLS),
        ("tool_calls", False, FinishReason.STOP),
        ("function_call", True, FinishReason.TOOL_CALLS),
        ("length", True, FinishReason.LENGTH),
        ("content_filter", True, FinishReason.CONTENT_FILTER),
        ("error", False, FinishReason.ERROR),
        ("eos_token", False, FinishReason.STOP),
        (None, True, FinishReason.TOOL_CALLS),
    ],
)
def test_the_finish_agrees_with_the_content(word, calls, reason):
    entry = {"id": "a", "function": {"name": "f", "arguments": "{}"}}
    decoded = decode(answer({"tool_calls": [entry] if calls else []}, finish=word))
    assert decoded.finish == Finish(reason=reason, raw=word)


def test_further_choices_are_alternatives_and_unknown_fields_are_kept():
    whole = answer(service_tier="flex", system_fingerprint=None)
    whole["choices"][0]["logprobs"] = {"content": []}
    message = {"role": "assistant", "content": "other"}
    other = {"index": 1, "message": message, "finish_reason": "length", "own": 1}
    whole["choices"].append(other)
    decoded = decode(whole)
    assert [it.blocks for it in decoded.alternatives] == [[TextBlock(text="other")]]
    assert decoded.alternatives[0].finish.reason is FinishReason.LENGTH
    again = msgspec.json.decode(ChatResponses().encode(decoded, request=REQUEST))
    assert again["service_tier"] == "flex"
    assert again["choices"][0]["logprobs"] == {"content": []}
    assert again["choices"][1]["own"] == 1
    assert "$form" not in again


def test_fractions_of_seconds_are_cut_off():
    assert decode(answer(created=7.9)).created == 7
    assert decode(answer(created=1e300)).created is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b"[" * 100_000,
        b'{"choices": []}',
        b'{"choices": 1}',
        b'{"choices": [1]}',
        b'{"choices": [{"delta": {}}]}',
        b'{"choices": [{"message": {"content": 1}}]}',
        b'{"choices": [{"message": {"tool_calls": [{"id": "a"}]}}]}',
        b'{"error": {"message": "no"}, "choices": [{"message": {}}]}',
    ],
)
def test_what_is_no_answer_is_an_error(body):
    with pytest.raises(ValueError):
        ChatResponses().decode(body)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=3)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)
KEYS = ["content", "refusal", "tool_calls", "audio", "annotations", "reasoning_details"]


@given(st.fixed_dictionaries({}, optional=dict.fromkeys([*KEYS, "function_call"], JSON)))
def test_any_message_is_an_answer_or_an_error(message):
    try:
        decoded = decode(answer(message))
    except ValueError:
        return
    assert decoded.finish is not None
