"""WebSocket handshakes, which this version answers with 426."""

from attrs import frozen
from starlette.types import Receive, Scope, Send


@frozen
class WebSocketRefusal:
    """Codex then goes on over HTTP at once, where it would retry after any other status."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        if "websocket.http.response" not in scope.get("extensions", {}):
            await send({"type": "websocket.close", "code": 1008})
            return
        headers = [(b"content-length", b"0")]
        await send({"type": "websocket.http.response.start", "status": 426, "headers": headers})
        await send({"type": "websocket.http.response.body", "body": b""})
