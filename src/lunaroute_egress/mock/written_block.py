"""The blocks a simulated model writes, and how far one has been written."""

from typing import TypeAlias

import msgspec
from msgspec import UNSET

from lunaroute_core.model import ReasoningBlock, TextBlock, ToolCallBlock
from lunaroute_egress.mock.pieces import pieces

WrittenBlock: TypeAlias = ReasoningBlock | TextBlock | ToolCallBlock


def pieces_of(block: WrittenBlock) -> list[str]:
    """The pieces in which a block's content is written."""
    match block:
        case TextBlock():
            return pieces(block.text)
        case ReasoningBlock():
            return pieces("".join(block.parts))
        case ToolCallBlock():
            return pieces(block.raw_arguments)


def unfinished(block: WrittenBlock, content: str = "") -> WrittenBlock:
    """The block with only `content` written: arguments do not parse yet, no signature is made."""
    match block:
        case TextBlock():
            return msgspec.structs.replace(block, text=content)
        case ReasoningBlock():
            parts = [content] if content else []
            return msgspec.structs.replace(block, parts=parts, opaque=None)
        case ToolCallBlock():
            return msgspec.structs.replace(block, raw_arguments=content, arguments=UNSET)
