import msgspec
import pytest
from anthropic.types import Message
from hypothesis import given
from hypothesis import strategies as st

from lunaroute_core.dialects.anthropic_messages import ANTHROPIC_MESSAGES
from lunaroute_core.model import (
    CacheWrites,
    Finish,
    FinishReason,
    HostedCallBlock,
    HostedResultBlock,
    NormalizedRequest,
    OpaqueBlock,
    Origin,
    ReasoningBlock,
    RequestSource,
    TextBlock,
    ToolCallBlock,
    Usage,
)

RESPONSES = ANTHROPIC_MESSAGES.responses
REQUEST = NormalizedRequest(model="m", source=RequestSource(dialect="anthropic_messages"))
ORIGIN = Origin(dialect="anthropic_messages", vendor="anthropic", model="claude")


def message(*content, stop="end_turn", **fields):
    return msgspec.json.encode(
        {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": "claude",
            "content": list(content),
            "stop_reason": stop,
            "stop_sequence": None,
            "usage": {"input_tokens": 1, "output_tokens": 2},
            **fields,
        }
    )


def finish_of(*content, **fields):
    return RESPONSES.decode(message(*content, **fields)).finish


CALL = {"type": "tool_use", "id": "c", "name": "f", "input": {}}
TEXT = {"type": "text", "text": "x", "citations": None}


def test_a_message_is_read_into_blocks():
    search = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": "q"}}
    found = {"type": "web_search_tool_result", "tool_use_id": "s", "content": []}
    upload = {"type": "container_upload", "file_id": "f"}
    citation = {"type": "web_search_result_location", "url": "https://x", "title": "X"}
    response = RESPONSES.decode(
        message(
            {"type": "thinking", "thinking": "Hm.", "signature": "s1"},
            {"type": "thinking", "thinking": "", "signature": "s2"},
            {"type": "redacted_thinking", "data": "r"},
            search,
            found,
            {"type": "text", "text": "x", "citations": [citation]},
            {"type": "tool_use", "id": "c", "name": "f", "input": {"a": 1}, "caller": {}},
            upload,
            stop="tool_use",
            container=None,
            future={"a": 1},
        )
    )
    kinds = [type(block) for block in response.blocks]
    assert kinds == [
        *[ReasoningBlock] * 3,
        HostedCallBlock,
        HostedResultBlock,
        TextBlock,
        ToolCallBlock,
        OpaqueBlock,
    ]
    seen, hidden, redacted, asked, _, text, call, _ = response.blocks
    assert seen == ReasoningBlock(parts=["Hm."], opaque="s1", origin=ORIGIN)
    assert hidden == ReasoningBlock(variant="signature_only", opaque="s2", origin=ORIGIN)
    assert redacted == ReasoningBlock(variant="redacted", opaque="r", origin=ORIGIN)
    assert asked.raw == search
    assert text.citations[0].url == "https://x"
    assert (call.raw_arguments, call.arguments) == ('{"a":1}', {"a": 1})
    assert call.extensions == {"anthropic_messages": {"caller": {}}}
    assert response.extensions == {"anthropic_messages": {"container": None, "future": {"a": 1}}}
    assert (response.id, response.model) == ("msg_1", "claude")
    assert response.usage == Usage(input_tokens=1, output_tokens=2)


def test_usage_is_read_in_disjoint_counters():
    usage = {
        "input_tokens": 10,
        "cache_read_input_tokens": 90,
        "cache_creation_input_tokens": 20,
        "output_tokens": 5,
    }
    read = RESPONSES.decode(message(TEXT, usage=usage)).usage
    assert read.cache_writes == CacheWrites(unknown=20)
    assert (read.prompt_tokens, read.total_tokens) == (120, 125)


@pytest.mark.parametrize(
    ("content", "word", "reason"),
    [
        ([TEXT], "end_turn", FinishReason.STOP),
        ([CALL], "end_turn", FinishReason.TOOL_CALLS),
        ([TEXT], "tool_use", FinishReason.STOP),
        ([CALL], "stop_sequence", FinishReason.TOOL_CALLS),
        ([CALL], "max_tokens", FinishReason.LENGTH),
        ([TEXT], "model_context_window_exceeded", FinishReason.CONTEXT_WINDOW),
        ([TEXT], "pause_turn", FinishReason.PAUSE),
        ([CALL], "refusal", FinishReason.CONTENT_FILTER),
        ([TEXT], "later_word", FinishReason.STOP),
    ],
)
def test_why_it_stopped_is_decided_by_the_content_too(content, word, reason):
    assert finish_of(*content, stop=word) == Finish(reason=reason, raw=word)


def test_what_else_is_said_of_the_stop_is_kept():
    details = {"type": "refusal", "category": "cyber", "explanation": "No."}
    assert finish_of(TEXT, stop="refusal", stop_details=details).details == details
    assert finish_of(TEXT, stop="stop_sequence", stop_sequence="END").stop_sequence == "END"
    assert finish_of(TEXT, stop=None) is None


@given(data=st.data())
def test_decoding_and_encoding_is_the_identity(data, wire_messages):
    body = msgspec.json.encode(data.draw(wire_messages))
    encoded = RESPONSES.encode(RESPONSES.decode(body), request=REQUEST)
    assert Message.model_validate_json(encoded) == Message.model_validate_json(
        msgspec.json.encode({**msgspec.json.decode(body), "stop_details": None})
    )


