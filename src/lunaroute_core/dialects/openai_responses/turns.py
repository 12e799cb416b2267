"""Puts input items together into instructions and turns.

Items that follow each other on the same side are one turn of the assistant or of the
tools: a response's reasoning, messages and calls belong together, and so do the outputs
that answer them. Messages of users stay apart, and so do two phases of an assistant.
"""

from attrs import define, field

from lunaroute_core.dialects.openai_responses.input_items import InputItem
from lunaroute_core.model import Block, Message, TextBlock


@define
class Turns:
    """A conversation while its items are read in order."""

    instructions: list[Block] = field(factory=list[Block])
    turns: list[Message] = field(factory=list[Message])

    def add(self, item: InputItem) -> None:
        if item.role == "system" and not self.turns:
            self.instructions.extend(item.blocks)
        elif self.turns and _continues(self.turns[-1], item):
            last = self.turns[-1]
            last.blocks.extend(item.blocks)
            last.phase = last.phase or item.phase
        else:
            self.turns.append(Message(role=item.role, blocks=item.blocks, phase=item.phase))

    def add_text(self, text: str) -> None:
        """The whole input where it is a bare string."""
        if text:
            self.turns.append(Message(role="user", blocks=[TextBlock(text=text)]))


def _continues(last: Message, item: InputItem) -> bool:
    if last.role != item.role or item.role not in ("assistant", "tool"):
        return False
    return item.phase is None or last.phase is None or item.phase == last.phase
