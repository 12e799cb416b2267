"""Fixtures: the codec parts under a fixed clock, the SDK's reading of what they write, and a
test-only writer that proves a decoded request still says everything."""

import json

import pytest
from msgspec import UNSET
from openai._models import construct_type
from openai._streaming import SSEDecoder
from openai._types import omit
from openai.lib.streaming.responses._responses import ResponseStreamState
from openai.types.responses import Response, ResponseStreamEvent

from lunaroute_core.dialects.openai_responses.requests import ResponsesRequests
from lunaroute_core.dialects.openai_responses.responses import ResponsesAnswers
from lunaroute_core.dialects.openai_responses.streams import ResponsesStreams
from lunaroute_core.model import (
    AudioBlock,
    CustomTool,
    DocumentBlock,
    FileSource,
    FunctionTool,
    HostedTool,
    ImageBlock,
    InlineSource,
    OpaqueBlock,
    ReasoningBlock,
    RefusalBlock,
    TextBlock,
    ToolCallBlock,
    ToolResultBlock,
    UrlSource,
)

NOW = 1_750_000_000.5
STRING = {"form": "string"}


@pytest.fixture(scope="session")
def requests():
    return ResponsesRequests()


@pytest.fixture(scope="session")
def answers():
    return ResponsesAnswers(clock=lambda: NOW)


@pytest.fixture(scope="session")
def streams():
    return ResponsesStreams(clock=lambda: NOW)


@pytest.fixture(scope="session")
def decode(requests):
    """Decode a request given as a dict, with a model unless it names one."""

    def decoded(body, **options):
        return requests.decode(json.dumps({"model": "gpt-5", **body}).encode(), **options)

    return decoded


@pytest.fixture(scope="session")
def sdk_events():
    """The stream's events, as the SDK's SSE parser and types read them."""

    def read(stream: bytes):
        events = [json.loads(sse.data) for sse in SSEDecoder().iter_bytes(iter([stream]))]
        return [construct_type(type_=ResponseStreamEvent, value=event) for event in events]

    return read


@pytest.fixture(scope="session")
def accumulated(sdk_events):
    """What the SDK's stream accumulator makes of a whole stream."""

    def accumulate(stream: bytes):
        state = ResponseStreamState(input_tools=omit, text_format=omit)
        final = None
        for event in sdk_events(stream):
            state.handle_event(event)
            if event.type in ("response.completed", "response.incomplete", "response.failed"):
                final = event.response
        return final, state

    return accumulate


@pytest.fixture(scope="session")
def validated():
    """Strict validation by the SDK's type."""
    return Response.model_validate_json


@pytest.fixture(scope="session")
def rewritten():
    """The request's JSON, rebuilt from its normalized form alone."""
    return write_request


def overlaid(base: dict, left: dict) -> dict:
    merged = dict(base)
    for key, value in left.items():
        if key.startswith("$") or value == STRING:
            continue
        old = merged.get(key)
        both = isinstance(old, dict) and isinstance(value, dict)
        merged[key] = overlaid(old, value) if both else value
    return merged


def ours(element) -> dict:
    return element.extensions.get("openai_responses", {})


def without_unset(fields: dict) -> dict:
    return {key: value for key, value in fields.items() if value is not None and value is not UNSET}


def write_request(request) -> dict:
    left = ours(request)
    body = without_unset(
        {
            "model": request.model,
            "stream": True if request.stream.enabled else None,
            "max_output_tokens": request.limits.max_output_tokens,
            "max_tool_calls": request.limits.max_tool_calls,
            "temperature": request.sampling.temperature,
            "top_p": request.sampling.top_p,
            "top_logprobs": request.sampling.top_logprobs,
            "parallel_tool_calls": request.parallel_tool_calls,
            "previous_response_id": request.conversation.previous_response_id,
            "store": request.conversation.store,
            "service_tier": request.tier,
            "user": request.identity.user,
            "safety_identifier": request.identity.safety_identifier,
            "metadata": request.identity.metadata,
            "prompt_cache_key": request.cache and request.cache.key,
            "prompt_cache_options": request.cache and request.cache.options,
        }
    )
    if request.reasoning is not None:
        body["reasoning"] = without_unset(
            {"effort": request.reasoning.effort, "summary": request.reasoning.display}
        )
    text = without_unset({"verbosity": request.output.verbosity})
    if (wanted := request.output.format) is not None:
        text["format"] = without_unset(
            {
                "type": wanted.kind,
                "name": wanted.name,
                "description": wanted.description,
                "schema": wanted.schema,
                "strict": wanted.strict,
            }
        )
    if text:
        body["text"] = text
    if request.tools:
        body["tools"] = [write_tool(tool) for tool in request.tools]
    if (choice := request.tool_choice) is not None:
        body["tool_choice"] = choice.mode if choice.raw is None else choice.raw
    blocks = list(request.instructions)
    if blocks and "$item" not in ours(blocks[0]) and isinstance(blocks[0], TextBlock):
        body["instructions"] = blocks.pop(0).text
    blocks += [block for turn in request.turns for block in turn.blocks]
    if left.get("input") == STRING:
        body["input"] = blocks[0].text
    elif blocks:
        body["input"] = write_items(blocks)
    return overlaid(body, left)


