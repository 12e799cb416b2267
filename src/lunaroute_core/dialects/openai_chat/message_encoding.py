"""The blocks of an answer as one assistant message."""

import msgspec
from msgspec import Struct

from lunaroute_core.dialects.openai_chat.annotations import annotation
from lunaroute_core.dialects.openai_chat.reasoning import encode_detail, reasoning_text
from lunaroute_core.dialects.openai_vendor.logprobs import completed
from lunaroute_core.json_value import JSONObject, JSONValue
from lunaroute_core.model import (
    AudioBlock,
    Block,
    ReasoningBlock,
    RefusalBlock,
    TextBlock,
    ToolCallBlock,
)


class MessageContent(Struct):
    """What the blocks of a message hold, by kind.

    Hosted calls and other blocks that Chat has no words for are not in it.
    """

    texts: list[str] = []
    annotations: list[JSONValue] = []
    tokens: list[JSONObject] = []
    """The log probabilities of the texts."""
    refusals: list[str] = []
    reasoning: list[ReasoningBlock] = []
    calls: list[ToolCallBlock] = []
    audio: AudioBlock | None = None

    @classmethod
    def of(cls, blocks: list[Block]) -> "MessageContent":
        content = cls()
        length = 0
        for block in blocks:
            match block:
                case TextBlock(text=text):
                    content.texts.append(text)
                    if block.citations:
                        content.annotations += _annotations(block, base=length)
                    if block.logprobs:
                        content.tokens += block.logprobs
                    length += len(text)
                case ToolCallBlock():
                    content.calls.append(block)
                case ReasoningBlock():
                    content.reasoning.append(block)
                case RefusalBlock():
                    content.refusals.append(block.text)
                case AudioBlock():
                    content.audio = block
                case _:
                    pass
        return content


def encode_message(content: MessageContent, *, legacy: bool) -> JSONObject:
    """The `message` of a choice.

    Its texts are joined without separators; there is null for them where there are none, but
    something in their place. `legacy` asks for the first call as `function_call`; that form
    holds only one.
    """
    text = "".join(content.texts)
    instead = content.refusals or content.calls or content.audio is not None
    message: JSONObject = {
        "role": "assistant",
        "content": text or (None if instead else ""),
        "refusal": "".join(content.refusals) if content.refusals else None,
    }
    if content.annotations:
        message["annotations"] = content.annotations
    if content.reasoning:
        _add_reasoning(message, content.reasoning)
    if content.calls:
        _add_calls(message, content.calls, legacy=legacy)
    if content.audio is not None:
        message["audio"] = encode_audio(content.audio)
    return message


def choice_logprobs(tokens: list[JSONObject], kept: JSONObject) -> JSONObject | None:
    """The `logprobs` of a choice: of its text, and what else a choice of Chat's own told."""
    others = kept.get("logprobs")
    if not tokens:
        return others if isinstance(others, dict) else None
    content: list[JSONValue] = [completed(token, with_bytes=False) for token in tokens]
    told: JSONObject = {"content": content or None, "refusal": None}
    return {**told, **others} if isinstance(others, dict) else told


def _annotations(block: TextBlock, *, base: int) -> list[JSONObject]:
    """The citations of a text that begins at `base`, as far as Chat has words for them."""
    length = len(block.text)
    written = [annotation(it, base=base, length=length) for it in block.citations]
    return [it for it in written if it is not None]


def _add_reasoning(message: JSONObject, reasoning: list[ReasoningBlock]) -> None:
    if text := reasoning_text(reasoning):
        message["reasoning_content"] = text
    message["reasoning_details"] = [
        encode_detail(block, index=at) for at, block in enumerate(reasoning)
    ]


def _add_calls(message: JSONObject, calls: list[ToolCallBlock], *, legacy: bool) -> None:
    if legacy:
        message["function_call"] = {
            "name": calls[0].name,
            "arguments": complete_arguments(calls[0]),
        }
    else:
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
