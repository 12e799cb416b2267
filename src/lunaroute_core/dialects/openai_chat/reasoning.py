"""Reasoning in Chat messages.

OpenAI's Chat has none. Compatible servers carry the readable text in `reasoning_content`
(DeepSeek, vLLM) or `reasoning` (OpenRouter), and OpenRouter the exact blocks with their
signatures in `reasoning_details`, entries told apart by `type`. We write the first and
the last; the OpenAI SDKs keep both, so a client that echoes whole messages returns them.
"""

from collections.abc import Iterable

import msgspec

from lunaroute_core.dialects.openai_chat.extensions import extensions, own_fields
from lunaroute_core.dialects.openai_chat.fields import Fields
from lunaroute_core.json_value import JSONObject, JSONValue
from lunaroute_core.model import Block, Origin, ReasoningBlock

SEPARATOR = "\n\n"
"""Between the parts of reasoning text where Chat has one string for them."""


def decode_reasoning(message: Fields) -> tuple[list[Block], JSONObject]:
    """The reasoning of an assistant message in a history, and the form it had.

    None of this is OpenAI's, so what has an unexpected shape is left over, not refused.
    """
    details = message.peek("reasoning_details")
    if isinstance(details, list) and details and all(isinstance(it, dict) for it in details):
        message.take("reasoning_details")
        return [decode_detail(it) for it in details if isinstance(it, dict)], {
            "reasoning": "details"
        }
    for key in ("reasoning_content", "reasoning"):
        if isinstance(text := message.peek(key), str):
            message.take(key)
            form: JSONObject = {"reasoning": key} if key == "reasoning" else {}
            return [ReasoningBlock(parts=[text])], form
    return [], {}


def decode_detail(detail: JSONObject) -> ReasoningBlock:
    """The block of one entry of `reasoning_details`."""
    left = dict(detail)
    block = ReasoningBlock(origin=_origin(left), item_id=_text(left, "id"))
    match left.get("type"):
        case "reasoning.encrypted":
            block.variant = "redacted"
            block.opaque = _text(left, "data")
        case "reasoning.summary":
            block.parts = _parts(left, "summary")
        case "reasoning.text":
            block.parts, block.opaque = _parts(left, "text"), _text(left, "signature")
            if block.opaque and not block.parts:
                block.variant = "signature_only"
        case _:
            pass
    block.extensions = extensions(left)
    return block


def _parts(left: JSONObject, key: str) -> list[str]:
    """The text as the one part; an empty one is none, and stays left over."""
    text = _text(left, key) if left.get(key) else None
    return [] if text is None else [text]


def _text(left: JSONObject, key: str) -> str | None:
    value = left.get(key)
    return str(left.pop(key)) if isinstance(value, str) else None


def _origin(left: JSONObject) -> Origin | None:
    """Who wrote it, where we have said so; it stays left over where it says more."""
    try:
        origin = msgspec.convert(left.get("origin"), Origin)
    except msgspec.ValidationError:
        return None
    if msgspec.to_builtins(origin) == left["origin"]:
        del left["origin"]
    return origin


def reasoning_text(blocks: Iterable[Block]) -> str:
    """The readable text of all reasoning."""
    parts = (part for block in blocks if isinstance(block, ReasoningBlock) for part in block.parts)
    return SEPARATOR.join(part for part in parts if part)


def encode_detail(block: ReasoningBlock, *, index: int) -> JSONObject:
    """One entry of `reasoning_details`."""
    if block.variant == "redacted":
        return {"type": "reasoning.encrypted", "index": index, **detail_seal(block)}
    text = SEPARATOR.join(part for part in block.parts if part)
    return {"type": "reasoning.text", "index": index, "text": text, **detail_seal(block)}


def detail_seal(block: ReasoningBlock) -> JSONObject:
    """The fields of an entry that are there once, at its end: signature, id, origin."""
    seal: JSONObject = {}
    if block.opaque is not None:
        seal["data" if block.variant == "redacted" else "signature"] = block.opaque
    if block.item_id is not None:
        seal["id"] = block.item_id
    if block.origin is not None:
        origin: JSONValue = msgspec.to_builtins(block.origin)
        seal["origin"] = origin
    return seal


def restored_detail(block: ReasoningBlock, *, index: int) -> JSONObject:
    """The entry that a block was read from, or else one for it."""
    own = own_fields(block.extensions)
    if not own:
        return encode_detail(block, index=index)
    detail = detail_seal(block)
    if block.parts:
        detail["summary" if own.get("type") == "reasoning.summary" else "text"] = block.parts[0]
    return {**detail, **own}
