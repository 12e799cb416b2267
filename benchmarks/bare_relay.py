"""The yardstick: the least that this stack can do.

A raw ASGI callable that reads the body, posts it with one shared aiohttp session and
relays the answer. No routing, recording, metrics or parsing. It runs on the same server and
event loop as the gateway that is measured against it.

    python -m benchmarks.bare_relay --server uvicorn --port 8000 --upstream http://127.0.0.1:9000
"""

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import hypercorn.asyncio
import hypercorn.config
import uvicorn

JSON = {"content-type": "application/json"}

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class BareRelay:
    def __init__(self, upstream: str) -> None:
        self.url = f"{upstream}/v1/chat/completions"
        self.session: aiohttp.ClientSession

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.lifespan(receive, send)
        else:
            await self.relay(receive, send)

    async def lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        self.session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
        )
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.session.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def relay(self, receive: Receive, send: Send) -> None:
        message = await receive()
        body = message["body"]
        if message.get("more_body"):
            pieces = [body]
            while message.get("more_body"):
                message = await receive()
                pieces.append(message["body"])
            body = b"".join(pieces)
        async with self.session.post(self.url, data=body, headers=JSON) as answer:
            kept = (b"content-type", b"content-length")
            headers = [pair for pair in answer.raw_headers if pair[0].lower() in kept]
            await send({"type": "http.response.start", "status": answer.status, "headers": headers})
            if answer.content_length is not None:
                await send({"type": "http.response.body", "body": await answer.read()})
                return
            async for chunk in answer.content.iter_any():
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b""})


def run_hypercorn(app: Any, port: int) -> None:
    config = hypercorn.config.Config()
    config.bind = [f"127.0.0.1:{port}"]
    config.accesslog = None
    config.keep_alive_max_requests = 2**31
    asyncio.run(hypercorn.asyncio.serve(app, config, mode="asgi"))


def run_uvicorn(app: Any, port: int) -> None:
    uvicorn.run(
        app, port=port, http="httptools", loop="auto", log_level="warning", access_log=False
    )


RUNNERS = {"hypercorn": run_hypercorn, "uvicorn": run_uvicorn}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--server", choices=RUNNERS, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--upstream", required=True)
    arguments = parser.parse_args()
    RUNNERS[arguments.server](BareRelay(arguments.upstream), arguments.port)


if __name__ == "__main__":
    main()
