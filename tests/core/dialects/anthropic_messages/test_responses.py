import msgspec
import pytest
from anthropic.types import Message
from anthropic.types.beta import BetaMessage
from hypothesis import given
from hypothesis import strategies as st

from lunaroute_core.dialects.anthropic_messages import ANTHROPIC_MESSAGES
from lunaroute_core.dialects.codec import AnswerSummary
from lunaroute_core.model import (
    AudioBlock,
    CacheWrites,
    Citation,
    Finish,
    FinishReason,
    HostedResultBlock,
    NormalizedRequest,
    NormalizedResponse,
    OpaqueBlock,
    ReasoningBlock,
    RefusalBlock,
    RequestSource,
    TextBlock,
    ToolCallBlock,
    Usage,
)

RESPONSES = ANTHROPIC_MESSAGES.responses
NAME = "anthropic_messages"
REQUEST = NormalizedRequest(model="m", source=RequestSource(dialect=NAME))
STOP = Finish(reason=FinishReason.STOP)
WEB_CITATION = {
    "type": "web_search_result_location",
    "url": "https://x",
    "title": "X",
    "cited_text": "x",
    "encrypted_index": "abc",
}


def encoded(*blocks, finish=STOP, **fields):
    response = NormalizedResponse(
        **{"id": "msg_1", "model": "m", "blocks": list(blocks), "finish": finish, **fields}
    )
    body = RESPONSES.encode(response, request=REQUEST)
    Message.model_validate_json(body)
    return msgspec.json.decode(body)


def test_a_summary_reads_identity_finish_and_usage():
    body = msgspec.json.encode(
        {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": "claude",
            "content": [{"type": "text", "text": "x", "usage": "decoy"}],
            "stop_reason": "refusal",
            "stop_sequence": None,
            "usage": {
                "input_tokens": 10,
                "cache_read_input_tokens": 2,
                "cache_creation_input_tokens": 4,
                "cache_creation": {"ephemeral_5m_input_tokens": 1, "ephemeral_1h_input_tokens": 3},
                "output_tokens": 5,
                "output_tokens_details": {"thinking_tokens": 2},
            },
        }
    )
    assert RESPONSES.summarize(body) == AnswerSummary(
        id="msg_1",
        model="claude",
        finish_reason=FinishReason.CONTENT_FILTER,
        usage=Usage(
            input_tokens=10,
            cache_read_tokens=2,
            cache_writes=CacheWrites(m5=1, h1=3),
            output_tokens=5,
            reasoning_tokens=2,
        ),
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html></html>",
        b"[]",
        b"{}",
        b'{"type":"error","error":{"type":"api_error","message":"x"}}',
        b'{"object":"chat.completion","id":"x"}',
        b'{"type":"message"',
        b'{"type":"message","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
)
def test_what_is_no_message_is_refused(body):
    with pytest.raises(ValueError):
        RESPONSES.summarize(body)


