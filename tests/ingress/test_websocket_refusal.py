import asyncio

import pytest

from lunaroute_core.testing import FakeProvider


@pytest.fixture
def handshake(gateway_client):
    """What is answered to a WebSocket handshake."""

    async def shake(path, **scope):
        client = gateway_client(FakeProvider())
        sent = []

        async def receive():
            return {"type": "websocket.connect"}

        async def send(message):
            sent.append(message)

        given = {"type": "websocket", "path": path, "raw_path": path.encode(), "headers": []}
        async with asyncio.timeout(5):
            await client.app(given | {"query_string": b"", "root_path": ""} | scope, receive, send)
        return sent

    return shake


@pytest.mark.parametrize("path", ["/v1/responses", "/responses", "/v1/realtime", "/"])
async def test_a_handshake_is_answered_with_426(handshake, path):
    start, body = await handshake(path, extensions={"websocket.http.response": {}})
    assert start["type"] == "websocket.http.response.start"
    assert start["status"] == 426
    assert (b"content-length", b"0") in start["headers"]
    assert body == {"type": "websocket.http.response.body", "body": b""}


async def test_a_server_that_cannot_say_so_closes_it(handshake):
    assert await handshake("/v1/responses") == [{"type": "websocket.close", "code": 1008}]
