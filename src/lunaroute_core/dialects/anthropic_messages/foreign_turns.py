"""Makes other dialects' turns a conversation that Anthropic accepts.

User's and assistant's messages alternate; a message after calls begins with their results,
in the calls' order; a system message stands only between a user's and an assistant's.
"""

from collections.abc import Sequence

from msgspec import Struct

from lunaroute_core.dialects.anthropic_messages.adaptation import Adaptation
from lunaroute_core.dialects.anthropic_messages.foreign_blocks import adapted_blocks
from lunaroute_core.dialects.anthropic_messages.foreign_extensions import note_lost
from lunaroute_core.model import Block, Message, TextBlock, ToolCallBlock, ToolResultBlock

_NOTE_START, _NOTE_END = "<operator_note>\n", "\n</operator_note>"


def adapted_instructions(blocks: list[Block], adaptation: Adaptation) -> list[Block]:
    """The leading system blocks.

    Raises:
        InvalidRequestError: one is no text.
    """
    return [*_system_texts(blocks, adaptation, key="instructions")] if blocks else []


def adapted_turns(turns: list[Message], adaptation: Adaptation) -> list[Message]:
    """Raises InvalidRequestError for a conversation that Anthropic has no form for: a call
    without its result, a result without its call, a user's turn without content.
    """
    conversation = _Conversation(adaptation=adaptation)
    for turn in turns:
        if turn.extensions or turn.name is not None or turn.phase is not None:
            _note_lost(turn, adaptation)
        conversation.add(turn)
    conversation.end_user_message()
    _check_end(conversation.messages, adaptation)
    return conversation.messages


class _Conversation(Struct, kw_only=True):
    """A conversation while its turns are added in order.

    Attributes:
        messages: those that are whole.
        results: of the user's message being made, by call id; before its other blocks.
        blocks: its other blocks.
        system: what the system says after it.
    """

    adaptation: Adaptation
    messages: list[Message] = []
    results: dict[str, ToolResultBlock] = {}
    blocks: list[Block] = []
    system: list[Block] = []
    _open_calls: dict[str, None] = {}

    def add(self, turn: Message) -> None:
        match turn.role:
            case "assistant":
                self._add_assistant(turn)
            case "system":
                self._add_system(turn)
            case _:
                self._add_user(turn)

    def end_user_message(self) -> None:
        """Close the message being made; it is none if nothing is in it."""
        results = [self._result_of(call_id) for call_id in self._open_calls]
        if self.system and not (results or self.blocks):
            self.blocks, self.system = self._notes(self.system), []
        if results or self.blocks:
            role = "tool" if results else "user"
            self.messages.append(Message(role=role, blocks=[*results, *self.blocks]))
        if self.system:
            self.messages.append(Message(role="system", blocks=self.system))
        self.results, self.blocks, self.system, self._open_calls = {}, [], [], {}

    def _result_of(self, call_id: str) -> ToolResultBlock:
        if call_id not in self.results:
            self._reject(f"call {call_id!r} has no result")
        return self.results[call_id]

    def _add_assistant(self, turn: Message) -> None:
        blocks = adapted_blocks(turn.blocks, self.adaptation)
        if not blocks:
            return
        if self.results or self.blocks or self.system:
            self.end_user_message()
        if self.messages and self.messages[-1].role == "assistant":
            self.messages[-1].blocks += blocks
        else:
            self.messages.append(Message(role="assistant", blocks=blocks))
        for block in blocks:
            if isinstance(block, ToolCallBlock):
                if block.id in self._open_calls:
                    self._reject(f"two calls have the id {block.id!r}")
                self._open_calls[block.id] = None

    def _add_user(self, turn: Message) -> None:
        blocks = adapted_blocks(turn.blocks, self.adaptation)
        if not blocks:
            self._reject("Anthropic takes no empty messages of users")
        if self.system:
            self._emulated("a system message between a user's, moved after them")
        for block in blocks:
            if isinstance(block, ToolResultBlock):
                self._add_result(block)
            else:
                self.blocks.append(block)

    def _add_result(self, result: ToolResultBlock) -> None:
        if result.call_id not in self._open_calls:
            self._reject(f"result for {result.call_id!r}, which the turn before did not call")
        if result.call_id in self.results:
            message = "a call has several results; the last one is sent"
            self.adaptation.translation.dropped(self.adaptation.named("turns"), message)
        self.results[result.call_id] = result

    def _add_system(self, turn: Message) -> None:
        texts = [*_system_texts(turn.blocks, self.adaptation, key="turns")]
        if self.adaptation.capabilities.mid_conversation_system:
            self.system += texts
        else:
            self.blocks += self._notes(texts)

    def _notes(self, texts: Sequence[Block]) -> list[Block]:
        """System texts as the user's, told apart by a tag: at their place they mean what they
        meant, among the instructions they would not.
        """
        notes: list[Block] = []
        for block in texts:
            self._emulated("a system message as an operator's note in the user's turn")
            text = block.text if isinstance(block, TextBlock) else ""
            notes.append(TextBlock(text=f"{_NOTE_START}{text}{_NOTE_END}", cache=block.cache))
        return notes

    def _emulated(self, message: str) -> None:
        self.adaptation.translation.emulated(self.adaptation.named("turns"), message)

    def _reject(self, message: str) -> None:
        self.adaptation.translation.rejected(self.adaptation.named("turns"), message)


def _system_texts(blocks: list[Block], adaptation: Adaptation, *, key: str) -> list[TextBlock]:
    texts: list[TextBlock] = []
    for block in adapted_blocks(blocks, adaptation):
        if not isinstance(block, TextBlock):
            adaptation.translation.rejected(adaptation.named(key), "system content must be text")
        texts.append(block)
    return texts


def _note_lost(turn: Message, adaptation: Adaptation) -> None:
    """A result's message may name the tool, which its call does anyway."""
    turns = adaptation.named("turns")
    if turn.name is not None and turn.role != "tool":
        adaptation.translation.dropped(f"{turns}[].name", "Anthropic's users have no names")
    if turn.phase is not None:
        adaptation.translation.dropped(f"{turns}[].phase", "Anthropic's messages have no phase")
    note_lost(turn.extensions, adaptation, prefix=f"{turns}[].")


def _check_end(messages: list[Message], adaptation: Adaptation) -> None:
    """A last message of the assistant is for the model to continue, where it can."""
    if not messages:
        adaptation.translation.rejected(
            adaptation.named("turns"), "Anthropic needs a message of the user"
        )
    last = messages[-1]
    if last.role != "assistant":
        return
    if not adaptation.capabilities.prefill:
        message = "the last message is the assistant's, which this model does not continue"
        adaptation.translation.rejected(adaptation.named("turns"), message)
    if isinstance(last.blocks[-1], TextBlock):
        last.blocks[-1].text = last.blocks[-1].text.rstrip()
