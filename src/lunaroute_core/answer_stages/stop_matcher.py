"""Stop sequences, for upstreams that have none."""

from collections.abc import Iterable, Sequence

import msgspec
from attrs import define, field

from lunaroute_core.answer_stages.token_queue import TokenQueue
from lunaroute_core.model import (
    Block,
    BlockEnd,
    BlockStart,
    Finish,
    FinishReason,
    NormalizedResponse,
    StreamEnd,
    StreamEvent,
    StreamFinish,
    TextBlock,
    TextDelta,
    Usage,
    UsageUpdate,
)
from lunaroute_core.text_tokens import estimate_text_tokens


@define(kw_only=True)
class _Match:
    """Where a stop sequence stands in a text."""

    start: int
    sequence: str


@define(kw_only=True)
class _Text:
    """An open text block: its start while nothing of it is written, and what is held back of
    its text and of what is told of its tokens.
    """

    start: BlockStart | None
    held: str = ""
    tokens: TokenQueue = field(factory=TokenQueue)


@define
class StopMatcher:
    """An `AnswerStage`: ends the answer where its text comes to a stop sequence.

    The text before it stays and nothing after it, no call either. Only what the client sees as
    text counts, each block by itself. In a stream the characters are held back that may yet
    turn out to begin a sequence, and the upstream is left at the match; how much the answer has
    used is an estimate then, since the upstream counts at its end.

    Args:
        sequences: at least one, none of them empty.
    """

    _sequences: Sequence[str]
    _texts: dict[int, _Text] = field(factory=dict[int, _Text], init=False)
    _open: dict[int, None] = field(factory=dict[int, None], init=False)
    _written: list[str] = field(factory=list[str], init=False)

    def response(self, response: NormalizedResponse) -> NormalizedResponse:
        blocks: list[Block] = []
        for block in response.blocks:
            match = self._found(block.text) if isinstance(block, TextBlock) else None
            if match is None or not isinstance(block, TextBlock):
                blocks.append(block)
                continue
            if text := block.text[: match.start]:
                blocks.append(_cut(block, text))
            return msgspec.structs.replace(response, blocks=blocks, finish=_stopped(match.sequence))
        return response

    def events(self, event: StreamEvent) -> Iterable[StreamEvent]:
        match event:
            case BlockStart(block=TextBlock() as text):
                yield from self._begin(event, text)
            case BlockStart():
                self._open[event.index] = None
                yield event
            case TextDelta() if event.index in self._texts:
                self._texts[event.index].tokens.add(event.logprobs)
                yield from self._read(event.index, event.text)
            case BlockEnd():
                yield from self._end(event)
            case _:
                yield event

    def _begin(self, event: BlockStart, text: TextBlock) -> Iterable[StreamEvent]:
        empty = msgspec.structs.replace(text, text="", logprobs=[])
        block = _Text(start=BlockStart(index=event.index, block=empty))
        block.tokens.add(text.logprobs)
        self._texts[event.index] = block
        if text.text:
            yield from self._read(event.index, text.text)

    def _read(self, index: int, fragment: str) -> Iterable[StreamEvent]:
        block = self._texts[index]
        text = block.held + fragment
        match = self._found(text)
        end = match.start if match is not None else len(text) - self._doubtful(text)
        block.held = text[end:]
        if end:
            yield from self._write(index, text[:end])
        if match is not None:
            yield from self._stop(match.sequence)

    def _write(self, index: int, text: str) -> Iterable[StreamEvent]:
        yield from self._started(index)
        self._written.append(text)
        tokens = self._texts[index].tokens.within(len(text))
        yield TextDelta(index=index, text=text, logprobs=tokens)

    def _started(self, index: int) -> Iterable[StreamEvent]:
        block = self._texts[index]
        if block.start is not None:
            yield block.start
            block.start = None
            self._open[index] = None

    def _end(self, event: BlockEnd) -> Iterable[StreamEvent]:
        block = self._texts.get(event.index)
        if block is not None:
            if block.held:
                yield from self._write(event.index, block.held)
            yield from self._started(event.index)
            if tokens := block.tokens.rest():
                yield TextDelta(index=event.index, text="", logprobs=tokens)
            del self._texts[event.index]
        self._open.pop(event.index, None)
        yield event

    def _stop(self, sequence: str) -> Iterable[StreamEvent]:
        for index in self._open:
            yield BlockEnd(index=index)
        written = estimate_text_tokens("".join(self._written))
        yield UsageUpdate(usage=Usage(output_tokens=written, estimated=True))
        yield StreamFinish(finish=_stopped(sequence))
        yield StreamEnd()

    def _found(self, text: str) -> _Match | None:
        """The sequence that is complete first."""
        found = [(at + len(it), at, it) for it in self._sequences if (at := text.find(it)) >= 0]
        if not found:
            return None
        _, start, sequence = min(found)
        return _Match(start=start, sequence=sequence)

    def _doubtful(self, text: str) -> int:
        """How many characters at the end of a text may begin a sequence."""
        longest = max(map(len, self._sequences)) - 1
        for length in range(min(longest, len(text)), 0, -1):
            if any(it.startswith(text[-length:]) for it in self._sequences):
                return length
        return 0


def _cut(block: TextBlock, text: str) -> TextBlock:
    """The beginning of a block, with the citations and the tokens that lie in it."""
    kept = [it for it in block.citations if it.end is None or it.end <= len(text)]
    tokens = TokenQueue()
    tokens.add(block.logprobs)
    logprobs = tokens.within(len(text))
    return msgspec.structs.replace(block, text=text, citations=kept, logprobs=logprobs)


def _stopped(sequence: str) -> Finish:
    return Finish(reason=FinishReason.STOP_SEQUENCE, stop_sequence=sequence)
