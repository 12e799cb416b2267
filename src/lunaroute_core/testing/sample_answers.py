"""Answers for tests, whole and as the events a stream would bring."""

from collections.abc import Iterator

import msgspec

from lunaroute_core.model import (
    ArgumentsDelta,
    Block,
    BlockEnd,
    BlockStart,
    Finish,
    FinishReason,
    NormalizedResponse,
    OpaqueSet,
    ReasoningBlock,
    ReasoningDelta,
    RefusalBlock,
    RefusalDelta,
    StreamEnd,
    StreamEvent,
    StreamFinish,
    StreamStart,
    TextBlock,
    TextDelta,
    ToolCallBlock,
    Usage,
    UsageUpdate,
)

_STOPPED = Finish(reason=FinishReason.STOP)
_CALLED = Finish(reason=FinishReason.TOOL_CALLS)
_USAGE = Usage(input_tokens=3, output_tokens=5)


def text_response(text: str = "hello", *, model: str = "test-model") -> NormalizedResponse:
    """A finished answer of one text block."""
    return NormalizedResponse(
        id="answer-1",
        model=model,
        blocks=[TextBlock(text=text)],
        finish=_STOPPED,
        usage=_USAGE,
        created=1_700_000_000,
    )


def tool_call_response(
    name: str = "lookup", raw_arguments: str = "{}", *, model: str = "test-model"
) -> NormalizedResponse:
    """A finished answer that calls one function; `raw_arguments` is JSON text."""
    call = ToolCallBlock(
        id="call-1",
        name=name,
        raw_arguments=raw_arguments,
        arguments=msgspec.json.decode(raw_arguments),
    )
    answer = text_response(model=model)
    return msgspec.structs.replace(answer, blocks=[call], finish=_CALLED)


def stream_events(answer: NormalizedResponse) -> list[StreamEvent]:
    """A finished answer as a vendor would have streamed it, texts in two deltas."""
    events: list[StreamEvent] = [
        StreamStart(id=answer.id, model=answer.model, created=answer.created)
    ]
    for index, block in enumerate(answer.blocks):
        events += [*_block_events(index, block), BlockEnd(index=index)]
    if answer.usage is not None:
        events.append(UsageUpdate(usage=answer.usage))
    return [*events, StreamFinish(finish=answer.finish or _STOPPED), StreamEnd()]


def _block_events(index: int, block: Block) -> Iterator[StreamEvent]:
    """What opens and fills a block; kinds without deltas are complete at once."""
    replace = msgspec.structs.replace
    match block:
        case TextBlock(text=text):
            yield BlockStart(index=index, block=replace(block, text=""))
            yield from (TextDelta(index=index, text=half) for half in _halves(text))
        case RefusalBlock(text=text):
            yield BlockStart(index=index, block=replace(block, text=""))
            yield from (RefusalDelta(index=index, text=half) for half in _halves(text))
        case ToolCallBlock(raw_arguments=raw):
            opened = replace(block, raw_arguments="", arguments=msgspec.UNSET)
            yield BlockStart(index=index, block=opened)
            yield from (ArgumentsDelta(index=index, fragment=half) for half in _halves(raw))
        case ReasoningBlock(variant="visible", parts=parts, opaque=opaque):
            yield BlockStart(index=index, block=replace(block, parts=[], opaque=None))
            for part, text in enumerate(parts):
                yield ReasoningDelta(index=index, text=text, part=part)
            if opaque is not None:
                yield OpaqueSet(index=index, opaque=opaque)
        case _:
            yield BlockStart(index=index, block=block)


def _halves(text: str) -> list[str]:
    middle = len(text) // 2
    return [half for half in (text[:middle], text[middle:]) if half]
