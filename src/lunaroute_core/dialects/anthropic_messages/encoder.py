"""Writes a message stream."""

import msgspec

from lunaroute_core.dialects.anthropic_messages.block_writer import (
    StreamedBlock,
    WholeBlock,
    block_writer,
    write_frame,
)
from lunaroute_core.dialects.anthropic_messages.errors import write_error
from lunaroute_core.dialects.anthropic_messages.finish import write_stop
from lunaroute_core.dialects.anthropic_messages.message import write_message
from lunaroute_core.dialects.anthropic_messages.name import DIALECT
from lunaroute_core.dialects.anthropic_messages.usage import write_usage, write_usage_delta
from lunaroute_core.dialects.block_order import BlockEvent, BlockOrder
from lunaroute_core.errors import ErrorDetails, ErrorKind
from lunaroute_core.model import (
    BlockEnd,
    BlockStart,
    FinishReason,
    NormalizedRequest,
    OpaqueEvent,
    StreamEnd,
    StreamError,
    StreamEvent,
    StreamFinish,
    StreamPing,
    StreamStart,
    ToolCallBlock,
    Usage,
    UsageUpdate,
)
from lunaroute_core.sse import encode_event
from lunaroute_core.token_estimate import estimate_tokens

PING = write_frame({"type": "ping"})


class MessagesEncoder:
    """A `StreamEncoder`. Nothing but an error comes before the start, and nothing at all
    after the end or an error.

    `message_delta` waits for the end, so that it has the last word on usage.
    """

    def __init__(self, *, request: NormalizedRequest) -> None:
        self.position = 0
        self._request = request
        self._started = False
        self._ended = False
        self._order = BlockOrder()
        self._writer: StreamedBlock | WholeBlock | None = None
        self._written = 0
        self._calls = False
        self._usage: Usage | None = None
        self._finish: StreamFinish | None = None

    def encode(self, event: StreamEvent) -> bytes:  # noqa: PLR0911 - one for each kind
        match event:
            case _ if self._ended:
                return b""
            case StreamError():
                return self._fail(event.details)
            case StreamStart():
                return self._start(event)
            case _ if not self._started:
                return b""
            case StreamPing():
                return PING
            case UsageUpdate():
                self._usage = event.usage.merged_over(self._usage)
                return b""
            case OpaqueEvent():
                return _write_opaque(event)
            case StreamFinish():
                self._finish = event
                return self._write_blocks(self._order.rest())
            case StreamEnd():
                return self._end()
            case _:
                return self._write_blocks(self._order.push(event))

    def _start(self, event: StreamStart) -> bytes:
        self._started = True
        self._usage = event.usage
        if event.usage is None or event.usage.input_tokens is None:
            estimate = Usage(input_tokens=estimate_tokens(self._request), estimated=True)
            self._usage = (event.usage or Usage()).merged_over(estimate)
        usage = write_usage(self._usage)
        message = write_message(message_id=event.id, model=event.model, usage=usage)
        message |= event.extensions.get(DIALECT, {})
        return write_frame({"type": "message_start", "message": message})

    def _write_blocks(self, events: list[BlockEvent]) -> bytes:
        return b"".join(map(self._write_block_event, events))

    def _write_block_event(self, event: BlockEvent) -> bytes:
        if isinstance(event, BlockStart):
            self._calls = self._calls or isinstance(event.block, ToolCallBlock)
            self._writer = block_writer(event.block, self._written)
            return self._writer.start()
        if self._writer is None:
            return b""
        if not isinstance(event, BlockEnd):
            return self._writer.delta(event)
        frames = self._writer.end(event.block)
        self._written += self._writer.count
        self._writer = None
        return frames

    def _end(self) -> bytes:
        """The last two events; none for a stream that says it ends but not why."""
        if self._finish is None:
            return b""
        finish = self._finish.finish
        if finish.reason is FinishReason.ERROR:
            message = "the upstream's answer ended in an error"
            return self._fail(ErrorDetails(kind=ErrorKind.SERVER, message=message))
        self._ended = True
        extra = self._finish.extensions.get(DIALECT, {})
        delta = write_frame(
            {
                "type": "message_delta",
                "delta": {**write_stop(finish, calls=self._calls), **extra},
                "usage": write_usage_delta(self._usage or Usage()),
            }
        )
        return delta + write_frame({"type": "message_stop"})

    def _fail(self, error: ErrorDetails) -> bytes:
        self._ended = True
        return encode_event(write_error(error, request_id=None), event="error")


def _write_opaque(event: OpaqueEvent) -> bytes:
    """Anthropic's own events as they are; other vendors' mean nothing here."""
    if event.dialect != DIALECT:
        return b""
    return encode_event(msgspec.json.encode(event.raw), event=event.event)
