"""Makes other dialects' turns the items that Responses accepts.

Each message is an item of its own, opened by its first block. The results in a turn come
before what the user says with them.
"""

from attrs import define

from lunaroute_core.dialects.openai_responses.call_results import CallResults
from lunaroute_core.dialects.openai_responses.fields import ITEM, STRING_FORM, mark
from lunaroute_core.dialects.openai_responses.foreign_blocks import adapted_blocks
from lunaroute_core.dialects.openai_responses.foreign_extensions import note_lost, string_form
from lunaroute_core.dialects.openai_responses.name import DIALECT
from lunaroute_core.dialects.openai_vendor.adaptation import Adaptation
from lunaroute_core.json_value import JSONObject
from lunaroute_core.model import (
    Block,
    DocumentBlock,
    HostedResultBlock,
    ImageBlock,
    Message,
    NormalizedRequest,
    TextBlock,
    ToolResultBlock,
)

_CONTINUES = "anthropic_messages"
"""The dialect that has a last message of the assistant continued."""
_ERROR = "[tool_error]"
_NOTE_START, _NOTE_END = "<operator_note>\n", "\n</operator_note>"


def adapted_instructions(request: NormalizedRequest, adaptation: Adaptation) -> list[Block]:
    """The leading system blocks: the `instructions` field for what was a lone string of that
    kind and gets no mark, which a field cannot hold; else one message with its parts kept.

    Raises:
        InvalidRequestError: one is no text.
    """
    texts = _system_texts(request.instructions, adaptation, key="instructions")
    marked = adaptation.marks_caches and any(it.cache is not None for it in request.tools)
    match texts:
        case [text] if text.text and not marked and string_form(request.extensions, "system"):
            return [text]
        case _:
            return _open_message([*texts], adaptation.capabilities.system_role)


def adapted_turns(turns: list[Message], adaptation: Adaptation) -> list[Message]:
    """Raises InvalidRequestError for a conversation that Responses has no form for: a call
    without its result, a result without its call, a message of the assistant to be continued.
    """
    _check_end(turns, adaptation)
    results = CallResults.among(turns, adaptation)
    conversation = _Conversation(adaptation=adaptation, results=results)
    adapted = [conversation.adapted(turn) for turn in turns]
    if adaptation.capabilities.needs_user_turn and all(it.role != "user" for it in adapted):
        opening = _open_message([TextBlock(text="")], "user")
        adapted.insert(0, Message(role="user", blocks=opening))
    return adapted


@define(kw_only=True)
class _Conversation:
    adaptation: Adaptation
    results: CallResults

    def adapted(self, turn: Message) -> Message:
        self._note_lost(turn)
        match turn.role:
            case "assistant":
                return Message(role="assistant", blocks=self._assistant(turn))
            case "system":
                return self._system(turn)
            case _:
                return Message(role=turn.role, blocks=self._user(turn))

    def _note_lost(self, turn: Message) -> None:
        """A result's message may name the tool, which its call does anyway."""
        if turn.name is not None and turn.role != "tool":
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

    def _system(self, turn: Message) -> Message:
        texts = _system_texts(turn.blocks, self.adaptation, key="turns")
        capabilities = self.adaptation.capabilities
        if capabilities.mid_conversation_system or not texts:
            blocks = _open_message([*texts], capabilities.system_role)
            return Message(role="system", blocks=blocks)
        message = "a system message as an operator's note of the user"
        self.adaptation.translation.emulated(self.adaptation.named("turns"), message)
        notes: list[Block] = [
            TextBlock(text=f"{_NOTE_START}{it.text}{_NOTE_END}", cache=it.cache) for it in texts
        ]
        return Message(role="user", blocks=_open_message(notes, "user"))

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
        if self._is_string(output):
            output.extensions = {DIALECT: {"output": STRING_FORM}}
        return output

    def _is_string(self, output: ToolResultBlock) -> bool:
        """A lone text is a string, which older servers want, but not where it may be marked:
        its form must not change when the mark moves on, or what was cached is not found.
        """
        match output.blocks:
            case [TextBlock()]:
                return not self.adaptation.marks_caches
            case _:
                return False

    def _marked(self, blocks: list[Block]) -> list[Block]:
        message = f"an error of a tool as {_ERROR!r} before its text"
        self.adaptation.translation.emulated(self.adaptation.named("turns"), message)
        match blocks:
            case [TextBlock(text=text, cache=cache), *rest]:
                return [TextBlock(text=f"{_ERROR} {text}", cache=cache), *rest]
            case _:
                return [TextBlock(text=_ERROR), *blocks]


def _check_end(turns: list[Message], adaptation: Adaptation) -> None:
    """A last message of the assistant, where its client's dialect has it continued."""
    continued = turns and turns[-1].role == "assistant" and adaptation.dialect == _CONTINUES
    if continued and not adaptation.capabilities.prefill:
        message = "the last message is the assistant's, which this model would not continue"
        adaptation.reject_content(message)


def _is_error(result: ToolResultBlock) -> bool:
    """Said by the block, or by a field of that name, which some clients add to results."""
    said = [fields.get("is_error") for fields in result.extensions.values()]
    return bool(result.is_error) or True in said


def _system_texts(blocks: list[Block], adaptation: Adaptation, *, key: str) -> list[TextBlock]:
    texts: list[TextBlock] = []
    for block in adapted_blocks(blocks, adaptation):
        if not isinstance(block, TextBlock):
            adaptation.translation.rejected(adaptation.named(key), "system content must be text")
        texts.append(block)
    return texts


def _open_message(blocks: list[Block], role: str) -> list[Block]:
    if blocks:
        mark(blocks[0], ITEM, _head(role))
    return blocks


def _head(role: str) -> JSONObject:
    return {"type": "message", "role": role}
