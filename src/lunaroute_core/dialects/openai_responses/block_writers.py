"""Write one block of a stream: its opening, its deltas, its end.

A writer yields events without their numbers. It gathers the block meanwhile, so that what
the item repeats at its end is what the deltas said.
"""

from collections.abc import Iterator
from typing import Protocol, TypeAlias

import msgspec
from attrs import define, field

from lunaroute_core.dialects.block_order import BlockDelta
from lunaroute_core.dialects.openai_responses.output_items import (
    annotations,
    has_item,
    is_part,
    is_shown,
    write_part,
    written_arguments,
)
from lunaroute_core.dialects.openai_vendor.logprobs import completed
from lunaroute_core.json_value import JSONObject
from lunaroute_core.model import (
    ArgumentsDelta,
    Block,
    CitationAdd,
    OpaqueBlock,
    OpaqueSet,
    ReasoningBlock,
    ReasoningDelta,
    RefusalBlock,
    RefusalDelta,
    TextBlock,
    TextDelta,
    ToolCallBlock,
)

Events: TypeAlias = Iterator[JSONObject]


class BlockWriter(Protocol):
    """Writes one block. `block` is complete after `end`."""

    @property
    def block(self) -> Block: ...

    def start(self) -> Events: ...

    def delta(self, event: BlockDelta) -> Events: ...

    def end(self, final: Block | None) -> Events: ...


@define(kw_only=True)
class TextWriter:
    """A part of a message that holds text. `place` names item and part."""

    place: JSONObject
    block: TextBlock
    _fragments: list[str] = field(factory=list[str], init=False)
    _logprobs: list[JSONObject] = field(factory=list[JSONObject], init=False)

    def start(self) -> Events:
        begun = self.block
        self.block = msgspec.structs.replace(begun, text="", logprobs=[])
        empty = msgspec.structs.replace(self.block, citations=[])
        yield {"type": "response.content_part.added", **self.place, "part": write_part(empty)}
        yield from self._append(begun.text, begun.logprobs)

    def delta(self, event: BlockDelta) -> Events:
        if isinstance(event, TextDelta):
            yield from self._append(event.text, event.logprobs)
        elif isinstance(event, CitationAdd):
            self.block.citations = [*self.block.citations, event.citation]

    def end(self, final: Block | None) -> Events:
        written = "".join(self._fragments)
        if isinstance(final, TextBlock):
            tokens = [] if self._logprobs else final.logprobs
            yield from self._append(_tail(final.text, written), tokens)
            told = final.logprobs or self._logprobs
            self.block = msgspec.structs.replace(final, logprobs=told)
        else:
            self.block.text, self.block.logprobs = written, self._logprobs
        for index, annotation in enumerate(annotations(self.block)):
            yield {
                "type": "response.output_text.annotation.added",
                **self.place,
                "annotation_index": index,
                "annotation": annotation,
            }
        part = write_part(self.block)
        said = {"text": part["text"], "logprobs": part["logprobs"] or []}
        yield {"type": "response.output_text.done", **self.place, **said}
        yield {"type": "response.content_part.done", **self.place, "part": part}

    def _append(self, text: str, tokens: list[JSONObject]) -> Events:
        if text or tokens:
            self._fragments.append(text)
            self._logprobs += tokens
            yield {
                "type": "response.output_text.delta",
                **self.place,
                "delta": text,
                "logprobs": [completed(token, with_bytes=True) for token in tokens],
            }


@define(kw_only=True)
class RefusalWriter:
    """A part of a message that holds a refusal."""

    place: JSONObject
    block: RefusalBlock
    _fragments: list[str] = field(factory=list[str], init=False)

    def start(self) -> Events:
        text, self.block = self.block.text, msgspec.structs.replace(self.block, text="")
        yield {"type": "response.content_part.added", **self.place, "part": write_part(self.block)}
        yield from self._append(text)

    def delta(self, event: BlockDelta) -> Events:
        if isinstance(event, RefusalDelta):
            yield from self._append(event.text)

    def end(self, final: Block | None) -> Events:
        written = "".join(self._fragments)
        if isinstance(final, RefusalBlock):
            yield from self._append(_tail(final.text, written))
            self.block = final
        else:
            self.block.text = written
        yield {"type": "response.refusal.done", **self.place, "refusal": self.block.text}
        yield {"type": "response.content_part.done", **self.place, "part": write_part(self.block)}

    def _append(self, text: str) -> Events:
        if text:
            self._fragments.append(text)
            yield {"type": "response.refusal.delta", **self.place, "delta": text}


