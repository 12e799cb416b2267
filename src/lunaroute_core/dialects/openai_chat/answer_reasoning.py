"""Reasoning in the answers of servers that are compatible with OpenAI's."""

import msgspec

from lunaroute_core.dialects.openai_chat.extensions import DIALECT
from lunaroute_core.dialects.openai_chat.reasoning import decode_detail
from lunaroute_core.json_value import JSONObject, JSONValue
from lunaroute_core.model import Origin, ReasoningBlock

_TEXTS = ("reasoning_content", "reasoning")
_DETAIL_TEXTS = ("text", "summary")


def reasoning_text_of(message: JSONObject) -> str:
    """The readable text, under whichever name a server has it; those with both repeat it."""
    for key in _TEXTS:
        if isinstance(text := message.get(key), str) and text:
            return text
    return _thinking_parts(message.get("content"))


def _thinking_parts(content: JSONValue) -> str:
    """Mistral's: parts of the content, which hold parts in their turn."""
    parts = content if isinstance(content, list) else []
    inner = [it.get("thinking") for it in parts if isinstance(it, dict)]
    texts = [
        it.get("text")
        for some in inner
        if isinstance(some, list)
        for it in some
        if isinstance(it, dict)
    ]
    return "".join(it for it in texts if isinstance(it, str))


def details_of(message: JSONObject) -> list[JSONObject]:
    """The entries of `reasoning_details`."""
    details = message.get("reasoning_details")
    return [it for it in details if isinstance(it, dict)] if isinstance(details, list) else []


def detail_text(detail: JSONObject) -> str:
    """An entry's readable text."""
    texts = (detail.get(key) for key in _DETAIL_TEXTS)
    return next((it for it in texts if isinstance(it, str) and it), "")


def plain_text(message: JSONObject) -> str:
    """The text of reasoning that is not in an entry besides."""
    if any(detail_text(it) for it in details_of(message)):
        return ""
    return reasoning_text_of(message)


def answer_detail(detail: JSONObject, *, model: str) -> ReasoningBlock:
    """The block of an entry; it is this model's, unless the entry names another origin."""
    block = decode_detail(detail)
    return msgspec.structs.replace(block, origin=block.origin or origin_of(model))


def origin_of(model: str) -> Origin:
    return Origin(dialect=DIALECT, model=model)
