"""An HTTP client whose transport is the gateway itself."""

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import httpx2
from attrs import define, field
from starlette.types import ASGIApp, Message

from lunaroute_server.app import create_app

if TYPE_CHECKING:
    from lunaroute_server.gateway import Gateway

_BASE_URL = "http://localhost"  # for those who use the client by itself


def in_process_client(gateway: "Gateway") -> httpx2.AsyncClient:
    """A client for `gateway`, which must be open while the client is used."""
    transport = StreamingASGITransport(app=create_app(gateway))
    return httpx2.AsyncClient(transport=transport, base_url=_BASE_URL, timeout=None)


@define(kw_only=True)
class StreamingASGITransport(httpx2.AsyncBaseTransport):
    """Runs an ASGI application for each request and hands its chunks on as they come.

    The transport that ships with the HTTP library collects the whole body first, so that a
    stream would arrive at once, at its end. Of a request's timeouts the one for reading has
    its effect: the longest wait for the answer to begin, and then for each further chunk.
    """

    app: ASGIApp

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        call = _Call(
            app=self.app,
            scope=_scope(request),
            body=await request.aread(),
            read_timeout=request.extensions.get("timeout", {}).get("read"),
        )
        return await call.response()


@define(kw_only=True, eq=False)
class _Call(httpx2.AsyncByteStream):
    """One run of the application. It ends with the response: read to its end, or closed."""

    app: ASGIApp
    scope: dict[str, Any]
    body: bytes
    read_timeout: float | None
    _messages: asyncio.Queue[Message | None] = field(
        factory=lambda: asyncio.Queue[Message | None](maxsize=1), init=False
    )
    _body_sent: bool = field(default=False, init=False)
    _ended: bool = field(default=False, init=False)
    _closed: asyncio.Event = field(factory=asyncio.Event, init=False)
    _task: asyncio.Task[None] | None = field(default=None, init=False)

    async def response(self) -> httpx2.Response:
        self._task = asyncio.get_running_loop().create_task(self._run())
        try:
            start = await self._next_message()
        except BaseException:
            await self.aclose()
            raise
        if start is None:
            await self._task  # raises what the application raised
            raise httpx2.RemoteProtocolError("the application gave no answer")
        return httpx2.Response(start["status"], headers=start["headers"], stream=self)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (message := await self._next_message()) is not None:
            self._ended = not message.get("more_body", False)
            if message.get("body"):
                yield message["body"]
            if self._ended:
                return
        raise httpx2.RemoteProtocolError(
            "the application broke off in the middle of its answer"
        ) from await self._crash()

    async def aclose(self) -> None:
        if self._task is None:
            return
        self._closed.set()
        if not self._ended:
            self._task.cancel()
        await asyncio.wait({self._task})

    async def _next_message(self) -> Message | None:
        """What the application sends next; None when it has returned or crashed."""
        try:
            async with asyncio.timeout(self.read_timeout):
                return await self._messages.get()
        except TimeoutError:
            message = f"no answer from the gateway for {self.read_timeout:g} seconds"
            raise httpx2.ReadTimeout(message) from None

    async def _crash(self) -> BaseException | None:
        if self._task is None:
            return None
        await asyncio.wait({self._task})
        return None if self._task.cancelled() else self._task.exception()

    async def _run(self) -> None:
        try:
            await self.app(self.scope, self._receive, self._messages.put)
        finally:
            if not self._closed.is_set():
                await self._messages.put(None)

    async def _receive(self) -> Message:
        if not self._body_sent:
            self._body_sent = True
            return {"type": "http.request", "body": self.body, "more_body": False}
        await self._closed.wait()
        return {"type": "http.disconnect"}


def _headers(request: httpx2.Request) -> list[tuple[bytes, bytes]]:
    """The request's headers; `Host` names this gateway, whatever base URL the SDK has."""
    named = [(name.lower(), value) for name, value in request.headers.raw]
    return [(name, b"localhost" if name == b"host" else value) for name, value in named]


def _scope(request: httpx2.Request) -> dict[str, Any]:
    url = request.url
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "headers": _headers(request),
        "scheme": url.scheme,
        "path": url.path,
        "raw_path": url.raw_path.partition(b"?")[0],
        "query_string": url.query,
        "root_path": "",
        "server": (url.host, url.port),
        "client": ("127.0.0.1", 0),
    }
