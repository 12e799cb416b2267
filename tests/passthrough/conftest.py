"""The official SDKs, a gateway on a bundled server, and an upstream that records what arrives.

`compare` is the measure of it all: the same calls straight to the upstream and through the
gateway, and nothing may differ, neither what arrives nor what comes back.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable
from contextlib import asynccontextmanager, suppress

import anthropic
import httpx2
import openai
import pytest
from attrs import define, field, frozen

from lunaroute_core.testing import RecordedRequest, ScriptedUpstream
from lunaroute_server.app import create_app
from lunaroute_server.config import config_from_mapping
from lunaroute_server.gateway import Gateway
from lunaroute_server.serving.http_server import server_named
from lunaroute_server.serving.lifespan import Lifespan
from lunaroute_server.serving.listening_socket import ListeningSocket, SocketOptions

# Made anew for each connection, or negotiated for it.
REMADE = {b"host", b"accept-encoding", b"connection", b"keep-alive", b"transfer-encoding"}
# What the gateway adds to an answer, beside `x-lunaroute-*` and what the server adds.
ADDED = {
    b"date",
    b"server",
    b"x-request-id",
    b"x-content-type-options",
    b"x-frame-options",
    b"content-security-policy",
    b"referrer-policy",
}


# --- gateway and upstream ----------------------------------------------------------------------


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


# --- the SDKs, listened to ----------------------------------------------------------------------


@define
class Received:
    """One answer as the client's HTTP library got it: nothing decoded."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytearray = field(factory=bytearray)

    def header(self, name):
        return [value.decode() for key, value in self.headers if key == name.encode()]


@define
class Taped(httpx2.SyncByteStream, httpx2.AsyncByteStream):
    """A body that is kept while it is read, to its end: SDKs leave when they have enough."""

    source: httpx2.SyncByteStream | httpx2.AsyncByteStream
    kept: bytearray
    on_piece: Callable
    _pieces: object = field(default=None, init=False)

    def __iter__(self):
        self._pieces = self._pieces or iter(self.source)
        for piece in self._pieces:
            self.kept.extend(piece)
            self.on_piece()
            yield piece

    async def __aiter__(self):
        self._pieces = self._pieces or aiter(self.source)
        async for piece in self._pieces:
            self.kept.extend(piece)
            self.on_piece()
            yield piece

    def close(self):
        with suppress(httpx2.HTTPError):
            for _ in self:
                pass
        self.source.close()

    async def aclose(self):
        with suppress(httpx2.HTTPError):
            async for _ in self:
                pass
        await self.source.aclose()


@define
class Tape:
    """HTTP clients that keep every answer; `on_piece` is told of each piece of a body."""

    on_piece: Callable = field(default=lambda: None)
    answers: list[Received] = field(factory=list)

    def client(self):
        return httpx2.Client(transport=_Transport(self))

    def async_client(self):
        return httpx2.AsyncClient(transport=_AsyncTransport(self))

    def keep(self, response):
        headers = [(name.lower(), value) for name, value in response.headers.raw]
        received = Received(response.status_code, headers)
        self.answers.append(received)
        response.stream = Taped(response.stream, received.body, self.on_piece)
        return response