def write_tool(tool) -> dict:
    match tool:
        case FunctionTool():
            fields = {"parameters": tool.schema, "strict": tool.strict}
        case CustomTool():
            fields = {"format": tool.format}
        case HostedTool():
            return tool.config
    fields |= {"type": _tool_type(tool), "name": tool.name}
    return overlaid(without_unset(fields | {"description": tool.description}), ours(tool))


def _tool_type(tool) -> str:
    return "function" if isinstance(tool, FunctionTool) else "custom"


def write_items(blocks) -> list[dict]:
    items: list[dict] = []
    for block in blocks:
        left = ours(block)
        if isinstance(left.get("$item"), dict):
            head = left["$item"]
            if head.get("content") == STRING:
                items.append({**head, "content": block.text})
            else:
                items.append({**head, "content": [write_part(block, head["role"])]})
        elif is_part(block):
            items[-1]["content"].append(write_part(block, items[-1]["role"]))
        else:
            items.append(write_item(block))
    return items


def is_part(block) -> bool:
    if isinstance(block, OpaqueBlock):
        return "$item" in ours(block)
    return isinstance(block, TextBlock | ImageBlock | DocumentBlock | AudioBlock | RefusalBlock)


def write_item(block) -> dict:
    match block:
        case ToolCallBlock():
            custom = block.tool_kind == "custom"
            fields = {
                "type": "custom_tool_call" if custom else "function_call",
                "id": block.item_id,
                "call_id": block.id,
                "name": block.name,
                "input" if custom else "arguments": block.raw_arguments,
            }
        case ToolResultBlock():
            string = ours(block).get("output") == STRING
            parts = [write_part(part, "user") for part in block.blocks]
            fields = {
                "type": "function_call_output"
                if block.tool_kind == "function"
                else "custom_tool_call_output",
                "call_id": block.call_id,
                "output": block.blocks[0].text if string else parts,
            }
        case ReasoningBlock():
            fields = {
                "type": "reasoning",
                "id": block.item_id,
                "encrypted_content": block.opaque,
                "summary": None
                if "$parts" in ours(block)
                else [{"type": "summary_text", "text": text} for text in block.parts] or None,
            }
        case _:
            return block.raw
    return overlaid(without_unset(fields), ours(block))


def write_part(block, role: str) -> dict:
    match block:
        case TextBlock():
            usual = "output_text" if role == "assistant" else "input_text"
            fields = {"type": usual, "text": block.text}
            if block.citations:
                fields["annotations"] = [citation.raw for citation in block.citations]
        case RefusalBlock():
            fields = {"type": "refusal", "refusal": block.text}
        case ImageBlock():
            fields = {"type": "input_image", "detail": block.detail}
            fields |= write_source(block.source, url="image_url", data="image_url")
        case DocumentBlock():
            fields = {"type": "input_file", "filename": block.title}
            fields |= write_source(block.source, url="file_url", data="file_data")
        case AudioBlock():
            audio = {"data": block.data, "format": block.format}
            fields = {"type": "input_audio", "input_audio": audio}
        case _:
            return block.raw
    if block.cache is not None:
        mark = without_unset({"mode": "explicit", "ttl": block.cache.ttl})
        fields["prompt_cache_breakpoint"] = mark
    return overlaid(without_unset(fields), ours(block))


def write_source(source, *, url: str, data: str) -> dict:
    match source:
        case UrlSource():
            return {url: source.url}
        case FileSource():
            return {"file_id": source.file_id}
        case InlineSource():
            if not source.media_type:
                return {data: source.data}
            return {data: f"data:{source.media_type};base64,{source.data}"}