@given(data=st.data())
def test_a_summary_says_the_same_as_the_whole(data, wire_messages):
    body = msgspec.json.encode(data.draw(wire_messages))
    summary, response = RESPONSES.summarize(body), RESPONSES.decode(body)
    assert (summary.id, summary.model, summary.usage) == (
        response.id,
        response.model,
        response.usage,
    )
    assert summary.finish_reason == response.finish.reason


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"<html>",
        b"{}",
        b'{"type":"error","error":{"type":"api_error","message":"x"}}',
        message(TEXT, id=None),
        message(TEXT, id=1),
        message(TEXT, content="x"),
        message({"type": "text"}),
        message({"text": "x"}),
        message({**CALL, "input": "x"}),
        message(TEXT, usage=[]),
        message(TEXT)[:-1],
        b'{"type":"message","content":' + b"[" * 100_000,
        message(TEXT).replace(b'"x"', b'"\xff"'),
    ],
)
def test_what_is_no_message_is_a_value_error(body):
    with pytest.raises(ValueError, match=r".+"):
        RESPONSES.decode(body)


@given(body=st.binary(max_size=40))
def test_any_bytes_at_all_are_an_answer_or_a_value_error(body):
    with pytest.raises(ValueError, match=r"(?s).*"):
        RESPONSES.decode(body)


BLOCKS = st.lists(
    st.one_of(
        st.fixed_dictionaries(
            {"type": st.just("text"), "text": st.text()},
            optional={
                "citations": st.sampled_from([None, [], [{"type": "char_location"}]]),
                "cache_control": st.sampled_from([None, {"type": "ephemeral"}]),
            },
        ),
        st.fixed_dictionaries(
            {
                **{key: st.just(value) for key, value in CALL.items()},
                "input": st.sampled_from([{}, {"a": [1, {"b": None}]}, {"\n": "\u00e9"}]),
            },
            optional={
                "caller": st.sampled_from([None, {"type": "direct"}, "odd"]),
                "cache_control": st.none(),
            },
        ),
        st.fixed_dictionaries(
            {"type": st.just("thinking"), "thinking": st.sampled_from(["", "Hm."])},
            optional={"signature": st.sampled_from([None, "", "s"])},
        ),
        st.just({"type": "redacted_thinking", "data": "r"}),
    ),
    max_size=3,
)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "stop_reason": st.sampled_from([None, "end_turn", "tool_use", "max_tokens", "odd"]),
        "usage": st.sampled_from([None, {}, {"output_tokens": 2, "speed": "fast", "odd": 1}]),
        "stop_details": st.none(),
        "role": st.none(),
    },
)


@given(BLOCKS, FIELDS)
def test_a_message_reads_the_same_with_a_field_that_is_not_known(content, fields):
    plain = RESPONSES.decode(message(*content, **fields))
    odd = RESPONSES.decode(message(*content, **fields, odd=1))
    assert plain.extensions == {}
    assert odd.extensions == {"anthropic_messages": {"odd": 1}}
    assert msgspec.structs.replace(odd, extensions={}) == plain


@given(BLOCKS)
def test_a_block_reads_the_same_with_a_field_that_is_not_known(content):
    plain = RESPONSES.decode(message(*content)).blocks
    odd = RESPONSES.decode(message(*[{**block, "odd": 1} for block in content])).blocks
    for block in odd:
        assert block.extensions["anthropic_messages"].pop("odd") == 1
        if not block.extensions["anthropic_messages"]:
            block.extensions = {}
    assert odd == plain


@pytest.mark.parametrize(
    "block", [{"type": "text"}, {"type": "text", "text": None}, {"type": "text", "text": 1}]
)
def test_a_text_without_its_text_is_refused_by_its_place(block):
    with pytest.raises(ValueError, match=r"content\[1\]\.text"):
        RESPONSES.decode(message(TEXT, block))


@pytest.mark.parametrize(
    ("block", "place"),
    [
        ({**CALL, "id": None}, "id"),
        ({**CALL, "name": 1}, "name"),
        ({**CALL, "input": None}, "input"),
        ({**CALL, "input": []}, "input"),
        ({"type": "thinking", "signature": "s"}, "thinking"),
        ({"type": "thinking", "thinking": "Hm.", "signature": 1}, "signature"),
        ({**TEXT, "citations": [1]}, r"citations\[0\]"),
        ({"text": "x"}, "type"),
    ],
)
def test_what_is_wrong_in_a_block_is_named_by_its_place(block, place):
    with pytest.raises(ValueError, match=rf"content\[1\]\.{place}: "):
        RESPONSES.decode(message(TEXT, block))


@pytest.mark.parametrize("written", ['{"a":1.50}', '{ "a" : 1e2 }', '{"a":"\\u00e9","a":2}', "{}"])
def test_a_calls_arguments_stay_the_text_that_came(written):
    body = message(CALL).replace(b'"input":{}', f'"input":{written}'.encode())
    (call,) = RESPONSES.decode(body).blocks
    assert call.raw_arguments == written
    assert call.arguments == msgspec.json.decode(written)


def test_a_number_that_no_float_can_hold_is_a_value_error_wherever_it_stands():
    body = message(CALL).replace(b'"input":{}', b'"input":{"a":1e999}')
    with pytest.raises(ValueError, match=r"content\[0\]\.input"):
        RESPONSES.decode(body)
    with pytest.raises(ValueError, match="out of range"):
        RESPONSES.decode(message(TEXT)[:-1] + b',"odd":1e999}')
