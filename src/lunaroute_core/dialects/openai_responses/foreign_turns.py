"""Makes other dialects' turns the items that Responses accepts.

Each message is an item of its own, opened by its first block. The results in a turn come
before what the user says with them.
"""

from attrs import define, field

from lunaroute_core.dialects.openai_responses.adaptation import Adaptation
from lunaroute_core.dialects.openai_responses.call_results import CallResults
from lunaroute_core.dialects.openai_responses.fields import ITEM, STRING_FORM, mark
from lunaroute_core.dialects.openai_responses.foreign_blocks import adapted_blocks
from lunaroute_core.dialects.openai_responses.foreign_extensions import note_lost
from lunaroute_core.dialects.openai_responses.name import DIALECT
from lunaroute_core.json_value import JSONObject
from lunaroute_core.model import (
    Block,
    DocumentBlock,
    HostedResultBlock,
    ImageBlock,
    Message,
    TextBlock,
    ToolResultBlock,
)

_CONTINUES = "anthropic_messages"
"""The dialect that has a last message of the assistant continued."""
_ERROR = "[tool_error]"


def adapted_instructions(
    blocks: list[Block], adaptation: Adaptation, *, as_string: bool
) -> list[Block]:
    """The leading system blocks: the `instructions` field for a lone string, which can hold no
    mark, else one developer message with its parts kept.

    Raises:
        InvalidRequestError: one is no text.
    """
    texts = _system_texts(blocks, adaptation, key="instructions")
    if not (as_string and len(texts) == 1 and texts[0].text):
        _open_message(texts, "developer")
    return texts


def adapted_turns(turns: list[Message], adaptation: Adaptation) -> list[Message]:
    """Raises InvalidRequestError for a conversation that Responses has no form for: a call
    without its result, a result without its call, a message of the assistant to be continued.
    """
    if turns and turns[-1].role == "assistant" and adaptation.dialect == _CONTINUES:
        message = "the last message is the assistant's, which no model of Responses continues"
        adaptation.reject_content(message)
    conversation = _Conversation(
        adaptation=adaptation, results=CallResults.among(turns, adaptation)
    )
    return [conversation.adapted(turn) for turn in turns]


@define(kw_only=True)
class _Conversation:
    adaptation: Adaptation
    results: CallResults = field()

    def adapted(self, turn: Message) -> Message:
        self._note_lost(turn)
        match turn.role:
            case "assistant":
                blocks = self._assistant(turn)
            case "system":
                texts = _system_texts(turn.blocks, self.adaptation, key="turns")
                blocks = _open_message(texts, "developer")
            case _:
                blocks = self._user(turn)
        return Message(role=turn.role, blocks=blocks)

    def _note_lost(self, turn: Message) -> None:
        if turn.name is not None:
            param = self.adaptation.in_content("name")
            self.adaptation.translation.dropped(param, "Responses names no participants")
        note_lost(turn.extensions, self.adaptation, prefix=self.adaptation.in_content(""))

    def _assistant(self, turn: Message) -> list[Block]:
        """Each text is a message of its own: parts are only for items that OpenAI minted."""
        blocks: list[Block] = []
        for block in adapted_blocks(turn.blocks, self.adaptation):
            if isinstance(block, ImageBlock | DocumentBlock):
                self.adaptation.reject_content("an assistant's message holds text only")
            if isinstance(block, TextBlock):
                if not block.text:
                    continue
                mark(block, ITEM, {**_head("assistant"), "content": STRING_FORM})
            blocks.append(block)
        return blocks

    def _user(self, turn: Message) -> list[Block]:
        outputs: list[Block] = []
        rest: list[Block] = []
        for block in turn.blocks:
            if isinstance(block, HostedResultBlock):
                self.adaptation.reject_content(f"Responses has nothing like {block.type!r}")
            if not isinstance(block, ToolResultBlock):
                rest.append(block)
            elif not self.results.is_superseded(block):
                outputs.append(self._output(block))
        return outputs + _open_message(adapted_blocks(rest, self.adaptation), "user")

    def _output(self, result: ToolResultBlock) -> ToolResultBlock:
        note_lost(result.extensions, self.adaptation, prefix=self.adaptation.in_content(""))
        blocks = adapted_blocks(result.blocks, self.adaptation)
        if _is_error(result):
            blocks = self._marked(blocks)
        if result.cache is not None and blocks:
            blocks[-1].cache = blocks[-1].cache or result.cache
        output = ToolResultBlock(
            call_id=self.adaptation.call_id(result.call_id),
            blocks=blocks or [TextBlock(text="")],
            tool_kind=self.results.kind_of(result),
        )
        match output.blocks:
            case [TextBlock(cache=None)]:
                output.extensions = {DIALECT: {"output": STRING_FORM}}
            case _:
                pass
        return output

    def _marked(self, blocks: list[Block]) -> list[Block]:
        message = f"an error of a tool as {_ERROR!r} before its text"
        self.adaptation.translation.emulated(self.adaptation.named("turns"), message)
        match blocks:
            case [TextBlock(text=text, cache=cache), *rest]:
                return [TextBlock(text=f"{_ERROR} {text}", cache=cache), *rest]
            case _:
                return [TextBlock(text=_ERROR), *blocks]


def _is_error(result: ToolResultBlock) -> bool:
    """Said by the block, or by a field of that name, which some clients add to results."""
    said = [fields.get("is_error") for fields in result.extensions.values()]
    return bool(result.is_error) or True in said


def _system_texts(blocks: list[Block], adaptation: Adaptation, *, key: str) -> list[Block]:
    texts = adapted_blocks(blocks, adaptation)
    if not all(isinstance(block, TextBlock) for block in texts):
        adaptation.translation.rejected(adaptation.named(key), "system content must be text")
    return texts


def _open_message(blocks: list[Block], role: str) -> list[Block]:
    if blocks:
        mark(blocks[0], ITEM, _head(role))
    return blocks


def _head(role: str) -> JSONObject:
    return {"type": "message", "role": role}
