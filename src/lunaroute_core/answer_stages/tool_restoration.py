"""Tool calls as the client's tools have it: their own names, namespaces and kind of input."""

from collections.abc import Iterable, Mapping

import msgspec
from attrs import define, field
from msgspec import UNSET

from lunaroute_core.answer_stages.free_form_input import FreeFormInput, free_form_input
from lunaroute_core.model import (
    ArgumentsDelta,
    Block,
    BlockEnd,
    BlockStart,
    NormalizedResponse,
    StreamEvent,
    ToolCallBlock,
)


@define(frozen=True, kw_only=True)
class ClientTool:
    """A tool as its client knows it.

    Attributes:
        free_form: whether it takes free text, but is offered as a function of one text.
    """

    name: str
    namespace: str | None = None
    free_form: bool = False


@define(kw_only=True)
class ToolRestoration:
    """An `AnswerStage`. `tools` are those the upstream knows otherwise, by its names for them."""

    tools: Mapping[str, ClientTool]
    _inputs: dict[int, FreeFormInput] = field(factory=dict[int, FreeFormInput], init=False)

    def response(self, response: NormalizedResponse) -> NormalizedResponse:
        restored = msgspec.structs.replace(response, blocks=self._blocks(response.blocks))
        restored.alternatives = [
            msgspec.structs.replace(other, blocks=self._blocks(other.blocks))
            for other in response.alternatives
        ]
        return restored

    def events(self, event: StreamEvent) -> Iterable[StreamEvent]:
        match event:
            case BlockStart(block=ToolCallBlock() as call):
                yield BlockStart(index=event.index, block=self._begun(call, event.index))
            case ArgumentsDelta() if event.index in self._inputs:
                if text := self._inputs[event.index].feed(event.fragment):
                    yield ArgumentsDelta(index=event.index, fragment=text)
            case BlockEnd():
                yield from self._ended(event)
            case _:
                yield event

    def _blocks(self, blocks: list[Block]) -> list[Block]:
        return [self._whole(it) if isinstance(it, ToolCallBlock) else it for it in blocks]

    def _whole(self, call: ToolCallBlock) -> ToolCallBlock:
        tool = self.tools.get(call.name)
        if tool is None:
            return call
        call = msgspec.structs.replace(call, name=tool.name, namespace=tool.namespace)
        if tool.free_form and call.tool_kind == "function":
            call.tool_kind, call.arguments = "custom", UNSET
            call.raw_arguments = free_form_input(call.raw_arguments)
        return call

    def _begun(self, call: ToolCallBlock, index: int) -> ToolCallBlock:
        """A call as it opens; its arguments, if any are here already, are only its first."""
        restored = self._whole(call)
        if restored.tool_kind != call.tool_kind:
            self._inputs[index] = FreeFormInput()
            restored.raw_arguments = self._inputs[index].feed(call.raw_arguments)
        return restored

    def _ended(self, event: BlockEnd) -> Iterable[StreamEvent]:
        reader = self._inputs.pop(event.index, None)
        if reader is not None and (text := reader.end()):
            yield ArgumentsDelta(index=event.index, fragment=text)
        final = event.block
        if isinstance(final, ToolCallBlock):
            final = self._whole(final)
        yield BlockEnd(index=event.index, block=final)
