"""Makes other dialects' turns a conversation that Chat accepts.

The results of a message's calls follow it at once, in the calls' order; what a user said in
the turn of a result comes after all of them.
"""

from attrs import define, field

from lunaroute_core.dialects.openai_chat.answers import Answers
from lunaroute_core.dialects.openai_chat.extensions import DIALECT, FORM, form_of, own_fields
from lunaroute_core.dialects.openai_chat.foreign_blocks import adapted_blocks
from lunaroute_core.dialects.openai_chat.foreign_extensions import note_lost
from lunaroute_core.dialects.openai_chat.tool_results import ResultMessages
from lunaroute_core.dialects.openai_vendor.adaptation import Adaptation
from lunaroute_core.json_value import JSONObject
from lunaroute_core.model import (
    AudioBlock,
    Block,
    DocumentBlock,
    Extensions,
    HostedResultBlock,
    ImageBlock,
    Message,
    ReasoningBlock,
    TextBlock,
    ToolCallBlock,
    ToolResultBlock,
)

_NOTE_START, _NOTE_END = "<operator_note>\n", "\n</operator_note>"


def adapted_instructions(blocks: list[Block], adaptation: Adaptation) -> list[Block]:
    """The leading system blocks, as one message with its parts kept.

    Raises:
        InvalidRequestError: one is no text.
    """
    texts = _system_texts(blocks, adaptation, key="instructions")
    if texts:
        head: JSONObject = {"role": adaptation.capabilities.system_role, "count": len(texts)}
        if len(texts) > 1:
            head["content"] = "parts"
        texts[0].extensions = {DIALECT: {FORM: {"message": head}}}
    return [*texts]


def adapted_turns(turns: list[Message], adaptation: Adaptation) -> list[Message]:
    """Raises InvalidRequestError for a conversation that Chat has no form for: a call without
    its result, a result without its call, a message of the assistant to be continued.
    """
    _check_end(turns, adaptation)
    conversation = _Conversation(adaptation=adaptation, answers=Answers.among(turns))
    for at, turn in enumerate(turns):
        _note_lost(turn, adaptation)
        conversation.add(turn, at=at)
    messages = conversation.ended()
    if adaptation.capabilities.needs_user_turn and all(it.role != "user" for it in messages):
        messages.insert(0, Message(role="user", blocks=[TextBlock(text="")]))
    return messages


