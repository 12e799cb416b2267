"""A wire stream as blocks of whole frames, watched as it goes by."""

from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress

from msgspec import Struct, field

from lunaroute_core.dialects.codec import StreamObserver
from lunaroute_core.errors import ProviderError, UpstreamAnsweredError, UpstreamProtocolError
from lunaroute_core.first_content import FirstContent
from lunaroute_core.pending_read import PendingRead
from lunaroute_core.sse import SSEFramer
from lunaroute_core.wire_stream import ByteSource


class WireBlocks(Struct, kw_only=True):
    """Reads one source of frames.

    What `prime` and `hold` read is kept, and comes first in `relayed`.

    Attributes:
        failure: the error that ended the stream.
    """

    provider: str
    source: ByteSource
    observer: StreamObserver
    first_content: FirstContent
    failure: ProviderError | None = None
    _framer: SSEFramer = field(default_factory=SSEFramer)
    _kept: bytes = b""
    _pending: PendingRead[bytes] = field(default_factory=PendingRead[bytes])
    _early: bool = True
    """Whether there is no content so far, and may be some to come."""
    _at_end: bool = False

    async def aclose(self) -> None:
        try:
            await self._pending.aclose()
        finally:
            await self.source.aclose()

    async def prime(self) -> None:
        """Wait for the first event. Raises ProviderError."""
        while not self.observer.started:
            await self._keep()
            if self._at_end and not self.observer.finished:
                raise self._broken("the stream ended without an event")
        # An error after the answer has begun is part of it, in however many pieces they came.
        if self.observer.error is not None and self.observer.summary.id is None:
            raise UpstreamAnsweredError(self.observer.error, provider=self.provider)

    async def hold(self, *, until: float | None) -> bool:
        """Wait until content has begun or the stream finished: whether that has happened before
        the event loop's time `until`. Raises ProviderError.
        """
        while self._early:
            if until is not None and not await self._pending.begin(self._early_chunk, until=until):
                return False
            await self._keep()
            if self._at_end and self._early:
                raise self._broken("server error: the stream ended before its terminal event")
        if self.observer.error is not None and not self.observer.has_content:
            raise UpstreamAnsweredError(self.observer.error, provider=self.provider)
        return True

    async def relayed(self) -> AsyncGenerator[bytes, None]:
        """All blocks. Raises ProviderError."""
        observer = self.observer
        feed, observe, read = self._framer.feed, observer.observe, self.source.read
        try:
            async with aclosing(self._beginning()) as beginning:
                async for block in beginning:
                    yield block
            if not self._at_end:
                while chunk := await read():
                    if block := feed(chunk):
                        observe(block)
                        yield block
        except ValueError as error:
            raise self._broken(f"malformed stream event: {error}") from error
        except ProviderError as error:
            # What breaks after the terminal event has no meaning for the client any more.
            if not observer.finished:
                self.failure = error
                raise
        if tail := self._last_frame():
            yield tail
        if not observer.finished:
            raise self._broken("server error: the stream ended before its terminal event")

    async def _beginning(self) -> AsyncGenerator[bytes, None]:
        """The blocks until the first with content, or that finishes the stream."""
        yield self._kept
        self._kept = b""
        while self._early and not self._at_end:
            if block := await self._next_early():
                yield block

    async def _keep(self) -> None:
        try:
            self._kept += await self._next_early()
        except ValueError as error:
            raise self._broken(f"malformed stream event: {error}") from error

    async def _early_chunk(self) -> bytes:
        return await self.first_content.wait(self.source.read(), provider=self.provider)

    async def _next_early(self) -> bytes:
        """Read once, of a stream without content so far: whole frames, perhaps none.

        Raises:
            ProviderError: the upstream failed.
            ValueError: an event is not of its dialect.
        """
        chunk = await (self._pending.take() if self._pending else self._early_chunk())
        block = self._framer.feed(chunk)
        self.observer.observe(block)
        if not chunk:
            self._at_end = True
            block = self._last_frame()
        if self.observer.has_content:
            self.first_content.came()
        self._early = not (self.observer.has_content or self.observer.finished)
        return block

    def _last_frame(self) -> bytes:
        """A last frame without its blank line: part of the answer only if it completes it,
        since half a frame could not be followed by an error event.
        """
        tail = self._framer.take_pending()
        with suppress(ValueError):
            self.observer.observe(tail)
        return tail if self.observer.finished else b""

    def _broken(self, reason: str) -> UpstreamProtocolError:
        self.failure = error = UpstreamProtocolError(reason, provider=self.provider)
        return error
