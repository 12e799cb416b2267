"""Tools' results as Chat's tool messages, which hold nothing but text."""

from attrs import define, field

from lunaroute_core.dialects.openai_chat.extensions import extensions
from lunaroute_core.dialects.openai_chat.foreign_blocks import adapted_blocks
from lunaroute_core.dialects.openai_chat.foreign_extensions import note_lost
from lunaroute_core.dialects.openai_vendor.adaptation import Adaptation
from lunaroute_core.json_value import JSONObject
from lunaroute_core.model import (
    Block,
    ImageBlock,
    Message,
    TextBlock,
    ToolCallBlock,
    ToolResultBlock,
)

_ERROR = "[tool_error]"
_SAID_ANYWAY = frozenset({"is_error", "name", "namespace"})
"""What a result repeats of its call, or is written for what it is."""


@define(kw_only=True)
class ResultMessages:
    """The tool messages that answer one assistant's message.

    Attributes:
        attachments: what of the results is no text, labelled; for a user's message after them.
    """

    adaptation: Adaptation
    attachments: list[Block] = field(factory=list[Block])

    def message(self, call: ToolCallBlock, result: ToolResultBlock) -> Message:
        """One result, to the call as the client named it."""
        self._note_lost(result)
        texts: list[Block] = [
            block if isinstance(block, TextBlock) else self._attached(block, call)
            for block in adapted_blocks(result.blocks, self.adaptation)
        ]
        if _is_error(result):
            texts = self._marked(texts)
        if result.cache is not None and texts:
            texts[-1].cache = texts[-1].cache or result.cache
        # An empty answer is an answer too, and Chat wants a string for it.
        blocks: list[Block] = texts or [TextBlock(text="")]
        own = ToolResultBlock(
            call_id=self.adaptation.call_id(call.id), blocks=blocks, tool_kind=call.tool_kind
        )
        form: JSONObject = {"content": "parts"} if len(blocks) > 1 else {}
        return Message(role="tool", blocks=[own], extensions=extensions({}, form))

    def _note_lost(self, result: ToolResultBlock) -> None:
        own = {
            dialect: {key: it for key, it in fields.items() if key not in _SAID_ANYWAY}
            for dialect, fields in result.extensions.items()
        }
        note_lost(own, self.adaptation, prefix=self.adaptation.in_content("content[]."))

    def _attached(self, block: Block, call: ToolCallBlock) -> TextBlock:
        """A text that stands for an image or a file, which follows under the same label."""
        kind = "image" if isinstance(block, ImageBlock) else "file"
        self._note(f"a result's {kind} in a user's message after it")
        number = 1 + sum(not isinstance(it, TextBlock) for it in self.attachments)
        name, call_id = self.adaptation.names.upstream(call.name), self.adaptation.call_id(call.id)
        label = f"{kind} {number}, from the result of {name} ({call_id})"
        self.attachments += [TextBlock(text=f"[{label}]"), block]
        return TextBlock(text=f"[{label}: in the user message after the tool results]")

    def _marked(self, texts: list[Block]) -> list[Block]:
        self._note(f"an error of a tool as {_ERROR!r} before its text")
        match texts:
            case [TextBlock(text=text, cache=cache), *rest]:
                return [TextBlock(text=f"{_ERROR} {text}", cache=cache), *rest]
            case _:
                return [TextBlock(text=_ERROR)]

    def _note(self, message: str) -> None:
        self.adaptation.translation.emulated(self.adaptation.named("turns"), message)


def _is_error(result: ToolResultBlock) -> bool:
    """Said by the block, or by a field of that name, which some clients add to results."""
    said = [fields.get("is_error") for fields in result.extensions.values()]
    return bool(result.is_error) or True in said
