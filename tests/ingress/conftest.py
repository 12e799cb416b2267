"""An ASGI client that does what HTTP servers do, message by message."""

import asyncio
import json
from collections.abc import Callable

import pytest
from attrs import frozen

from lunaroute_core.dialects.registry import dialect_named
from lunaroute_ingress import IngressSettings
from lunaroute_server.app import create_app
from lunaroute_server.gateway import Gateway

PATIENCE_SECS = 10.0
DIALECTS = ("openai_chat", "openai_responses", "anthropic_messages")
MESSAGES = [{"role": "user", "content": "hi"}]
BODIES = {
    "openai_chat": {"model": "m-1", "messages": MESSAGES},
    "openai_responses": {"model": "m-1", "input": "hi"},
    "anthropic_messages": {"model": "m-1", "max_tokens": 16, "messages": MESSAGES},
}


class Call:
    """One run of the application; `async with` runs it and waits for its end.

    Attributes:
        messages: what the application has sent.
        reading: cleared, the client does not take what is sent.
    """

    def __init__(self, app, scope, pieces):
        self.app = app
        self.scope = scope
        self.messages = []
        self.reading = asyncio.Event()
        self.reading.set()
        self._sent = asyncio.Condition()
        self._incoming = asyncio.Queue()
        last = len(pieces) - 1
        for number, piece in enumerate(pieces):
            self._incoming.put_nowait(
                {"type": "http.request", "body": piece, "more_body": number < last}
            )

    async def __aenter__(self):
        self._patience = asyncio.timeout(PATIENCE_SECS)
        await self._patience.__aenter__()
        self._group = asyncio.TaskGroup()
        await self._group.__aenter__()
        self.task = self._group.create_task(self.app(self.scope, self._receive, self._send))
        return self

    async def __aexit__(self, *exc):
        try:
            await self._group.__aexit__(*exc)
        finally:
            await self._patience.__aexit__(*exc)

    async def _receive(self):
        return await self._incoming.get()

    async def _send(self, message):
        await self.reading.wait()
        async with self._sent:
            self.messages.append(message)
            self._sent.notify_all()

    def disconnect(self):
        self._incoming.put_nowait({"type": "http.disconnect"})

    async def until(self, condition):
        async with self._sent:
            await self._sent.wait_for(lambda: condition(self))

    async def body_with(self, marker):
        """Wait until the body has `marker` in it."""
        await self.until(lambda call: marker in call.body)

    @property
    def status(self):
        return self.messages[0]["status"]

    @property
    def headers(self):
        return self.messages[0]["headers"]

    @property
    def blocks(self):
        return [one.get("body", b"") for one in self.messages[1:]]

    @property
    def body(self):
        return b"".join(self.blocks)

    @property
    def is_whole(self):
        last = self.messages[-1]
        return last["type"] == "http.response.body" and not last.get("more_body", False)

    def header(self, name):
        values = [value.decode() for key, value in self.headers if key == name.encode()]
        assert len(values) < 2, values
        return values[0] if values else None

    @property
    def json(self):
        return json.loads(self.body)


class Client:
    """Calls an application."""

    def __init__(self, app):
        self.app = app

    def open(self, method, target, body=b"", *, headers=(), pieces=None, **scope):
        """A call to be watched while it runs."""
        path, _, query = target.partition("?")
        given = [(name.lower().encode(), value.encode()) for name, value in dict(headers).items()]
        names = {name for name, _ in given}
        if b"host" not in names:
            given.append((b"host", b"localhost:8081"))
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return Call(
            self.app,
            {
                "type": "http",
                "asgi": {"version": "3.0"},
                "http_version": "1.1",
                "method": method,
                "scheme": "http",
                "path": path,
                "raw_path": path.encode(),
                "query_string": query.encode(),
                "root_path": "",
                "headers": given,
                "client": ("127.0.0.1", 50000),
                "server": ("127.0.0.1", 8081),
            }
            | scope,
            [content] if pieces is None else pieces,
        )

    async def __call__(self, method, target, body=b"", **options):
        """A call to its end."""
        async with self.open(method, target, body, **options) as call:
            pass
        return call


@pytest.fixture
def eventually():
    """Lets others run until something is true."""

    async def wait(condition):
        async with asyncio.timeout(PATIENCE_SECS):
            while not condition():  # noqa: ASYNC110 - what is waited for tells nobody
                await asyncio.sleep(0)

    return wait


@pytest.fixture
def for_some_time():
    """Lets others run for so many seconds, to show what does not happen meanwhile."""

    async def wait(seconds):
        over = asyncio.Event()
        asyncio.get_running_loop().call_later(seconds, over.set)
        await over.wait()

    return wait


@pytest.fixture
def client_of():
    """A client of any ASGI application."""
    return Client


@pytest.fixture
def gateway_of():
    """A gateway around a provider. It notices clients that leave almost at once."""

    def make(provider, **settings):
        gateway = Gateway(provider=provider, settings=IngressSettings(**settings))
        gateway.in_flight.patience = 0.01
        return gateway

    return make


@pytest.fixture
def gateway_client(gateway_of):
    """A client of a whole gateway around a provider."""

    def make(provider, **settings):
        return Client(create_app(gateway_of(provider, **settings)))

    return make


@pytest.fixture(params=DIALECTS)
def dialect(request):
    """Each dialect's name."""
    return request.param


@pytest.fixture
def path(dialect):
    return dialect_named(dialect).paths[0]


@pytest.fixture
def body(dialect):
    """The smallest request of the dialect."""
    return dict(BODIES[dialect])


@pytest.fixture
def stream_body(body):
    return body | {"stream": True}


@frozen
class Spoken:
    """What a client of one dialect sends, and how it reads errors."""

    name: str
    path: str
    body: dict
    error_of: Callable

    @property
    def overloaded_status(self):
        return 529 if self.name == "anthropic_messages" else 503

    def error_in(self, answer):
        return self.error_of(self.name, answer)


@pytest.fixture
def spoken(dialect, path, body, error_of):
    """Each dialect."""
    return Spoken(dialect, path, body, error_of)


@pytest.fixture
def error_of():
    """The error in an answer, after checking that the answer is an error in a dialect."""

    def read(dialect, answer):
        assert answer.is_whole
        assert answer.header("content-type") == "application/json"
        assert answer.header("content-length") == str(len(answer.body))
        content = answer.json
        if dialect == "anthropic_messages":
            assert content["type"] == "error"
            assert content["request_id"] == answer.header("request-id")
        else:
            assert set(content["error"]) == {"message", "type", "param", "code"}
        assert answer.header("x-request-id").startswith("req_")
        return content["error"]

    return read
