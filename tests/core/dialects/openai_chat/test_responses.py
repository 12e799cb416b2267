import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat import ChatCompletion

from lunaroute_core.dialects.codec import AnswerSummary
from lunaroute_core.dialects.openai_chat.responses import ChatResponses
from lunaroute_core.model import (
    AudioBlock,
    Candidate,
    Citation,
    Finish,
    FinishReason,
    HostedCallBlock,
    NormalizedRequest,
    NormalizedResponse,
    ReasoningBlock,
    RefusalBlock,
    RequestSource,
    TextBlock,
    ToolCallBlock,
    Usage,
)

RESPONSES = ChatResponses()
REQUEST = NormalizedRequest(model="m", source=RequestSource(dialect="openai_chat"))
OLD = NormalizedRequest(
    model="m", source=RequestSource(dialect="openai_chat", legacy_functions=True)
)
COMPLETION = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "gpt-5.5",
    "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}
    ],
    "usage": {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8},
}
CALL = ToolCallBlock(id="c0", name="f", raw_arguments='{ "a": 1 }', arguments={"a": 1})


def summarize(**changes):
    return RESPONSES.summarize(msgspec.json.encode({**COMPLETION, **changes}))


def answer(*blocks, reason=FinishReason.STOP, **fields):
    finish = None if reason is None else Finish(reason=reason)
    return NormalizedResponse(
        id="msg_1", model="served", blocks=list(blocks), finish=finish, **fields
    )


@pytest.fixture
def message(encoded):
    """The message that blocks become."""
    return lambda *blocks, request=REQUEST: encoded(answer(*blocks), request)["choices"][0][
        "message"
    ]


def test_an_answer_is_summarized():
    assert summarize() == AnswerSummary(
        id="chatcmpl-1",
        model="gpt-5.5",
        finish_reason=FinishReason.STOP,
        usage=Usage(input_tokens=3, output_tokens=5),
    )


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("length", FinishReason.LENGTH),
        ("tool_calls", FinishReason.TOOL_CALLS),
        ("function_call", FinishReason.TOOL_CALLS),
        ("content_filter", FinishReason.CONTENT_FILTER),
        ("eos", None),
        (None, None),
    ],
)
def test_the_finish_reason_is_read_and_an_unknown_word_means_nothing(word, reason):
    assert summarize(choices=[{"finish_reason": word}]).finish_reason is reason


@pytest.mark.parametrize(
    "changes",
    [
        {"usage": None},
        {"usage": "x"},
        {"usage": ...},
        {"error": None},
        {"id": None},
        {"choices": []},
    ],
)
def test_what_compatible_servers_leave_out_is_no_fault(changes):
    body = {k: v for k, v in {**COMPLETION, **changes}.items() if v is not ...}
    assert RESPONSES.summarize(msgspec.json.encode(body)).model == "gpt-5.5"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"null",
        b"{}",
        b'{"error":{"message":"x"}}',
        b'{"choices":[],"error":{"message":"x"}}',
        b'{"choices":[],"error":"x"}',
        b'{"choices":null}',
        b'{"choices":[1]}',
        b'{"id":"resp_1","object":"response","output":[]}',
        b'{"type":"message","content":[],"stop_reason":"end_turn"}',
        msgspec.json.encode(COMPLETION)[:-9],
        b'{"choices":' + b"[" * 200_000,
        b"\xff",
    ],
)
def test_other_bytes_are_no_completion(body):
    with pytest.raises(ValueError):
        RESPONSES.summarize(body)


def test_an_answer_is_encoded(encoded):
    response = answer(
        TextBlock(text="hello"), usage=Usage(input_tokens=3, output_tokens=5), created=7
    )
    assert encoded(response, REQUEST) == {
        "id": encoded(response, REQUEST)["id"],
        "object": "chat.completion",
        "created": 7,
        "model": "served",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "hello", "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {
            "prompt_tokens": 3,
            "completion_tokens": 5,
            "total_tokens": 8,
            "prompt_tokens_details": {
                "cached_tokens": 0,
                "cache_write_tokens": 0,
                "audio_tokens": 0,
            },
            "completion_tokens_details": {
                "reasoning_tokens": 0,
                "audio_tokens": 0,
                "accepted_prediction_tokens": 0,
                "rejected_prediction_tokens": 0,
            },
        },
    }


