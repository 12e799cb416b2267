"""One way for every dialect: what a client gets for whatever a provider does."""

import asyncio
import json

import pytest
from structlog.testing import capture_logs

from lunaroute_core import (
    ErrorDetails,
    ErrorKind,
    InvalidRequestError,
    ModelResponse,
    ModelStream,
    ProviderError,
    UpstreamAnsweredError,
    UpstreamProtocolError,
    UpstreamTimeoutError,
    UpstreamUnavailableError,
    WireResponse,
    WireStream,
)
from lunaroute_core.dialects.registry import dialect_named
from lunaroute_core.sse import parse_events
from lunaroute_core.testing import FakeProvider, Pause, stream_events, text_response
from lunaroute_server.app import create_app

EVENTS = stream_events(text_response("hello"))
REFUSED = UpstreamUnavailableError("refused", provider="vendor")
CHAT_FRAMES = [
    b'data: {"id":"c","choices":[{"index":0,"delta":{"content":"hi"}}]}\n\n',
    b": odd comment\n\n",
    b'data:  {"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\r\n\r\n',
    b"data: [DONE]\n\n",
]
LAST_EVENT = {
    "openai_chat": "[DONE]",
    "openai_responses": "response.completed",
    "anthropic_messages": "message_stop",
}
ERROR_EVENT = {
    "openai_chat": None,
    "openai_responses": "response.failed",
    "anthropic_messages": "error",
}


class Source:
    """A wire stream's bytes; afterwards its end, an exception, or silence until `closed`."""

    def __init__(self, *chunks, failure=None):
        self.chunks = list(chunks)
        self.failure = failure
        self.reads = 0
        self.closed = asyncio.Event()

    async def read(self):
        self.reads += 1
        await asyncio.sleep(0)
        if self.chunks:
            return self.chunks.pop(0)
        if self.failure is not None:
            raise self.failure
        return b""

    async def aclose(self):
        self.closed.set()


@pytest.fixture
def wire_stream():
    """A stream of Chat bytes from a source."""

    def make(source, **facts):
        wire = WireStream(dialect="openai_chat", source=source, **facts)
        return ModelStream(provider="vendor", model="m-1", wire=wire)

    return make


@pytest.fixture
def chat(gateway_client):
    """Posts a Chat request to a gateway around a provider."""

    def make(provider, *, stream=False, **settings):
        body = {"model": "m-1", "messages": [{"role": "user", "content": "hi"}], "stream": stream}
        return gateway_client(provider, **settings).open("POST", "/v1/chat/completions", body)

    return make


@pytest.fixture
def ended_with_an_error(dialect):
    """The error's message in a stream's last event, after checking that it is the last."""

    def read(call):
        assert call.is_whole
        assert call.status == 200
        events = parse_events(call.body)
        last = events[-1]
        assert last.event == ERROR_EVENT[dialect]
        names = [event.event or event.data.decode() for event in events]
        assert LAST_EVENT[dialect] not in names
        content = json.loads(last.data)
        content = content.get("response", content)
        return content["error"]["message"]

    return read


class TestWholeAnswers:
    async def test_a_normalized_answer_is_written_in_the_clients_dialect(
        self, gateway_client, path, body, dialect
    ):
        provider = FakeProvider(text_response("well met"))
        answer = await gateway_client(provider)("POST", path, body)
        assert answer.status == 200
        assert answer.header("content-type") == "application/json"
        assert b"well met" in answer.body
        assert provider.requests[0].context.client_dialect == dialect

    async def test_it_tells_what_the_gateway_did(self, gateway_client, path, body):
        answer = await gateway_client(FakeProvider())(
            "POST", path, body, headers={"x-session-id": "s-1"}
        )
        assert answer.header("x-lunaroute-provider") == "fake"
        assert answer.header("x-lunaroute-model") == "test-model"
        assert answer.header("x-lunaroute-attempts") == "1"
        assert answer.header("x-lunaroute-session-id") == "s-1"

    async def test_a_vendors_answer_passes_byte_for_byte(self, chat):
        wire = WireResponse(
            dialect="openai_chat",
            status=201,
            headers=(
                (b"content-type", b"application/json; charset=x"),
                (b"x-ratelimit-remaining", b"9"),
                (b"set-cookie", b"a=1"),
                (b"set-cookie", b"b=2"),
            ),
            body=b'{ "odd" : "spacing" }\n',
        )
        provider = FakeProvider(ModelResponse(provider="vendor", model="m-1", wire=wire))
        async with chat(provider) as answer:
            pass
        assert answer.status == 201
        assert answer.body == wire.body
        assert answer.headers[:4] == list(wire.headers)


