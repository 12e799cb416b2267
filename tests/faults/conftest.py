"""A gateway on a real server, between a client that sees every byte and a scripted upstream."""

import asyncio
import json
import socket
import time
from collections.abc import Callable
from contextlib import asynccontextmanager, suppress

import anthropic
import h11
import httpx2
import openai
import psutil
import pytest
from attrs import Factory, define, field, frozen

from lunaroute_core.sse import parse_events
from lunaroute_core.testing import ScriptedUpstream
from lunaroute_egress import (
    AnthropicEndpoint,
    Connector,
    Deadlines,
    HttpClient,
    KeyRing,
    OpenAIEndpoint,
)
from lunaroute_egress.deadline_watch import DeadlineWatch
from lunaroute_egress.http_client import PoolSettings
from lunaroute_ingress import IngressSettings
from lunaroute_routing import Router, RouteTable
from lunaroute_server.app import create_app
from lunaroute_server.gateway import Gateway
from lunaroute_server.serving.http_server import server_named
from lunaroute_server.serving.lifespan import Lifespan
from lunaroute_server.serving.listening_socket import ListeningSocket, SocketOptions

PATIENCE_SECS = 15.0
STILL_SECS = 0.3
SERVERS = ("hypercorn", "uvicorn")
VENDORS = {"openai": "openai", "anthropic": "anthropic"}
TEXT = "h\u00e9llo \u2603 \U0001d11e"
MESSAGES = [{"role": "user", "content": "hi"}]


def as_json(value):
    return json.dumps(value, ensure_ascii=False).encode()


def frame(value, *, event=None):
    data = value if isinstance(value, bytes) else as_json(value)
    name = b"" if event is None else b"event: %b\n" % event.encode()
    return name + b"data: %b\n\n" % data


# --- what each vendor answers -----------------------------------------------------------------


@frozen(kw_only=True)
class Spoken:
    """A dialect: what its clients ask and read, and what its vendor answers.

    Attributes:
        answer: a whole answer for a text.
        frames: a stream's frames for a text; the first may be cut off from the rest.
        last_event: what a finished stream ends with.
        busy: the vendor's error body.
        broken_start: a frame that should begin the stream, and cannot be read.
        broken_end: the same for its finish.
    """

    name: str
    path: str
    request: dict
    answer: Callable[[str], bytes]
    frames: Callable[[str], list[bytes]]
    last_event: str
    busy: dict
    broken_end: bytes
    broken_start: bytes
    read: Callable

    @property
    def vendor(self):
        return "anthropic" if self.name == "anthropic_messages" else "openai"

    def body(self, *, stream):
        return as_json(self.request | {"stream": stream})

    def error_frame(self):
        if self.name == "anthropic_messages":
            return frame(self.busy, event="error")
        if self.name == "openai_responses":
            event = {**self.busy["error"], "type": "error", "sequence_number": 1}
            return frame(event, event="error")
        return frame(self.busy)


def chat_answer(text):
    choice = {"index": 0, "message": {"role": "assistant", "content": text}}
    return as_json(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": "m-1",
            "choices": [choice | {"finish_reason": "stop"}],
            "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
        }
    )


def chat_frames(text):
    chunk = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m-1"}
    choices = [
        {"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None},
        {"index": 0, "delta": {"content": text}, "finish_reason": None},
        {"index": 0, "delta": {}, "finish_reason": "stop"},
    ]
    return [*(frame(chunk | {"choices": [one]}) for one in choices), frame(b"[DONE]")]


def _message(text, status):
    item = {"id": "msg_1", "type": "message", "role": "assistant", "status": status}
    part = {"type": "output_text", "text": text, "annotations": []}
    return item | {"content": [part]}


def _response(status, output):
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "status": status,
        "model": "m-1",
        "output": output,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
    }


def responses_answer(text):
    return as_json(_response("completed", [_message(text, "completed")]))


def responses_frames(text):
    at = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    message = _message(text, "completed")
    events = [
        {"type": "response.created", "response": _response("in_progress", [])},
        {
            "type": "response.output_item.added",
            "output_index": 0,
            "item": _message("", "in_progress") | {"content": []},
        },
        {"type": "response.output_text.delta", **at, "delta": text, "logprobs": []},
        {"type": "response.output_item.done", "output_index": 0, "item": message},
        {"type": "response.completed", "response": _response("completed", [message])},
    ]
    return [
        frame(event | {"sequence_number": number}, event=event["type"])
        for number, event in enumerate(events)
    ]


def _anthropic_message(content, reason):
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m-1",
        "content": content,
        "stop_reason": reason,
        "stop_sequence": None,
        "usage": {"input_tokens": 1, "output_tokens": 2},
    }


