"""The blocks of an answer as one assistant message."""

import msgspec

from lunaroute_core.dialects.openai_chat.annotations import annotation
from lunaroute_core.dialects.openai_chat.reasoning import encode_detail, reasoning_text
from lunaroute_core.json_value import JSONObject
from lunaroute_core.model import (
    AudioBlock,
    Block,
    ReasoningBlock,
    RefusalBlock,
    TextBlock,
    ToolCallBlock,
)


def encode_message(blocks: list[Block], *, legacy: bool) -> JSONObject:
    """The `message` of a choice.

    Hosted calls and other blocks that Chat has no words for are not in it. `legacy` asks
    for the first call as `function_call`; that form holds only one.
    """
    refusals = [block.text for block in blocks if isinstance(block, RefusalBlock)]
    message: JSONObject = {
        "role": "assistant",
        "content": _content(blocks),
        "refusal": "".join(refusals) if refusals else None,
    }
    _add_annotations(message, blocks)
    _add_reasoning(message, blocks)
    _add_calls(message, blocks, legacy=legacy)
    for block in blocks:
        if isinstance(block, AudioBlock):
            message["audio"] = encode_audio(block)
    return message


def _content(blocks: list[Block]) -> str | None:
    """The text without separators; null if there is none, but something in its place."""
    text = "".join(block.text for block in blocks if isinstance(block, TextBlock))
    instead = any(isinstance(it, RefusalBlock | ToolCallBlock | AudioBlock) for it in blocks)
    return text or (None if instead else "")


def _add_annotations(message: JSONObject, blocks: list[Block]) -> None:
    base = 0
    annotations: list[JSONObject] = []
    for block in blocks:
        if isinstance(block, TextBlock):
            length = len(block.text)
            written = (annotation(it, base=base, length=length) for it in block.citations)
            annotations += [it for it in written if it is not None]
            base += length
    if annotations:
        message["annotations"] = [*annotations]


def _add_reasoning(message: JSONObject, blocks: list[Block]) -> None:
    reasoning = [block for block in blocks if isinstance(block, ReasoningBlock)]
    if text := reasoning_text(blocks):
        message["reasoning_content"] = text
    if reasoning:
        message["reasoning_details"] = [
            encode_detail(block, index=at) for at, block in enumerate(reasoning)
        ]


def _add_calls(message: JSONObject, blocks: list[Block], *, legacy: bool) -> None:
    calls = [block for block in blocks if isinstance(block, ToolCallBlock)]
    if calls and legacy:
        message["function_call"] = {
            "name": calls[0].name,
            "arguments": complete_arguments(calls[0]),
        }
    elif calls:
        message["tool_calls"] = [
            {"id": call.id, **call_body(call, complete_arguments(call))} for call in calls
        ]


def call_body(call: ToolCallBlock, arguments: str) -> JSONObject:
    """A call's type and, under its name, what is called with which arguments."""
    if call.tool_kind == "custom":
        return {"type": "custom", "custom": {"name": call.name, "input": arguments}}
    return {"type": "function", "function": {"name": call.name, "arguments": arguments}}


def complete_arguments(call: ToolCallBlock) -> str:
    """The arguments as the model wrote them, and never empty where JSON is expected."""
    raw = call.raw_arguments
    if call.tool_kind == "custom" or raw.strip():
        return raw
    parsed = call.arguments
    return raw + ("{}" if parsed is msgspec.UNSET else msgspec.json.encode(parsed).decode())


def encode_audio(block: AudioBlock) -> JSONObject:
    return {
        "id": block.audio_id or "",
        "data": block.data or "",
        "expires_at": block.expires_at or 0,
        "transcript": block.transcript or "",
    }