class TestStreams:
    async def test_normalized_events_are_written_in_the_clients_dialect(
        self, gateway_client, path, stream_body, dialect
    ):
        answer = await gateway_client(FakeProvider(EVENTS))("POST", path, stream_body)
        assert answer.is_whole
        assert answer.header("content-type") == "text/event-stream; charset=utf-8"
        assert answer.header("content-length") is None
        assert answer.header("x-lunaroute-provider") == "fake"
        last = parse_events(answer.body)[-1]
        assert (last.event or last.data.decode()) == LAST_EVENT[dialect]

    async def test_a_vendors_stream_passes_byte_for_byte(self, chat, wire_stream):
        whole = b"".join(CHAT_FRAMES)
        source = Source(*[whole[n : n + 7] for n in range(0, len(whole), 7)])
        headers = ((b"content-type", b"text/event-stream"), (b"x-vendor", b"1"))
        async with chat(FakeProvider(wire_stream(source, headers=headers)), stream=True) as answer:
            pass
        assert answer.body == whole
        assert answer.headers[:2] == list(headers)
        assert source.closed.is_set()

    async def test_blocks_are_whole_frames_however_the_vendor_cut_them(self, chat, wire_stream):
        whole = b"".join(CHAT_FRAMES)
        source = Source(*[whole[n : n + 1] for n in range(len(whole))])
        async with chat(FakeProvider(wire_stream(source)), stream=True) as answer:
            pass
        # A CR may come before the LF that belongs to it: the line is blank already.
        ends = (b"\n\n", b"\n\r\n", b"\n\r")
        assert all(block.endswith(ends) for block in answer.blocks[:-1])

    async def test_the_first_event_goes_out_before_the_second_is_there(
        self, gateway_client, path, stream_body
    ):
        more = asyncio.Event()
        provider = FakeProvider([EVENTS[0], Pause(more), *EVENTS[1:]])
        async with gateway_client(provider).open("POST", path, stream_body) as call:
            await call.until(lambda call: len(call.messages) >= 1)
            assert not call.is_whole
            more.set()
        assert call.is_whole