@define(kw_only=True)
class CallWriter:
    """A call's arguments: JSON of a function, free text of a custom tool."""

    place: JSONObject
    block: ToolCallBlock
    _fragments: list[str] = field(factory=list[str], init=False)

    def start(self) -> Events:
        return self._append(self.block.raw_arguments)

    def delta(self, event: BlockDelta) -> Events:
        if isinstance(event, ArgumentsDelta):
            yield from self._append(event.fragment)

    def end(self, final: Block | None) -> Events:
        written = "".join(self._fragments)
        raw = written
        if isinstance(final, ToolCallBlock):
            raw = final.raw_arguments
            yield from self._append(_tail(raw, written))
        # The item keeps the names and ids that it was announced with.
        last = self.block if final is None else final
        self.block = msgspec.structs.replace(
            self.block, raw_arguments=raw, extensions=last.extensions
        )
        if (whole := written_arguments(self.block)) != raw:
            yield from self._append(whole.removeprefix(raw))
            raw = whole
        name, key = self._names
        yield {"type": f"{name}.done", **self.place, key: raw}

    @property
    def _names(self) -> tuple[str, str]:
        if self.block.tool_kind == "custom":
            return "response.custom_tool_call_input", "input"
        return "response.function_call_arguments", "arguments"

    def _append(self, fragment: str) -> Events:
        if fragment:
            self._fragments.append(fragment)
            yield {"type": f"{self._names[0]}.delta", **self.place, "delta": fragment}


@define(kw_only=True)
class ReasoningWriter:
    """A reasoning item's summary or text, part by part; the signature comes with its end."""

    place: JSONObject
    block: ReasoningBlock
    _parts: list[list[str]] = field(factory=list[list[str]], init=False)

    def start(self) -> Events:
        for number, text in enumerate(self.block.parts):
            yield from self._append(text, number)

    def delta(self, event: BlockDelta) -> Events:
        if isinstance(event, ReasoningDelta):
            yield from self._append(event.text, event.part)
        elif isinstance(event, OpaqueSet):
            self.block = msgspec.structs.replace(self.block, opaque=event.opaque)

    def end(self, final: Block | None) -> Events:
        if isinstance(final, ReasoningBlock):
            yield from self._complete(final.parts)
        if self._parts:
            yield from self._close()
        if isinstance(final, ReasoningBlock):
            self.block = msgspec.structs.replace(final, item_id=self.block.item_id)
        else:
            parts = ["".join(part) for part in self._parts]
            self.block = msgspec.structs.replace(self.block, parts=parts)

    def _complete(self, texts: list[str]) -> Events:
        """Write what the final parts say beyond the deltas."""
        open_part = len(self._parts) - 1
        for part, text in enumerate(texts):
            if part > open_part:
                yield from self._append(text, part)
            elif part == open_part:
                yield from self._append(_tail(text, "".join(self._parts[part])), part)

    def _append(self, text: str, part: int) -> Events:
        """Parts are written in order: what comes late joins the part that is open."""
        while part >= len(self._parts):
            yield from self._open()
        self._parts[-1].append(text)
        if text:
            yield {"type": f"{self._text_event}.delta", **self._part_place, "delta": text}

    def _open(self) -> Events:
        if self._parts:
            yield from self._close()
        self._parts.append([])
        yield {"type": f"{self._part_event}.added", **self._part_place, "part": self._part("")}

    def _close(self) -> Events:
        text, place = "".join(self._parts[-1]), self._part_place
        yield {"type": f"{self._text_event}.done", **place, "text": text}
        yield {"type": f"{self._part_event}.done", **place, "part": self._part(text)}

    def _part(self, text: str) -> JSONObject:
        return {"type": "reasoning_text" if self._shown else "summary_text", "text": text}

    @property
    def _shown(self) -> bool:
        return is_shown(self.block)

    @property
    def _text_event(self) -> str:
        return "response.reasoning_text" if self._shown else "response.reasoning_summary_text"

    @property
    def _part_event(self) -> str:
        return "response.content_part" if self._shown else "response.reasoning_summary_part"

    @property
    def _part_place(self) -> JSONObject:
        key = "content_index" if self._shown else "summary_index"
        return {**self.place, key: len(self._parts) - 1}


@define(kw_only=True)
class WholePartWriter:
    """A part of a message whose type is not known: it is complete at once."""

    place: JSONObject
    block: OpaqueBlock

    def start(self) -> Events:
        yield {"type": "response.content_part.added", **self.place, "part": self.block.raw}

    def delta(self, event: BlockDelta) -> Events:  # noqa: ARG002
        yield from ()

    def end(self, final: Block | None) -> Events:
        if isinstance(final, OpaqueBlock):
            self.block = final
        yield {"type": "response.content_part.done", **self.place, "part": self.block.raw}


@define(kw_only=True)
class WholeWriter:
    """A block that streams nothing of its own."""

    block: Block

    def start(self) -> Events:
        yield from ()

    def delta(self, event: BlockDelta) -> Events:  # noqa: ARG002
        yield from ()

    def end(self, final: Block | None) -> Events:
        if final is not None and has_item(final):
            self.block = final
        yield from ()


def block_writer(block: Block, place: JSONObject) -> BlockWriter:
    """The writer for a block; `place` is put into each of its events."""
    match block:
        case TextBlock():
            return TextWriter(place=place, block=block)
        case RefusalBlock():
            return RefusalWriter(place=place, block=msgspec.structs.replace(block))
        case ToolCallBlock():
            return CallWriter(place=place, block=block)
        case ReasoningBlock():
            return ReasoningWriter(place=place, block=block)
        case OpaqueBlock() if is_part(block):
            return WholePartWriter(place=place, block=block)
        case _:
            return WholeWriter(block=block)


def _tail(final: str, written: str) -> str:
    """What the final text adds to the written one."""
    return final[len(written) :] if final.startswith(written) else ""