def test_the_time_is_ours_where_the_vendor_gives_none(encoded):
    assert encoded(answer(), REQUEST)["created"] == 1_800_000_000


def test_the_id_has_chats_form(encoded):
    assert encoded(answer(), REQUEST)["id"].startswith("chatcmpl-")


def test_texts_are_joined_without_separators(message):
    assert message(TextBlock(text="a"), TextBlock(text="b"))["content"] == "ab"


@pytest.mark.parametrize(
    ("blocks", "content"),
    [
        ([], ""),
        ([ReasoningBlock(parts=["hm"])], ""),
        ([TextBlock(text="")], ""),
        ([CALL], None),
        ([TextBlock(text=""), CALL], None),
        ([TextBlock(text="a"), CALL], "a"),
        ([RefusalBlock(text="no")], None),
        ([AudioBlock(audio_id="a")], None),
    ],
)
def test_content_is_null_only_where_something_stands_in_its_place(message, blocks, content):
    assert message(*blocks)["content"] == content


def test_calls_keep_the_arguments_as_written(message):
    custom = ToolCallBlock(id="c1", name="patch", tool_kind="custom", raw_arguments="")
    assert message(CALL, custom)["tool_calls"] == [
        {"id": "c0", "type": "function", "function": {"name": "f", "arguments": '{ "a": 1 }'}},
        {"id": "c1", "type": "custom", "custom": {"name": "patch", "input": ""}},
    ]


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        (ToolCallBlock(id="c", name="f"), "{}"),
        (ToolCallBlock(id="c", name="f", arguments={"a": 1}), '{"a":1}'),
        (ToolCallBlock(id="c", name="f", raw_arguments=" "), " {}"),
        (ToolCallBlock(id="c", name="f", raw_arguments='{"a":'), '{"a":'),
    ],
)
def test_arguments_of_a_function_are_never_empty(message, call, arguments):
    assert message(call)["tool_calls"][0]["function"]["arguments"] == arguments


def test_a_client_of_the_old_functions_gets_the_first_call_in_the_old_form(encoded):
    choice = encoded(answer(CALL, ToolCallBlock(id="c1", name="g")), OLD)["choices"][0]
    assert choice["message"]["function_call"] == {"name": "f", "arguments": '{ "a": 1 }'}
    assert "tool_calls" not in choice["message"]
    assert choice["finish_reason"] == "function_call"


def test_refusals_are_joined(message):
    assert message(RefusalBlock(text="I "), RefusalBlock(text="won't"))["refusal"] == "I won't"


def test_reasoning_is_readable_and_whole(message):
    got = message(
        ReasoningBlock(parts=["a", "b"], opaque="s1"),
        ReasoningBlock(variant="redacted", opaque="s2"),
        TextBlock(text="x"),
    )
    assert got["reasoning_content"] == "a\n\nb"
    assert got["reasoning_details"] == [
        {"type": "reasoning.text", "index": 0, "text": "a\n\nb", "signature": "s1"},
        {"type": "reasoning.encrypted", "index": 1, "data": "s2"},
    ]


def test_an_answer_without_reasoning_has_no_fields_for_it(message):
    assert message(TextBlock(text="a")).keys() == {"role", "content", "refusal"}


def test_citations_count_over_the_joined_text(message):
    cited = Citation(
        dialect="anthropic_messages", raw={}, url="https://a", title="A", start=0, end=2
    )
    unplaced = Citation(dialect="anthropic_messages", raw={}, title="a page")
    got = message(TextBlock(text="abc"), TextBlock(text="de", citations=[cited, unplaced]))
    assert [it["url_citation"]["start_index"] for it in got["annotations"]] == [3]