class TestFailures:
    @pytest.mark.parametrize("stream", [False, True])
    @pytest.mark.parametrize(
        ("error", "status"),
        [
            (InvalidRequestError("temperature: too high", param="temperature"), 400),
            (REFUSED, 502),
            (UpstreamProtocolError("nonsense", provider="vendor"), 502),
            (UpstreamTimeoutError(phase="first_byte", seconds=1, provider="vendor"), 504),
        ],
    )
    async def test_before_the_answer_they_have_a_status(
        self, gateway_client, error, spoken, status, stream
    ):
        client = gateway_client(FakeProvider(error))
        answer = await client("POST", spoken.path, spoken.body | {"stream": stream})
        assert answer.status == status
        assert spoken.error_in(answer)["message"] == error.details.message

    async def test_a_vendors_error_in_the_clients_dialect_passes_byte_for_byte(self, chat):
        wire = WireResponse(
            dialect="openai_chat",
            status=418,
            headers=((b"retry-after", b"7"), (b"x-request-id", b"req_vendor")),
            body=b'{"error" : "odd"}',
        )
        details = ErrorDetails(kind=ErrorKind.SERVER, message="odd", status=418)
        error = UpstreamAnsweredError(details, provider="vendor", wire=wire)
        async with chat(FakeProvider(error)) as answer:
            pass
        assert (answer.status, answer.body) == (418, wire.body)
        assert answer.header("retry-after") == "7"
        assert answer.header("x-request-id") == "req_vendor"
        assert answer.header("x-lunaroute-provider") == "vendor"

    async def test_one_in_another_dialect_is_written_anew(self, gateway_client, spoken):
        other = "openai_chat" if spoken.name == "anthropic_messages" else "anthropic_messages"
        wire = WireResponse(dialect=other, status=429, headers=(), body=b"{}")
        details = ErrorDetails(
            kind=ErrorKind.RATE_LIMIT, message="slowly", status=429, retry_after=3.0
        )
        error = UpstreamAnsweredError(details, provider="vendor", wire=wire)
        answer = await gateway_client(FakeProvider(error))("POST", spoken.path, spoken.body)
        assert answer.status == 429
        assert answer.header("retry-after") == "3"
        assert spoken.error_in(answer)["message"] == "slowly"

    async def test_within_a_stream_they_are_its_last_event(
        self, gateway_client, path, stream_body, ended_with_an_error
    ):
        provider = FakeProvider([*EVENTS[:3], REFUSED])
        answer = await gateway_client(provider)("POST", path, stream_body)
        assert ended_with_an_error(answer) == "refused"
        assert provider.open_streams == 0

    async def test_a_stream_that_just_ends_is_not_a_clean_end(
        self, gateway_client, path, stream_body, ended_with_an_error
    ):
        answer = await gateway_client(FakeProvider(EVENTS[:3]))("POST", path, stream_body)
        assert "terminal event" in ended_with_an_error(answer)

    async def test_half_a_frame_is_not_sent_before_the_error(self, chat, wire_stream):
        source = Source(CHAT_FRAMES[0], CHAT_FRAMES[0][:20], failure=REFUSED)
        async with chat(FakeProvider(wire_stream(source)), stream=True) as answer:
            pass
        frames = answer.body.split(b"\n\n")
        assert frames[0] + b"\n\n" == CHAT_FRAMES[0]
        assert json.loads(frames[1].removeprefix(b"data: "))["error"]["message"] == "refused"
        assert frames[2:] == [b""]


class TestCrashes:
    @pytest.mark.parametrize("stream", [False, True])
    async def test_a_providers_bug_is_told_without_its_details(
        self, gateway_client, stream, spoken
    ):
        client = gateway_client(FakeProvider(ZeroDivisionError("secret")))
        with capture_logs() as lines:
            answer = await client("POST", spoken.path, spoken.body | {"stream": stream})
        assert answer.status == 500
        assert spoken.error_in(answer)["message"] == "internal error of the gateway"
        assert b"secret" not in answer.body
        (line,) = lines
        assert line["event"] == "request.crashed"
        assert "ZeroDivisionError" in line["exception"]
        assert line["request_id"] in str(answer.headers)

    async def test_within_a_stream_it_is_the_last_event_and_logged_once(
        self, gateway_client, path, stream_body, ended_with_an_error
    ):
        provider = FakeProvider([*EVENTS[:3], ZeroDivisionError("secret")])
        with capture_logs() as lines:
            answer = await gateway_client(provider)("POST", path, stream_body)
        assert ended_with_an_error(answer) == "internal error of the gateway"
        assert [line["event"] for line in lines] == ["request.crashed"]