def anthropic_answer(text):
    return as_json(_anthropic_message([{"type": "text", "text": text}], "end_turn"))


def anthropic_frames(text):
    events = [
        {"type": "message_start", "message": _anthropic_message([], None)},
        {
            "type": "content_block_start",
            "index": 0,
            "content_block": {"type": "text", "text": ""},
        },
        {
            "type": "content_block_delta",
            "index": 0,
            "delta": {"type": "text_delta", "text": text},
        },
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn", "stop_sequence": None},
            "usage": {"output_tokens": 2},
        },
        {"type": "message_stop"},
    ]
    return [frame(event, event=event["type"]) for event in events]


# --- what the vendors' SDKs make of an answer --------------------------------------------------


class StreamFailedError(Exception):
    """The stream ended with `response.failed` or `error`; the SDK has no exception for them."""


def _sdk_http(answer):
    """An HTTP client that gets an answer as it was received."""
    transport = httpx2.MockTransport(
        lambda _request: httpx2.Response(
            answer.status, headers=answer.headers, content=bytes(answer.body)
        )
    )
    return httpx2.Client(transport=transport, trust_env=False)


def _openai(answer):
    return openai.OpenAI(
        api_key="k", base_url="http://sdk/v1", max_retries=0, http_client=_sdk_http(answer)
    )


def read_chat(answer, *, stream):
    result = _openai(answer).chat.completions.create(model="m-1", messages=MESSAGES, stream=stream)
    if not stream:
        return result.choices[0].message.content
    return "".join(chunk.choices[0].delta.content or "" for chunk in result)


def read_responses(answer, *, stream):
    result = _openai(answer).responses.create(model="m-1", input="hi", stream=stream)
    if not stream:
        return result.output_text
    text = ""
    for event in result:
        if event.type == "response.failed":
            raise StreamFailedError(event.response.error.message)
        if event.type == "error":
            raise StreamFailedError(event.message)
        if event.type == "response.output_text.delta":
            text += event.delta
    return text


def read_anthropic(answer, *, stream):
    client = anthropic.Anthropic(
        api_key="k", base_url="http://sdk", max_retries=0, http_client=_sdk_http(answer)
    )
    result = client.messages.create(model="m-1", messages=MESSAGES, max_tokens=16, stream=stream)
    if not stream:
        return result.content[0].text
    deltas = [event.delta for event in result if event.type == "content_block_delta"]
    return "".join(delta.text for delta in deltas)


SDK_ERRORS = (openai.APIError, anthropic.APIError, StreamFailedError)

_OPENAI_BUSY = {
    "error": {
        "message": "too busy",
        "type": "server_error",
        "param": None,
        "code": "server_is_overloaded",
    }
}
DIALECTS = {
    one.name: one
    for one in (
        Spoken(
            name="openai_chat",
            path="/v1/chat/completions",
            request={"model": "m-1", "messages": MESSAGES},
            answer=chat_answer,
            frames=chat_frames,
            last_event="[DONE]",
            busy=_OPENAI_BUSY,
            broken_start=b"data: {broken\n\n",
            broken_end=b'data: {"choices": [{"finish_reason": "stop", broken\n\n',
            read=read_chat,
        ),
        Spoken(
            name="openai_responses",
            path="/v1/responses",
            request={"model": "m-1", "input": "hi"},
            answer=responses_answer,
            frames=responses_frames,
            last_event="response.completed",
            busy=_OPENAI_BUSY,
            broken_start=b"data: {broken\n\n",
            broken_end=b'data: {"type": "response.completed", broken\n\n',
            read=read_responses,
        ),
        Spoken(
            name="anthropic_messages",
            path="/v1/messages",
            request={"model": "m-1", "messages": MESSAGES, "max_tokens": 16},
            answer=anthropic_answer,
            frames=anthropic_frames,
            last_event="message_stop",
            busy={"type": "error", "error": {"type": "overloaded_error", "message": "too busy"}},
            broken_start=b"event: message_start\ndata: {broken\n\n",
            broken_end=b"event: message_stop\ndata: {broken\n\n",
            read=read_anthropic,
        ),
    )
}


# --- the client --------------------------------------------------------------------------------


@define
class Answer:
    """What came back, unchunked. `is_whole` is false when the connection ended too early."""

    status: int = 0
    headers: list[tuple[bytes, bytes]] = field(factory=list)
    body: bytearray = field(factory=bytearray)
    is_whole: bool = False

    def header(self, name):
        values = [value.decode() for key, value in self.headers if key.lower() == name.encode()]
        assert len(values) < 2, values
        return values[0] if values else None