def test_audio_is_written(message):
    audio = AudioBlock(audio_id="a", data="AA", transcript="t", expires_at=9)
    assert message(audio)["audio"] == {"id": "a", "data": "AA", "transcript": "t", "expires_at": 9}


def test_calls_that_the_vendor_ran_itself_are_not_the_clients_to_run(message):
    hosted = HostedCallBlock(dialect="anthropic_messages", type="server_tool_use", raw={}, id="s")
    assert message(hosted, TextBlock(text="a")).keys() == {"role", "content", "refusal"}


def test_alternatives_are_further_choices(encoded):
    other = Candidate(index=1, blocks=[CALL], finish=Finish(reason=FinishReason.STOP))
    choices = encoded(answer(TextBlock(text="a"), alternatives=[other]), REQUEST)["choices"]
    assert [(it["index"], it["finish_reason"]) for it in choices] == [
        (0, "stop"),
        (1, "tool_calls"),
    ]


def test_chats_own_fields_are_written_again_and_others_are_not(encoded):
    extensions = {
        "openai_chat": {"system_fingerprint": "fp", "id": "forged", "$form": {"x": 1}},
        "anthropic_messages": {"container": "c"},
    }
    got = encoded(answer(extensions=extensions), REQUEST)
    assert got["system_fingerprint"] == "fp"
    assert got["id"] != "forged"
    assert got.keys() == {*COMPLETION, "system_fingerprint"}


def test_chats_own_fields_of_a_choice_are_written_again(encoded):
    """Those of the first choice are the answer's, those of others their own."""
    own = {"logprobs": {"content": None, "refusal": []}, "content_filter_results": {"hate": {}}}
    other = Candidate(
        index=1, blocks=[TextBlock(text="b")], finish=None, extensions={"openai_chat": own}
    )
    first = {"openai_chat": {"$form": {"choice": own}}}
    response = answer(TextBlock(text="a"), alternatives=[other], extensions=first)
    choices = encoded(response, REQUEST)["choices"]
    assert [{key: it[key] for key in own} for it in choices] == [own, own]


BLOCKS = st.lists(
    st.builds(TextBlock, text=st.text(max_size=5))
    | st.builds(RefusalBlock, text=st.text(max_size=5))
    | st.builds(
        ReasoningBlock,
        parts=st.lists(st.text(max_size=5), max_size=2),
        opaque=st.none() | st.text(max_size=5),
    )
    | st.builds(
        ToolCallBlock,
        id=st.text(),
        name=st.text(),
        tool_kind=st.sampled_from(["function", "custom"]),
        raw_arguments=st.text(max_size=5),
    )
    | st.builds(AudioBlock, audio_id=st.none() | st.text(), data=st.none() | st.text()),
    max_size=5,
)


@given(BLOCKS, st.sampled_from([*FinishReason, None]), st.sampled_from([REQUEST, OLD]))
def test_every_answer_is_one_that_the_sdk_knows_and_we_summarize(blocks, reason, request):
    raw = RESPONSES.encode(
        answer(*blocks, reason=reason, usage=Usage(input_tokens=1)), request=request
    )
    ChatCompletion.model_validate_json(raw, strict=True)
    summary = RESPONSES.summarize(raw)
    assert (summary.model, summary.usage.input_tokens) == ("served", 1)
    assert summary.finish_reason is not None


def test_an_answer_nested_too_deeply_is_no_answer():
    deep = b"[" * 200_000 + b"]" * 200_000
    with pytest.raises(ValueError, match="nested too deeply"):
        RESPONSES.summarize(b'{"choices":[],"x":' + deep + b"}")


def test_a_reason_without_a_word_stands_beside_the_one_that_it_is_given(encoded):
    (steered,) = encoded(answer(TextBlock(text="a"), reason=FinishReason.STEERED), REQUEST)[
        "choices"
    ]
    assert (steered["finish_reason"], steered["native_finish_reason"]) == ("stop", "steered")
    (stopped,) = encoded(answer(TextBlock(text="a")), REQUEST)["choices"]
    assert "native_finish_reason" not in stopped