def test_a_message_has_all_that_the_vendor_sends():
    assert encoded(TextBlock(text="Hi"), usage=Usage(input_tokens=3, output_tokens=1)) == {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [{"type": "text", "text": "Hi"}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "stop_details": None,
        "usage": {
            "input_tokens": 3,
            "cache_creation_input_tokens": None,
            "cache_read_input_tokens": None,
            "output_tokens": 1,
        },
    }


def test_an_id_of_another_vendor_gets_the_prefix_of_this_one():
    assert encoded(id="chatcmpl-1")["id"] == "msg_chatcmpl-1"


@pytest.mark.parametrize(
    ("block", "wire"),
    [
        (
            TextBlock(text="t", citations=[Citation(dialect=NAME, raw=WEB_CITATION)]),
            {"type": "text", "text": "t", "citations": [WEB_CITATION]},
        ),
        (
            TextBlock(text="t", citations=[Citation(dialect="openai_chat", raw={"a": 1})]),
            {"type": "text", "text": "t"},
        ),
        (RefusalBlock(text="No."), {"type": "text", "text": "No."}),
        (
            ReasoningBlock(parts=["a", "b"], opaque="s"),
            {"type": "thinking", "thinking": "a\n\nb", "signature": "s"},
        ),
        (
            ReasoningBlock(variant="signature_only", opaque="s"),
            {"type": "thinking", "thinking": "", "signature": "s"},
        ),
        (ReasoningBlock(parts=["a"]), {"type": "thinking", "thinking": "a", "signature": ""}),
        (
            ReasoningBlock(variant="redacted", opaque="d"),
            {"type": "redacted_thinking", "data": "d"},
        ),
        (
            ToolCallBlock(
                id="c",
                name="f",
                raw_arguments='{"a":1}',
                extensions={NAME: {"caller": {"type": "direct"}}},
            ),
            {
                "type": "tool_use",
                "id": "c",
                "name": "f",
                "input": {"a": 1},
                "caller": {"type": "direct"},
            },
        ),
        (
            HostedResultBlock(
                dialect=NAME,
                type="web_search_tool_result",
                raw={"type": "web_search_tool_result", "tool_use_id": "s", "content": []},
            ),
            {"type": "web_search_tool_result", "tool_use_id": "s", "content": []},
        ),
    ],
)
def test_a_block_is_written_in_the_vendors_form(block, wire):
    assert encoded(block)["content"] == [wire]


@pytest.mark.parametrize(
    "block",
    [
        AudioBlock(data="x", format="wav"),
        OpaqueBlock(dialect="openai_responses", type="program", raw={"type": "program"}),
    ],
)
def test_a_block_that_no_message_can_hold_is_left_out(block):
    assert encoded(block, TextBlock(text="x"))["content"] == [{"type": "text", "text": "x"}]


@pytest.mark.parametrize(
    ("kind", "raw", "written"),
    [
        ("function", "", {}),
        ("function", " \n", {}),
        ("function", '{"a": [1, null]}', {"a": [1, None]}),
        ("function", '{"a": "tr', {"a": "tr", "_raw_arguments": '{"a": "tr'}),
        ("function", "[1]", {"_raw_arguments": "[1]"}),
        ("custom", "free text", {"input": "free text"}),
    ],
)
def test_a_calls_input_is_always_an_object(kind, raw, written):
    call = ToolCallBlock(id="c", name="f", tool_kind=kind, raw_arguments=raw)
    assert encoded(call)["content"][0]["input"] == written


def test_calls_make_the_reason_tool_use():
    assert encoded(ToolCallBlock(id="c", name="f"))["stop_reason"] == "tool_use"


def test_the_vendors_own_fields_come_back():
    container = {"id": "c", "expires_at": "2026-01-01T00:00:00Z"}
    written = encoded(extensions={NAME: {"container": container}, "openai_chat": {"x": 1}})
    assert written["container"] == container
    assert "x" not in written


def test_an_answer_that_ended_in_an_error_is_no_message():
    response = NormalizedResponse(id="m", model="m", finish=Finish(reason=FinishReason.ERROR))
    with pytest.raises(ValueError, match="error"):
        RESPONSES.encode(response, request=REQUEST)


def instances(kind: type, **fields: st.SearchStrategy) -> st.SearchStrategy:
    return st.fixed_dictionaries(fields).map(lambda values: kind(**values))


any_block = st.one_of(
    instances(TextBlock, text=st.text()),
    instances(RefusalBlock, text=st.text()),
    instances(
        ReasoningBlock,
        variant=st.sampled_from(["visible", "redacted", "signature_only"]),
        parts=st.lists(st.text(), max_size=3),
        opaque=st.none() | st.text(),
    ),
    instances(ToolCallBlock, id=st.text(), name=st.text(), raw_arguments=st.text()),
    instances(AudioBlock, transcript=st.text()),
)
counts = st.none() | st.integers(min_value=0, max_value=10**6)


@given(
    st.lists(any_block, max_size=4),
    st.sampled_from(sorted(set(FinishReason) - {FinishReason.ERROR})),
    instances(Usage, input_tokens=counts, output_tokens=counts, reasoning_tokens=counts),
)
def test_every_answer_is_a_message_to_the_sdk(blocks, reason, usage):
    response = NormalizedResponse(
        id="x", model="m", blocks=blocks, finish=Finish(reason=reason), usage=usage
    )
    body = RESPONSES.encode(response, request=REQUEST)
    Message.model_validate_json(body)
    BetaMessage.model_validate_json(body)
    assert RESPONSES.summarize(body).usage.output_tokens == (usage.output_tokens or 0)