@define(kw_only=True)
class _Conversation:
    """A conversation while its turns are added in order.

    Attributes:
        answers: which result answers which call.
        messages: Chat's.
        attachments: what follows the tool messages that were added last.
    """

    adaptation: Adaptation
    answers: Answers
    messages: list[Message] = field(factory=list[Message])
    attachments: list[Block] = field(factory=list[Block])

    def add(self, turn: Message, *, at: int) -> None:
        match turn.role:
            case "assistant":
                self._flush()
                self._add_assistant(turn, at=at)
            case "system":
                self._flush()
                self._add_system(turn)
            case _:
                self._add_user(turn)

    def ended(self) -> list[Message]:
        """All messages."""
        self._flush()
        return self.messages

    def _flush(self) -> None:
        if self.attachments:
            self.messages.append(_message("user", self.attachments))
            self.attachments = []

    def _add_assistant(self, turn: Message, *, at: int) -> None:
        blocks = adapted_blocks(turn.blocks, self.adaptation)
        if any(isinstance(it, ImageBlock | DocumentBlock | AudioBlock) for it in blocks):
            self.adaptation.reject_content("Chat's assistant messages hold text only")
        if not blocks:
            return
        message = _message("assistant", blocks)
        calls = [it for it in turn.blocks if isinstance(it, ToolCallBlock)]
        only_calls = all(isinstance(it, ToolCallBlock | ReasoningBlock) for it in blocks)
        if only_calls:
            own = message.extensions.get(DIALECT, {})
            message.extensions = {DIALECT: {**own, "content": None}}
        self.messages.append(message)
        results = ResultMessages(adaptation=self.adaptation)
        for call in calls:
            self.messages.append(results.message(call, self._result_of(call, at=at)))
        self.attachments = results.attachments

    def _result_of(self, call: ToolCallBlock, *, at: int) -> ToolResultBlock:
        found = self.answers.to(call, at=at)
        if not found:
            self.adaptation.reject_content(f"call {call.id!r} has no result")
        if len(found) > 1:
            message = f"all but the last result for call {call.id!r}"
            self.adaptation.translation.dropped(self.adaptation.named("turns"), message)
        return found[-1]

    def _add_user(self, turn: Message) -> None:
        rest: list[Block] = []
        for block in turn.blocks:
            if isinstance(block, HostedResultBlock):
                self.adaptation.reject_content(f"Chat has nothing like {block.type!r}")
            if isinstance(block, ToolCallBlock):
                self.adaptation.reject_content(f"call {block.id!r} is not the assistant's")
            if not isinstance(block, ToolResultBlock):
                rest.append(block)
            elif not self.answers.asked_for(block):
                self.adaptation.reject_content(
                    f"result for {block.call_id!r}, which nothing called"
                )
        blocks = adapted_blocks(rest, self.adaptation)
        if turn.role != "tool":
            self._flush()
        if self.attachments or blocks or turn.role != "tool":
            self.messages.append(_message("user", self.attachments + blocks))
        self.attachments = []

    def _add_system(self, turn: Message) -> None:
        texts = _system_texts(turn.blocks, self.adaptation, key="turns")
        if not texts:
            return
        if self.adaptation.capabilities.mid_conversation_system:
            role = self.adaptation.capabilities.system_role
            self.messages.append(_message("system", [*texts], role=role))
            return
        message = "a system message as an operator's note of the user"
        self.adaptation.translation.emulated(self.adaptation.named("turns"), message)
        notes = [
            TextBlock(text=f"{_NOTE_START}{it.text}{_NOTE_END}", cache=it.cache) for it in texts
        ]
        self.messages.append(_message("user", [*notes]))


def _message(kind: str, blocks: list[Block], *, role: str | None = None) -> Message:
    """A message that says in which form it is to be written."""
    form: JSONObject = {} if role in (None, "system") else {"role": role}
    content = [it for it in blocks if not isinstance(it, ToolCallBlock | ReasoningBlock)]
    if len(content) > 1:
        form["content"] = "parts"
    if any(isinstance(it, ReasoningBlock) and _has_entry(it) for it in blocks):
        form["reasoning"] = "details"
    extensions: Extensions = {DIALECT: {FORM: form}} if form else {}
    if kind == "assistant":
        return Message(role="assistant", blocks=blocks, extensions=extensions)
    if not blocks:
        blocks = [TextBlock(text="")]
    return Message(
        role="system" if kind == "system" else "user", blocks=blocks, extensions=extensions
    )


def _has_entry(block: ReasoningBlock) -> bool:
    """Whether there is more to give back than text."""
    own = own_fields(block.extensions)
    return (
        block.opaque is not None
        or block.item_id is not None
        or bool(own)
        or bool(form_of(block.extensions))
    )


def _system_texts(blocks: list[Block], adaptation: Adaptation, *, key: str) -> list[TextBlock]:
    texts: list[TextBlock] = []
    for block in adapted_blocks(blocks, adaptation):
        if not isinstance(block, TextBlock):
            adaptation.translation.rejected(adaptation.named(key), "system content must be text")
        texts.append(block)
    return texts


def _note_lost(turn: Message, adaptation: Adaptation) -> None:
    if turn.phase is not None:
        adaptation.translation.dropped(adaptation.in_content("phase"), "Chat has no phases")
    note_lost(turn.extensions, adaptation, prefix=adaptation.in_content(""))


def _check_end(turns: list[Message], adaptation: Adaptation) -> None:
    """A last message of the assistant, where its client's dialect has it continued."""
    continued = turns and turns[-1].role == "assistant" and adaptation.dialect == _CONTINUES
    if continued and not adaptation.capabilities.prefill:
        adaptation.reject_content(
            "the last message is the assistant's, which this model would not continue"
        )


_CONTINUES = "anthropic_messages"
