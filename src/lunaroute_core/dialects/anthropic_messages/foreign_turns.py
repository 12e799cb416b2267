"""Makes other dialects' turns a conversation that Anthropic accepts.

User's and assistant's messages alternate; a message after calls begins with their results,
in the calls' order; a system message stands only between a user's and an assistant's.
"""

from collections.abc import Sequence

from msgspec import Struct

from lunaroute_core.dialects.anthropic_messages.adaptation import Adaptation
from lunaroute_core.dialects.anthropic_messages.foreign_blocks import adapted_blocks
from lunaroute_core.dialects.anthropic_messages.foreign_extensions import note_lost_of_turn
from lunaroute_core.model import Block, Message, TextBlock, ToolCallBlock, ToolResultBlock

_NOTE_START, _NOTE_END = "<operator_note>\n", "\n</operator_note>"


def adapted_turns(turns: list[Message], adaptation: Adaptation) -> list[Message]:
    """Raises InvalidRequestError for a conversation that Anthropic has no form for: a call
    without its result, a result without its call, a user's turn without content.
    """
    conversation = _Conversation(adaptation=adaptation)
    for turn in turns:
        if turn.name is not None or turn.phase is not None:
            _note_name_and_phase(turn, adaptation)
        if turn.extensions:
            note_lost_of_turn(turn.extensions, adaptation)
        match turn.role:
            case "assistant":
                conversation.add_assistant(turn)
            case "system":
                conversation.add_system(turn)
            case "user" | "tool":
                conversation.add_user(turn)
    conversation.end_user_message()
    messages = conversation.messages
    if not messages or messages[-1].role == "assistant":
        _check_end(messages, adaptation)
    return messages


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

    def end_user_message(self) -> None:
        """Close the message being made; it is none if nothing is in it."""
        content: list[Block] = []
        for call_id in self._open_calls:
            if call_id not in self.results:
                self._reject(f"call {call_id!r} has no result")
            content.append(self.results[call_id])
        role = "tool" if content else "user"
        content += self.blocks
        if self.system and not content:
            content, self.system = self._notes(self.system), []
        if content:
            self.messages.append(Message(role=role, blocks=content))
        if self.system:
            self.messages.append(Message(role="system", blocks=self.system))

    def add_assistant(self, turn: Message) -> None:
        blocks = adapted_blocks(turn.blocks, self.adaptation)
        if not blocks:
            return
        if self.results or self.blocks or self.system:
            self.end_user_message()
            self.results, self.blocks, self.system, self._open_calls = {}, [], [], {}
        if self.messages and self.messages[-1].role == "assistant":
            self.messages[-1].blocks += blocks
        else:
            self.messages.append(Message(role="assistant", blocks=blocks))
        for block in blocks:
            if type(block) is ToolCallBlock:
                if block.id in self._open_calls:
                    self._reject(f"two calls have the id {block.id!r}")
                self._open_calls[block.id] = None

    def add_user(self, turn: Message) -> None:
        blocks = adapted_blocks(turn.blocks, self.adaptation)
        if not blocks:
            self._reject("Anthropic takes no empty messages of users")
        if self.system:
            self._emulated("a system message between a user's, moved after them")
        for block in blocks:
            if type(block) is ToolResultBlock:
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

    def add_system(self, turn: Message) -> None:
        texts = system_texts(turn.blocks, self.adaptation, key="turns")
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


def system_texts(blocks: list[Block], adaptation: Adaptation, *, key: str) -> list[Block]:
    """What the system says, in the field that the normalized model calls `key`.

    Raises:
        InvalidRequestError: something in it is no text.
    """
    texts = adapted_blocks(blocks, adaptation)
    for block in texts:
        if type(block) is not TextBlock:
            adaptation.translation.rejected(adaptation.named(key), "system content must be text")
    return texts


def _note_name_and_phase(turn: Message, adaptation: Adaptation) -> None:
    """A result's message may name the tool, which its call does anyway."""
    turns = adaptation.named("turns")
    if turn.name is not None and turn.role != "tool":
        adaptation.translation.dropped(f"{turns}[].name", "Anthropic's users have no names")
    if turn.phase is not None:
        adaptation.translation.dropped(f"{turns}[].phase", "Anthropic's messages have no phase")


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