class _Transport(httpx2.HTTPTransport):
    def __init__(self, tape):
        super().__init__(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
        self._tape = tape

    def handle_request(self, request):
        return self._tape.keep(super().handle_request(request))


class _AsyncTransport(httpx2.AsyncHTTPTransport):
    def __init__(self, tape):
        super().__init__(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
        self._tape = tape

    async def handle_async_request(self, request):
        return self._tape.keep(await super().handle_async_request(request))


def sdk_of(vendor, url, tape, *, asynchronous):
    """The vendor's SDK, not retrying."""
    http = tape.async_client() if asynchronous else tape.client()
    options = {"max_retries": 0, "http_client": http}
    if vendor == "openai":
        make = openai.AsyncOpenAI if asynchronous else openai.OpenAI
        return make(api_key="sk-client", base_url=f"{url}/v1", **options)
    make = anthropic.AsyncAnthropic if asynchronous else anthropic.Anthropic
    return make(api_key="sk-ant-client", base_url=url, **options)


# --- what calls give ----------------------------------------------------------------------------


def taken(value):
    """What a synchronous call gives: a model's content, a stream's events, a body's bytes."""
    if isinstance(value, str | int | bytes):
        return value
    if hasattr(value, "http_response"):
        return value.http_response.read()
    if hasattr(value, "to_dict"):
        return value.to_dict(mode="json", warnings=False)
    if hasattr(value, "read"):
        return value.read()
    if hasattr(value, "__iter__"):
        return [taken(event) for event in value]
    with value as opened:
        return taken(opened)


async def taken_later(value):
    """The same of an asynchronous call."""
    if hasattr(value, "__await__"):
        value = await value
    if hasattr(value, "http_response"):
        return await value.http_response.aread()
    if hasattr(value, "__aiter__") and not hasattr(value, "to_dict"):
        return [taken(event) async for event in value]
    if hasattr(value, "__aenter__"):
        async with value as opened:
            return await taken_later(opened)
    return taken(value)


def outcome(error):
    """What a program sees of an SDK's exception."""
    return {
        "class": type(error),
        "message": getattr(error, "message", None),
        "status": getattr(error, "status_code", None),
        "request_id": getattr(error, "request_id", None),
        "body": getattr(error, "body", None),
        "code": getattr(error, "code", None),
    }


SDK_ERRORS = (openai.APIError, anthropic.APIError)


def play(client, calls):
    results = []
    with client:
        for call in calls:
            try:
                results.append(taken(call(client, results)))
            except SDK_ERRORS as error:
                results.append(outcome(error))
    return results


async def play_later(client, calls):
    results = []
    async with client:
        for call in calls:
            try:
                results.append(await taken_later(call(client, results)))
            except SDK_ERRORS as error:
                results.append(outcome(error))
    return results


@frozen
class Seen:
    """One run: what the SDK gave, what came back for it, and what arrived upstream."""

    results: list
    answers: list[Received]
    requests: list[RecordedRequest]

    def arrived(self):
        return [
            (one.method, one.target, one.body, end_to_end(one.headers, but={b"content-length"}))
            for one in self.requests
        ]

    def came_back(self):
        return [(one.status, bytes(one.body), end_to_end(one.headers)) for one in self.answers]


def end_to_end(headers, *, but=frozenset()):
    pairs = sorted((name.lower(), value) for name, value in headers)
    return [pair for pair in pairs if pair[0] not in REMADE | but]


async def run(url, upstream, vendor, calls, *, on_piece, asynchronous):
    tape = Tape(on_piece)
    client = sdk_of(vendor, url, tape, asynchronous=asynchronous)
    before = len(upstream.requests)
    if asynchronous:
        results = await play_later(client, calls)
    else:
        results = await asyncio.to_thread(play, client, calls)
    return Seen(results, tape.answers, upstream.requests[before:])


async def run_both(*where, on_piece):
    """With the synchronous client, then with the asynchronous one."""
    return [
        await run(*where, on_piece=on_piece, asynchronous=asynchronous)
        for asynchronous in (False, True)
    ]


def assert_nothing_differs(straight, through):
    assert through.results == straight.results
    assert through.arrived() == straight.arrived()
    for one, other in zip(straight.came_back(), through.came_back(), strict=True):
        assert_same_answer(one, other)


def assert_same_answer(straight, through):
    """The same bytes and headers; only what is documented may be added."""
    status, body, headers = through
    sent = {name for name, _ in straight[2]}
    assert (status, body, [pair for pair in headers if pair[0] in sent]) == straight
    added = {name for name, _ in headers if not name.startswith(b"x-lunaroute-")} - sent
    assert added <= ADDED


def assert_same_results(runs):
    """What the two kinds of client give differs in no case, so neither was left out."""
    first, second = runs
    assert first.results == second.results


@pytest.fixture
def compare(gateway) -> Callable:
    """`await compare(vendor, script, *calls)`, each call with the client and earlier results.

    Asserts, with the synchronous and the asynchronous SDK, that the gateway makes no
    difference, and gives what the former saw through it. `script` is one reply for every
    request, a list of replies or a function of the request; `on_piece` is called, perhaps in
    another thread, whenever a piece of a body has reached a client.
    """

    async def both(vendor, script, *calls, on_piece=lambda: None, **config):
        if isinstance(script, list):
            script = [*script, *script]
        async with ScriptedUpstream(script) as upstream:
            straight = await run_both(upstream.url, upstream, vendor, calls, on_piece=on_piece)
        async with gateway(script, **config) as (url, upstream):
            through = await run_both(url, upstream, vendor, calls, on_piece=on_piece)
        for one, other in zip(straight, through, strict=True):
            assert_nothing_differs(one, other)
        assert_same_results(through)
        return through[0]

    return both


@pytest.fixture
def ask():
    """`await ask(url, vendor, *calls)` for calls that have nothing to be compared with."""

    async def one(url, vendor, *calls, asynchronous=False):
        tape = Tape()
        client = sdk_of(vendor, url, tape, asynchronous=asynchronous)
        if asynchronous:
            return await play_later(client, calls), tape.answers
        return await asyncio.to_thread(play, client, calls), tape.answers

    return one