class TestKeepAlive:
    async def test_silence_of_the_upstream_is_filled_in_the_dialects_way(
        self, gateway_client, path, stream_body, dialect
    ):
        frame = b"event: ping\n" if dialect == "anthropic_messages" else b": keep-alive\n\n"
        more = asyncio.Event()
        provider = FakeProvider([*EVENTS[:3], Pause(more), *EVENTS[3:]])
        client = gateway_client(provider, keep_alive_seconds=0.01)
        async with client.open("POST", path, stream_body) as call:
            await call.until(lambda call: call.body.count(frame) >= 2)
            more.set()
        assert all(block.endswith(b"\n\n") for block in call.blocks[:-1])
        if dialect == "anthropic_messages":
            names = [event.event for event in parse_events(call.body)]
            assert names.index("message_start") < names.index("ping")
            assert names[-1] == "message_stop"

    async def test_none_is_sent_before_the_answer_has_begun(
        self, gateway_client, path, stream_body, eventually, for_some_time
    ):
        more = asyncio.Event()
        provider = FakeProvider([Pause(more), *EVENTS])
        client = gateway_client(provider, keep_alive_seconds=0.001)
        async with client.open("POST", path, stream_body) as call:
            await eventually(lambda: provider.open_streams)
            await for_some_time(0.02)
            assert call.messages == []
            more.set()
        assert call.status == 200

    async def test_none_is_sent_to_a_client_that_has_left(
        self, gateway_client, path, stream_body, for_some_time
    ):
        provider = FakeProvider([*EVENTS[:3], Pause(asyncio.Event())])
        client = gateway_client(provider, keep_alive_seconds=0.005)
        async with client.open("POST", path, stream_body) as call:
            await call.until(lambda call: len(call.messages) >= 4)
            call.disconnect()
        count = len(call.messages)
        await for_some_time(0.03)
        assert len(call.messages) == count

    async def test_it_can_be_turned_off(self, gateway_client, path, stream_body, for_some_time):
        more = asyncio.Event()
        provider = FakeProvider([*EVENTS[:3], Pause(more), *EVENTS[3:]])
        client = gateway_client(provider, keep_alive_seconds=None)
        async with client.open("POST", path, stream_body) as call:
            await call.until(lambda call: len(call.messages) >= 2)
            await for_some_time(0.03)
            more.set()
        assert b"keep-alive" not in call.body
        assert b"event: ping" not in call.body


class TestOverload:
    @pytest.mark.parametrize("stream", [False, True])
    async def test_past_the_limit_clients_are_told_to_come_back(
        self, gateway_client, spoken, stream, eventually
    ):
        free = asyncio.Event()

        async def when_free(_request):
            await free.wait()
            return text_response()

        provider = FakeProvider(when_free)
        client = gateway_client(provider, max_concurrent_requests=1)
        async with client.open("POST", spoken.path, spoken.body) as first:
            await eventually(lambda: provider.requests)
            refused = await client("POST", spoken.path, spoken.body | {"stream": stream})
            free.set()
        assert refused.status == spoken.overloaded_status
        assert refused.header("retry-after") == "1"
        assert "1 requests already" in spoken.error_in(refused)["message"]
        assert first.status == 200
        assert len(provider.requests) == 1
        assert (await client("POST", spoken.path, spoken.body)).status == 200


class TestClientsThatLeave:
    @pytest.mark.parametrize("stream", [False, True])
    async def test_the_call_to_the_upstream_ends_within_a_second(
        self, gateway_of, client_of, spoken, stream, eventually
    ):
        cancelled = asyncio.Event()

        async def never(_request):
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.set()

        provider = FakeProvider(never)
        gateway = gateway_of(provider)
        gateway.in_flight.patience = 0.25  # the default
        client = client_of(create_app(gateway))
        loop = asyncio.get_running_loop()
        async with client.open("POST", spoken.path, spoken.body | {"stream": stream}) as call:
            await eventually(lambda: provider.requests)
            left = loop.time()
            call.disconnect()
            await asyncio.wait_for(cancelled.wait(), 5)
            took = loop.time() - left
        assert took < 1.0
        assert call.messages == []
        assert gateway.active_requests == 0

    async def test_a_stream_is_released(self, gateway_client, path, stream_body):
        provider = FakeProvider([*EVENTS[:3], Pause(asyncio.Event()), *EVENTS[3:]])
        async with gateway_client(provider).open("POST", path, stream_body) as call:
            await call.until(lambda call: len(call.messages) >= 2)
            assert provider.open_streams == 1
            call.disconnect()
        assert provider.open_streams == 0
        assert not call.is_whole

    async def test_a_wire_stream_is_closed(self, chat, wire_stream):
        class Silent(Source):
            async def read(self):
                return await super().read() if self.chunks else await asyncio.Event().wait()

        source = Silent(CHAT_FRAMES[0])
        async with chat(FakeProvider(wire_stream(source)), stream=True) as call:
            await call.body_with(b"hi")
            call.disconnect()
        assert source.closed.is_set()
        assert call.body == CHAT_FRAMES[0]


