"""A gateway on a bundled server, in front of an upstream that records what arrives."""

import asyncio
import socket
from contextlib import asynccontextmanager

import pytest

from lunaroute_core.testing import ScriptedUpstream
from lunaroute_server.app import create_app
from lunaroute_server.config import config_from_mapping
from lunaroute_server.gateway import Gateway
from lunaroute_server.serving.http_server import server_named
from lunaroute_server.serving.lifespan import Lifespan
from lunaroute_server.serving.listening_socket import ListeningSocket, SocketOptions


@asynccontextmanager
async def serving(server, config):
    """The URL of a gateway with a configuration, as the command line would serve it."""
    app = create_app(Gateway.from_config(config_from_mapping(config)))
    address = ("127.0.0.1", 0)
    listener = ListeningSocket.bound(socket.AF_INET, address, SocketOptions())
    http_server = server_named(server).new_server()
    async with Lifespan(app=app), asyncio.TaskGroup() as tasks:
        running = tasks.create_task(http_server.serve(app, listener))
        try:
            yield f"http://127.0.0.1:{listener.port}"
        finally:
            http_server.stop_accepting()
            done, _ = await asyncio.wait({running}, timeout=10)
            if not done:
                http_server.drop_connections()


@pytest.fixture(params=["hypercorn", "uvicorn"])
async def gateway(request):
    """`gateway(script, **providers)`: the gateway's URL and its upstream."""

    @asynccontextmanager
    async def make(script, *, config=None, **provider):
        async with ScriptedUpstream(script) as upstream:
            providers = {
                "openai": {
                    "base_url": f"{upstream.url}/v1",
                    "dialects": ["openai_chat", "openai_responses"],
                    **provider,
                },
                "anthropic": {"base_url": upstream.url, **provider},
            }
            async with serving(request.param, {"providers": providers, **(config or {})}) as url:
                yield url, upstream

    return make


@pytest.fixture
def serve():
    """`serve(config)` on the default server, for gateways with upstreams of their own."""
    return lambda config: serving("hypercorn", config)
