"""A program that serves a small application the way `lunaroute serve` serves the gateway.

Writes what happens to standard output, one word a line: `opened`, the URL, `reload`,
`closed`.
"""

import argparse
import asyncio
import os
import sys

import msgspec

from lunaroute_core.errors import ConfigurationError
from lunaroute_server.config import Config, HttpServerConfig
from lunaroute_server.logging_setup import configure_logging
from lunaroute_server.serving import Application, serve


class Sample:
    def __init__(self):
        self.drained = asyncio.Event()

    def begin_drain(self, after):
        asyncio.get_running_loop().call_later(after, self.drained.set)

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            await self.lifespan(receive, send)
            return
        await receive()
        await getattr(self, scope["path"].strip("/"))(send)

    async def lifespan(self, receive, send):
        await receive()
        os.write(1, b"opened\n")
        await send({"type": "lifespan.startup.complete"})
        await receive()
        os.write(1, b"closed\n")
        await send({"type": "lifespan.shutdown.complete"})

    async def pid(self, send):
        await start(send)
        await send({"type": "http.response.body", "body": b"%d" % os.getpid()})

    async def crash(self, send):
        os._exit(9)

    async def endless(self, send):
        """A stream that only the drain deadline ends."""
        await start(send)
        await send({"type": "http.response.body", "body": b"data: first\n\n", "more_body": True})
        await self.drained.wait()
        await send({"type": "http.response.body", "body": b"event: error\n\n"})

    async def short(self, send):
        """A stream that ends by itself, a while after the order to stop."""
        await start(send)
        await send({"type": "http.response.body", "body": b"data: first\n\n", "more_body": True})
        await asyncio.sleep(1)
        await send({"type": "http.response.body", "body": b"data: last\n\n"})

    async def flood(self, send):
        """More than any buffer holds, whether or not the client is still there."""
        await start(send)
        while True:
            await asyncio.sleep(0.001)
            await send({"type": "http.response.body", "body": b"x" * 65536, "more_body": True})


async def start(send):
    headers = [(b"content-type", b"text/event-stream")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})


def application(config):
    if config.api_dialect == "openai":
        raise ConfigurationError("as the test wants it")
    sample = Sample()
    return Application(
        app=sample,
        begin_drain=sample.begin_drain,
        reload=lambda: os.write(1, b"reload\n"),
    )


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--server", default="hypercorn")
    arguments.add_argument("--workers", type=int, default=1)
    arguments.add_argument("--drain-secs", type=float, default=30.0)
    arguments.add_argument("--broken", action="store_true")
    given = arguments.parse_args()
    configure_logging("info")
    config = Config(port=0, http_server=HttpServerConfig(drain_secs=given.drain_secs))
    if given.broken:
        config = msgspec.structs.replace(config, api_dialect="openai")
    return serve(
        config,
        server=given.server,
        workers=given.workers,
        application=application,
        on_listening=lambda listener: os.write(1, f"{listener.url}\n".encode()),
    )


sys.exit(main())