class TestSlowClients:
    async def test_the_upstream_is_read_no_faster_than_the_client_reads(self, chat, wire_stream):
        source = Source(*[CHAT_FRAMES[0]] * 100, *CHAT_FRAMES)
        async with chat(FakeProvider(wire_stream(source)), stream=True) as call:
            await call.until(lambda call: len(call.messages) >= 5)
            call.reading.clear()
            for _ in range(10):
                await asyncio.sleep(0)
            reads = source.reads
            for _ in range(100):
                await asyncio.sleep(0)
            assert source.reads == reads < 50
            call.reading.set()
        assert call.is_whole
        assert source.reads == 105

    async def test_a_slow_client_that_leaves_is_noticed(self, chat, wire_stream):
        source = Source(*[CHAT_FRAMES[0]] * 100)
        async with chat(FakeProvider(wire_stream(source)), stream=True) as call:
            await call.body_with(b"hi")
            call.reading.clear()
            call.disconnect()
            await source.closed.wait()
        assert not call.is_whole


class TestDrain:
    async def test_a_stream_ends_with_an_error_event(
        self, gateway_of, client_of, path, stream_body, ended_with_an_error
    ):
        provider = FakeProvider([*EVENTS[:3], Pause(asyncio.Event()), *EVENTS[3:]])
        gateway = gateway_of(provider)
        async with client_of(create_app(gateway)).open("POST", path, stream_body) as call:
            await call.until(lambda call: len(call.messages) >= 2)
            gateway.begin_drain(0)
        assert ended_with_an_error(call) == "the gateway is shutting down"
        assert provider.open_streams == 0

    @pytest.mark.parametrize("stream", [False, True])
    async def test_what_has_not_begun_is_answered_with_an_error(
        self, gateway_of, client_of, spoken, stream, eventually
    ):
        async def never(_request):
            await asyncio.Event().wait()

        provider = FakeProvider(never)
        gateway = gateway_of(provider)
        client = client_of(create_app(gateway))
        async with client.open("POST", spoken.path, spoken.body | {"stream": stream}) as call:
            await eventually(lambda: provider.requests)
            gateway.begin_drain(0)
        late = await client("POST", spoken.path, spoken.body)
        for answer in (call, late):
            assert answer.status == spoken.overloaded_status
            assert answer.header("retry-after") == "1"
            assert spoken.error_in(answer)["message"] == "the gateway is shutting down"

    async def test_what_is_done_in_time_is_not_disturbed(
        self, gateway_of, client_of, path, stream_body, dialect
    ):
        more = asyncio.Event()
        gateway = gateway_of(FakeProvider([*EVENTS[:3], Pause(more), *EVENTS[3:]]))
        async with client_of(create_app(gateway)).open("POST", path, stream_body) as call:
            await call.until(lambda call: len(call.messages) >= 2)
            gateway.begin_drain(60)
            more.set()
        gateway.in_flight.close()
        last = parse_events(call.body)[-1]
        assert (last.event or last.data.decode()) == LAST_EVENT[dialect]


class TestModelNames:
    @pytest.mark.parametrize("stream", [False, True])
    async def test_no_header_can_be_made_of_one(self, gateway_client, path, body, stream):
        name = "m\r\nset-cookie: x=1\r\n\r\n<script>"
        answers = [REFUSED, text_response(model=name)]
        client = gateway_client(FakeProvider(*answers))
        for _ in answers:
            answer = await client("POST", path, body | {"model": name, "stream": stream})
            value = answer.header("x-lunaroute-model")
            assert value == "m??set-cookie: x=1????<script>"
            assert answer.header("set-cookie") is None


async def test_an_error_without_wire_view_is_written_by_each_dialect(dialect):
    """The kinds that a provider may raise all have a place in each dialect."""
    for kind in ErrorKind:
        error = ProviderError(ErrorDetails(kind=kind, message="m"), provider="vendor")
        status, body = dialect_named(dialect).errors.encode(error.details, request_id="req_1")
        assert 400 <= status < 600
        assert json.loads(body)["error"]["message"] == "m"
