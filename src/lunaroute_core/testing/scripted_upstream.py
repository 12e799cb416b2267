"""An HTTP/1.1 upstream on loopback that plays a script and remembers what it was sent."""

import asyncio
import socket
import ssl
import struct
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack, suppress
from types import TracebackType
from typing import Self, TypeAlias

from attrs import define, field

from lunaroute_core.testing.recorded_request import RecordedRequest, read_request
from lunaroute_core.testing.replies import Close, Hang, Pause, Reply, Reset, Send, Sleep, Step

Script: TypeAlias = Reply | Iterable[Reply] | Callable[[RecordedRequest], Reply]
"""One reply for every request, replies in order, or a function of the request."""

_MAX_LINE_BYTES = 1 << 20
_LINGER_ZERO = struct.pack("ii", 1, 0)


class _Reader(asyncio.StreamReader):
    """A reader that says at once when its peer is gone, even while nobody reads."""

    def __init__(self) -> None:
        super().__init__(limit=_MAX_LINE_BYTES)
        self.ended = asyncio.Event()

    def feed_eof(self) -> None:
        super().feed_eof()
        self.ended.set()

    def set_exception(self, exc: Exception) -> None:
        super().set_exception(exc)
        self.ended.set()


@define(kw_only=True)
class _Connection:
    """One accepted socket, and the steps that can be played on it."""

    number: int
    reader: _Reader
    writer: asyncio.StreamWriter

    async def next_request(self) -> RecordedRequest | None:
        return await read_request(self.reader, self.writer, connection=self.number)

    async def play(self, reply: Reply) -> None:
        for step in reply.steps:
            if self.reader.ended.is_set():
                return
            await self._play(step)

    async def _play(self, step: Step) -> None:
        gone = self.reader.ended
        match step:
            case Send(data):
                self.writer.write(data)
                await self.writer.drain()
            case Pause(event):
                await _either(event, gone)
            case Sleep(seconds):
                with suppress(TimeoutError):
                    await asyncio.wait_for(gone.wait(), seconds)
            case Hang():
                await gone.wait()
            case Close():
                self.writer.close()
                await self.writer.wait_closed()
            case Reset():
                sock = self.writer.get_extra_info("socket")
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
                await self.abort()

    async def abort(self) -> None:
        self.writer.transport.abort()
        with suppress(OSError):
            await self.writer.wait_closed()


async def _either(first: asyncio.Event, second: asyncio.Event) -> None:
    async with asyncio.TaskGroup() as group:
        waits = [group.create_task(event.wait()) for event in (first, second)]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()


@define
class ScriptedUpstream:
    """An upstream for tests of gateways and HTTP clients, on a port of 127.0.0.1.

    ::

        async with ScriptedUpstream(json_reply(200, {"ok": True})) as upstream:
            await client.post(f"{upstream.url}/v1/messages", ...)
        assert upstream.requests[0].target == "/v1/messages"

    A request for which the script has no reply is reset, and leaving the context raises
    what went wrong. After leaving, `url` refuses connections.

    Attributes:
        script: what to answer, see `Script`.
        tls: serve HTTPS with this context.
        port: the port to listen on, a free one for 0.
        requests: everything received, in order of arrival.
    """

    script: Script
    tls: ssl.SSLContext | None = field(default=None, kw_only=True)
    port: int = field(default=0, kw_only=True)
    requests: list[RecordedRequest] = field(factory=list[RecordedRequest], init=False)
    _answer: Callable[[RecordedRequest], Reply] = field(init=False)
    _connections: list[_Connection] = field(factory=list[_Connection], init=False)
    _arrived: asyncio.Condition = field(factory=asyncio.Condition, init=False)
    _failures: list[Exception] = field(factory=list[Exception], init=False)
    _serving: list[asyncio.Task[None]] = field(factory=list[asyncio.Task[None]], init=False)
    _opened: AsyncExitStack = field(factory=AsyncExitStack, init=False)
    _port: int = field(default=0, init=False)
    _stopping: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        self._answer = _as_function(self.script)

    @property
    def url(self) -> str:
        """`http://127.0.0.1:port`, without a trailing slash."""
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self._port}"

    @property
    def open_connections(self) -> int:
        return sum(not connection.reader.ended.is_set() for connection in self._connections)

    async def received(self, count: int) -> None:
        """Wait until that many requests have arrived, bodies included."""
        async with self._arrived:
            await self._arrived.wait_for(lambda: len(self.requests) >= count)

    async def disconnected(self, connection: int) -> None:
        """Wait until a connection is closed; connections count from 1, in order of arrival."""
        await self._connections[connection - 1].reader.ended.wait()

    async def __aenter__(self) -> Self:
        tasks = await self._opened.enter_async_context(asyncio.TaskGroup())

        def protocol() -> asyncio.StreamReaderProtocol:
            reader = _Reader()
            return asyncio.StreamReaderProtocol(
                reader, lambda _reader, writer: self._accept(reader, writer, tasks)
            )

        loop = asyncio.get_running_loop()
        server = await loop.create_server(protocol, host="127.0.0.1", port=self.port, ssl=self.tls)
        self._opened.callback(self._stop, server)
        self._port = server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._opened.aclose()
        if exc is None and self._failures:
            raise ExceptionGroup("the upstream's script failed", self._failures)

    def _stop(self, server: asyncio.Server) -> None:
        server.close()
        self._stopping = True
        for task in self._serving:
            task.cancel()

    def _accept(
        self, reader: _Reader, writer: asyncio.StreamWriter, tasks: asyncio.TaskGroup
    ) -> None:
        if self._stopping:
            writer.transport.abort()
            return
        # `Send` ends when the kernel has the bytes, so that a reset loses none of them.
        # One and not zero: asyncio's TLS transport would wait for ever below zero bytes.
        writer.transport.set_write_buffer_limits(high=1)
        connection = _Connection(number=len(self._connections) + 1, reader=reader, writer=writer)
        self._connections.append(connection)
        self._serving.append(tasks.create_task(self._serve(connection)))

    async def _serve(self, connection: _Connection) -> None:
        try:
            while request := await connection.next_request():
                await self._note(request)
                await connection.play(self._answer(request))
                if request.header("connection") == "close":
                    break
        except OSError:
            pass  # the client left while it was being answered
        except Exception as failure:  # noqa: BLE001 - told when the context is left
            self._failures.append(failure)
            await connection.play(Reply([Reset()]))
        finally:
            await connection.abort()

    async def _note(self, request: RecordedRequest) -> None:
        async with self._arrived:
            self.requests.append(request)
            self._arrived.notify_all()


def _as_function(script: Script) -> Callable[[RecordedRequest], Reply]:
    if isinstance(script, Reply):
        return lambda _request: script
    if callable(script):
        return script
    replies = iter(script)

    def next_reply(request: RecordedRequest) -> Reply:
        reply = next(replies, None)
        if reply is None:
            raise LookupError(f"no reply is left for {request.method} {request.target}")
        return reply

    return next_reply
