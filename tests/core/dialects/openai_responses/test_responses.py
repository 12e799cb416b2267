"""Finished answers: summaries of the vendor's, and our own as the SDK's type wants them."""

import json

import pytest
from openai.types.responses import Response

from lunaroute_core.model import (
    CustomTool,
    Finish,
    FinishReason,
    FunctionTool,
    HostedTool,
    NormalizedRequest,
    NormalizedResponse,
    RefusalBlock,
    RequestSource,
    TextBlock,
    ToolCallBlock,
    ToolChoice,
    Usage,
)

TEXT = {"type": "message", "content": [{"type": "output_text", "text": "Hi"}]}
REFUSAL = {"type": "message", "content": [{"type": "refusal", "refusal": "No"}]}
CALL = {"type": "function_call", "name": "f", "arguments": "{}"}


def wire(**fields):
    return json.dumps({"object": "response", "id": "resp_1", "model": "gpt-5", **fields}).encode()


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"status": "completed", "output": [TEXT]}, FinishReason.STOP),
        ({"status": "completed", "output": [TEXT, CALL]}, FinishReason.TOOL_CALLS),
        ({"status": "completed", "output": [REFUSAL]}, FinishReason.REFUSAL),
        (
            {"status": "incomplete", "incomplete_details": {"reason": "content_filter"}},
            FinishReason.CONTENT_FILTER,
        ),
        ({"status": "incomplete", "incomplete_details": {"reason": "later"}}, None),
        ({"status": "failed", "error": {"code": "x"}}, FinishReason.ERROR),
        ({"status": "queued", "output": []}, None),
    ],
)
def test_the_finish_reason_follows_from_status_and_output(answers, fields, reason):
    summary = answers.summarize(wire(**fields))
    assert (summary.id, summary.model, summary.finish_reason) == ("resp_1", "gpt-5", reason)
    assert summary.usage is None


def test_items_this_version_does_not_know_are_no_obstacle(answers):
    output = [{"type": "later", "content": "text"}, {"content": None}, TEXT]
    summary = answers.summarize(wire(status="completed", output=output))
    assert summary.finish_reason is FinishReason.STOP


def test_usage_without_details_is_unknown_and_not_zero(answers):
    summary = answers.summarize(wire(usage={"input_tokens": 5, "output_tokens": 1}))
    assert summary.usage == Usage(input_tokens=5, output_tokens=1)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"error": {"message": "x"}}',
        b'{"object": "chat.completion", "id": "x"}',
        b'{"object": "response", "id": 5}',
        b'{"object": "response", "id": "\xff"}',
        b'{"object": "response", "id": "x", "y": ' + b"[" * 100_000,
    ],
)
def test_other_bytes_are_refused(answers, body):
    with pytest.raises(ValueError):
        answers.summarize(body)


def test_the_answer_is_a_response_as_the_sdk_s_type_wants_it(answers, decode):
    request = decode(
        {
            "instructions": "Be brief.",
            "input": [{"role": "developer", "content": "No."}, {"role": "user", "content": "x"}],
            "temperature": 0.5,
            "max_output_tokens": 64,
            "metadata": {"a": "b"},
            "store": True,
            "reasoning": {"effort": "low", "summary": "auto"},
            "text": {
                "verbosity": "low",
                "format": {"type": "json_schema", "name": "n", "schema": {"type": "object"}},
            },
            "tools": [
                {"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": True},
                {"type": "custom", "name": "c", "defer_loading": True},
                {"type": "web_search"},
            ],
            "tool_choice": {
                "type": "allowed_tools",
                "mode": "required",
                "tools": [{"type": "function", "name": "f"}],
            },
            "truncation": "auto",
            "user": "u",
        }
    )
    answer = NormalizedResponse(
        id="chatcmpl-1",
        model="gpt-5",
        blocks=[TextBlock(text="Hi"), ToolCallBlock(id="call_1", name="f", raw_arguments="{}")],
        finish=Finish(reason=FinishReason.TOOL_CALLS),
        usage=Usage(input_tokens=3, output_tokens=2),
    )
    body = answers.encode(answer, request=request)
    response = Response.model_validate_json(body)
    assert response.output_text == "Hi"
    written = json.loads(body)
    assert written["id"].startswith("resp_")
    assert written["created_at"] == 1_750_000_000
    assert written["completed_at"] == 1_750_000_000
    assert written["status"] == "completed"
    assert written["error"] is None
    echoed = {
        "instructions": "Be brief.",
        "temperature": 0.5,
        "top_p": 1.0,
        "max_output_tokens": 64,
        "metadata": {"a": "b"},
        "store": False,
        "reasoning": {"effort": "low", "summary": "auto"},
        "truncation": "auto",
        "user": "u",
        "parallel_tool_calls": True,
        "tool_choice": {
            "type": "allowed_tools",
            "mode": "required",
            "tools": [{"type": "function", "name": "f"}],
        },
    }
    assert {key: written[key] for key in echoed} == echoed
    assert [tool["type"] for tool in written["tools"]] == ["function", "custom", "web_search"]
    assert written["tools"][1]["defer_loading"] is True
    assert written["text"]["format"]["name"] == "n"


def test_what_we_write_we_can_summarize(answers, decode):
    answer = NormalizedResponse(
        id="resp_1",
        model="gpt-5",
        blocks=[RefusalBlock(text="No")],
        finish=Finish(reason=FinishReason.REFUSAL),
        usage=Usage(input_tokens=3, cache_read_tokens=4, output_tokens=2),
    )
    summary = answers.summarize(answers.encode(answer, request=decode({"input": "x"})))
    assert (summary.id, summary.finish_reason) == ("resp_1", FinishReason.REFUSAL)
    assert summary.usage is not None
    assert summary.usage.input_tokens == 3
    assert summary.usage.cache_read_tokens == 4


def test_the_same_answer_is_the_same_bytes(answers, decode):
    request = decode({"input": "x"})
    answer = NormalizedResponse(id="a", model="m", blocks=[TextBlock(text="x")] * 2)
    assert answers.encode(answer, request=request) == answers.encode(answer, request=request)


@pytest.mark.parametrize(
    ("choice", "echoed"),
    [
        (None, "auto"),
        (ToolChoice(mode="required"), "required"),
        (ToolChoice(mode="named", names=["f"]), {"type": "function", "name": "f"}),
        (
            ToolChoice(mode="allowed", names=["f"], required=True),
            {
                "type": "allowed_tools",
                "mode": "required",
                "tools": [{"type": "function", "name": "f"}],
            },
        ),
        (ToolChoice(mode="hosted", raw={"type": "tool", "name": "bash"}), "auto"),
    ],
)
def test_a_request_of_another_dialect_is_echoed_in_this_one(answers, choice, echoed):
    request = NormalizedRequest(
        model="m",
        source=RequestSource(dialect="anthropic_messages"),
        tools=[
            FunctionTool(name="f", schema={"type": "object"}),
            CustomTool(name="c", format={"type": "text"}),
            HostedTool(dialect="anthropic_messages", type="bash_20250124", config={"name": "bash"}),
        ],
        tool_choice=choice,
    )
    body = answers.encode(NormalizedResponse(id="msg_1", model="m"), request=request)
    Response.model_validate_json(body)
    written = json.loads(body)
    assert written["tool_choice"] == echoed
    assert [tool["name"] for tool in written["tools"]] == ["f", "c"]