@define(eq=False)
class Connection:
    """One connection to the gateway; requests go one after the other."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    _parser: h11.Connection = field(factory=lambda: h11.Connection(h11.CLIENT), init=False)

    def ask(self, method, path, body=b"", headers=()):
        given = [("host", "localhost"), *headers]
        if body:
            given += [("content-type", "application/json"), ("content-length", str(len(body)))]
        request = h11.Request(method=method, target=path, headers=given)
        data = self._parser.send(request) + (self._parser.send(h11.Data(body)) or b"")
        self.writer.write(data + (self._parser.send(h11.EndOfMessage()) or b""))

    def ask_for(self, spoken, *, stream, headers=()):
        self.ask("POST", spoken.path, spoken.body(stream=stream), headers)

    async def events(self):
        """The parser's events up to the answer's end, or to that of the connection."""
        while True:
            event = self._parser.next_event()
            if event is h11.NEED_DATA:
                with suppress(ConnectionError):
                    self._parser.receive_data(await self.reader.read(1 << 18))
                    continue
                return
            yield event
            if isinstance(event, h11.EndOfMessage | h11.ConnectionClosed):
                return

    async def answer(self, *, on_body=lambda _data: None):
        """Read one answer; `on_body` is given each piece of its body."""
        answer = Answer()
        with suppress(h11.RemoteProtocolError):
            async for event in self.events():
                match event:
                    case h11.Response():
                        answer.status = event.status_code
                        answer.headers = list(event.headers.raw_items())
                    case h11.Data():
                        answer.body += event.data
                        on_body(event.data)
                    case h11.EndOfMessage():
                        answer.is_whole = True
        if self._parser.our_state is self._parser.their_state is h11.DONE:
            self._parser.start_next_cycle()
        return answer

    async def first_block(self):
        """Wait until some of the body has arrived."""
        async for event in self.events():
            if isinstance(event, h11.Data):
                return bytes(event.data)
        return b""

    async def close(self):
        self.writer.close()
        with suppress(ConnectionError):
            await self.writer.wait_closed()

    def abort(self):
        """Leave as a client does that is killed."""
        self.writer.transport.abort()


@define(eq=False)
class Served:
    """A gateway that is being served."""

    gateway: Gateway
    host: str
    port: int

    @asynccontextmanager
    async def connection(self):
        connection = Connection(*await asyncio.open_connection(self.host, self.port))
        try:
            yield connection
        finally:
            await connection.close()

    async def answer(self, spoken, *, stream, headers=(), on_body=lambda _data: None):
        """One request on a connection of its own, to its end."""
        async with asyncio.timeout(PATIENCE_SECS), self.connection() as connection:
            connection.ask_for(spoken, stream=stream, headers=headers)
            return await connection.answer(on_body=on_body)

    async def idle(self):
        """Wait until no request is being answered."""
        await until(lambda: self.gateway.active_requests == 0)


async def until(condition, *, within=PATIENCE_SECS):
    """Look again and again, leaving the others time to work."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within
    while not condition():
        assert loop.time() < deadline, "it did not come true in time"
        again = asyncio.Event()
        loop.call_later(0.005, again.set)
        await again.wait()


async def stalled(count):
    """Wait until a number has not grown for a while."""
    loop = asyncio.get_running_loop()
    last, since = count(), loop.time()

    def still():
        nonlocal last, since
        if count() != last:
            last, since = count(), loop.time()
        return loop.time() - since > STILL_SECS

    await until(still)


@asynccontextmanager
async def serving(name, gateway):
    """Serve a gateway on a free port, with the server of that name."""
    listener = ListeningSocket.bound(socket.AF_INET, ("127.0.0.1", 0), SocketOptions())
    host, port = listener.host, listener.port
    app = create_app(gateway)
    server = server_named(name).new_server()
    async with Lifespan(app=app), asyncio.TaskGroup() as tasks:
        task = tasks.create_task(server.serve(app, listener))
        try:
            yield Served(gateway, host, port)
        finally:
            server.stop_accepting()
            done, _ = await asyncio.wait({task}, timeout=PATIENCE_SECS)
            if not done:
                server.drop_connections()
        assert done, "the server did not stop: a connection is left"


def providers_for(url, http, *, deadlines=None, prefix="", keys=()):
    """A provider for each vendor, both at one upstream."""
    shared = {"http": http, "deadlines": deadlines or Deadlines(), "keys": KeyRing(keys)}
    return {
        f"{prefix}openai": Connector(
            name=f"{prefix}openai",
            endpoint=OpenAIEndpoint(base_url=f"{url}/v1"),
            dialects=("openai_chat", "openai_responses"),
            **shared,
        ),
        f"{prefix}anthropic": Connector(
            name=f"{prefix}anthropic",
            endpoint=AnthropicEndpoint(base_url=url),
            dialects=("anthropic_messages",),
            **shared,
        ),
    }


def gateway_for(providers, http, *, table=None, **settings):
    return Gateway(
        provider=Router(providers=providers, table=table or RouteTable(defaults=VENDORS)),
        settings=IngressSettings(**settings),
        clients=[http],
    )


@asynccontextmanager
async def between(server, script, *, idle_seconds=50.0, **settings):
    """A gateway with one upstream."""
    http = HttpClient(
        pool=PoolSettings(idle_seconds=idle_seconds), watch=DeadlineWatch(interval=0.05)
    )
    async with ScriptedUpstream(script) as upstream:
        gateway = gateway_for(providers_for(upstream.url, http), http, **settings)
        async with serving(server, gateway) as served:
            yield served, upstream


@frozen
class Harness:
    """The above for tests, which cannot import it."""

    between: Callable = between
    serving: Callable = serving
    until: Callable = until
    stalled: Callable = stalled
    providers_for: Callable = providers_for
    gateway_for: Callable = gateway_for
    frame: Callable = frame
    served: type = Served
    sdk_errors: tuple = SDK_ERRORS
    text: str = TEXT
    dialects: dict = Factory(lambda: DIALECTS)


@pytest.fixture(scope="session")
def harness():
    return Harness()


@pytest.fixture(params=SERVERS)
def server(request):
    """Each server's name."""
    return request.param


@pytest.fixture(params=DIALECTS)
def spoken(request):
    """Each dialect."""
    return DIALECTS[request.param]


@pytest.fixture(params=[False, True], ids=["whole", "stream"])
def stream(request):
    return request.param


def check_error_answer(spoken, answer):
    """The message of an error answer of the gateway's own, as the dialect's clients read it."""
    assert answer.is_whole
    assert answer.header("content-type") == "application/json"
    content = json.loads(answer.body)
    if spoken.vendor == "anthropic":
        assert content["type"] == "error"
        assert content["request_id"] == answer.header("request-id")
    else:
        assert set(content["error"]) == {"message", "type", "param", "code"}
    assert answer.header("x-request-id")
    for streamed in (False, True):
        with pytest.raises((openai.APIStatusError, anthropic.APIStatusError)) as caught:
            spoken.read(answer, stream=streamed)
        assert caught.value.status_code == answer.status
        assert caught.value.request_id
    return content["error"]["message"]


def _is_failed(event):
    return event.get("type") == "response.failed"


def check_error_event(spoken, answer):
    """The message of the error that ends a stream, after checking that it is its end."""
    assert answer.status == 200
    assert answer.is_whole
    events = parse_events(bytes(answer.body))
    assert answer.body.endswith(b"\n\n")
    contents = [json.loads(event.data) for event in events]
    failures = [one for one in contents if one.get("error") or _is_failed(one)]
    assert failures == contents[-1:]
    if spoken.name == "openai_responses":
        numbers = [one["sequence_number"] for one in contents]
        assert numbers == list(range(len(numbers)))
        assert contents[-1]["response"]["status"] == "failed"
        assert contents[-1]["response"]["id"] == contents[0]["response"]["id"]
    if spoken.name == "anthropic_messages":
        assert events[-1].event == contents[-1]["type"] == "error"
    with pytest.raises(SDK_ERRORS) as caught:
        spoken.read(answer, stream=True)
    last = contents[-1].get("response", contents[-1])["error"]["message"]
    assert last in str(caught.value)
    return last


@pytest.fixture(scope="session")
def error_answer():
    return check_error_answer


@pytest.fixture(scope="session")
def error_event():
    return check_error_event


@define(eq=False)
class Possessions:
    """What this process has open: file descriptors, sockets, tasks."""

    descriptors: int
    sockets: int
    tasks: int

    @classmethod
    def now(cls):
        process = psutil.Process()
        return cls(
            process.num_fds(),
            len(process.net_connections(kind="inet")),
            len(asyncio.all_tasks()),
        )

    async def restored(self):
        """Wait until nothing is open that was not open then."""
        deadline = time.monotonic() + PATIENCE_SECS
        now = Possessions.now()
        while (now.descriptors, now.sockets, now.tasks) != (
            self.descriptors,
            self.sockets,
            self.tasks,
        ):
            assert time.monotonic() < deadline, (self, now, asyncio.all_tasks())
            again = asyncio.Event()
            asyncio.get_running_loop().call_later(0.05, again.set)
            await again.wait()
            now = Possessions.now()


@pytest.fixture
def possessions():
    return Possessions.now
