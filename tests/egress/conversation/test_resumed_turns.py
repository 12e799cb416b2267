"""One provider that speaks Anthropic's dialect and pauses, asked by clients of each."""

import asyncio
import json
from contextlib import asynccontextmanager

import attrs
import msgspec
import pytest

from lunaroute_core import (
    ModelResponse,
    ModelStream,
    Operation,
    Timings,
    UpstreamProtocolError,
    UpstreamUnavailableError,
    WireResponse,
    WireStream,
)
from lunaroute_core.answer_stages import JSONOutput, StopMatcher
from lunaroute_core.deadlines import DeadlineOverrides, Deadlines
from lunaroute_core.dialects.codec import AnswerSummary
from lunaroute_core.model import Finish, FinishReason, HostedTool, NormalizedResponse, TextBlock
from lunaroute_core.sse import encode_event
from lunaroute_core.testing import (
    FakeClock,
    FakeProvider,
    ScriptedUpstream,
    chat_request,
    check_provider,
    json_reply,
    sse_reply,
    text_response,
)
from lunaroute_egress import AnthropicEndpoint, Connector, HttpClient
from lunaroute_egress.conversation import ResumedTurns

C, R, A = "openai_chat", "openai_responses", "anthropic_messages"
SEARCH = HostedTool(dialect=C, type="web_search_options", config={})


def resumed(provider, **options):
    return ResumedTurns(provider=provider, dialects=(A,), **options)


def searching(dialect=C, *, stream=False):
    request = chat_request(dialect=dialect, stream=stream)
    request.normalized.tools = [SEARCH]
    return request


def message(number, said, stop="pause_turn"):
    return {
        "id": f"msg_{number}",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [{"type": "text", "text": said}],
        "stop_reason": stop,
        "usage": {"input_tokens": number, "output_tokens": 1},
    }


def answered(number, said, stop="pause_turn", *, stages=(), finished=None):
    """A whole answer as a connector gives it."""
    body = msgspec.json.encode(message(number, said, stop))
    wire = WireResponse(dialect=A, status=200, headers=((b"x-a", b"%d" % number),), body=body)
    response = ModelResponse(provider="up", model="m", wire=wire, stages=stages)
    response.timings = Timings(started=number, first_byte=number + 0.5, finished=finished)
    response.summary = AnswerSummary.of(response.normalized)
    return response


THREE = (answered(1, "a"), answered(2, "b"), answered(3, "c", "end_turn", finished=9.0))


# --- the contract ---------------------------------------------------------------------------------


@pytest.fixture
async def pausing():
    """A connector to an upstream that pauses twice."""

    def reply(request):
        body = json.loads(request.body)
        parts = sum(len(it["content"]) for it in body["messages"] if it["role"] == "assistant")
        whole = message(parts + 1, f"{parts}", "pause_turn" if parts < 2 else "end_turn")
        if not body.get("stream"):
            return json_reply(200, whole)
        return sse_reply(frames_of(whole))

    async with ScriptedUpstream(reply) as upstream:

        @asynccontextmanager
        async def opened():
            async with HttpClient() as http:
                endpoint = AnthropicEndpoint(base_url=upstream.url)
                yield resumed(Connector(name="up", endpoint=endpoint, dialects=(A,), http=http))

        yield opened


def frames_of(whole):
    return [encode_event(json.dumps(it).encode(), event=it["type"]) for it in events(whole)]


def events(whole):
    yield {"type": "message_start", "message": {**whole, "content": [], "stop_reason": None}}
    (block,) = whole["content"]
    place = {"index": 0}
    yield {"type": "content_block_start", **place, "content_block": {**block, "text": ""}}
    delta = {"type": "text_delta", "text": block["text"]}
    yield {"type": "content_block_delta", **place, "delta": delta}
    yield {"type": "content_block_stop", **place}
    delta = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
    yield {"type": "message_delta", "delta": delta, "usage": whole["usage"]}
    yield {"type": "message_stop"}


def calls_open(layer):
    return len(layer.provider.http.watch._calls)


class Source:
    """A `ByteSource` of a stream's frames; `open` are those that were not closed."""

    open = 0

    def __init__(self, frames):
        self.frames = frames
        self.closed = False
        Source.open += 1

    async def read(self):
        await asyncio.sleep(0)
        return self.frames.pop(0) if self.frames else b""

    async def aclose(self):
        Source.open -= not self.closed
        self.closed = True


async def test_it_is_a_provider():
    def answer(request):
        paused = request.normalized.paused
        parts = 0 if paused is None else len(paused.blocks)
        stop = "pause_turn" if parts < 2 else "end_turn"
        if not request.stream:
            return answered(parts, "a", stop)
        source = Source(frames_of(message(parts, "a", stop)))
        wire = WireStream(dialect=A, source=source)
        return ModelStream(provider="up", model="m", wire=wire, stages=())

    @asynccontextmanager
    async def opened():
        yield resumed(FakeProvider(answer))

    await check_provider(
        opened, lambda *, stream: searching(stream=stream), in_use=lambda _layer: Source.open
    )


async def test_it_gives_back_every_call_when_it_is_cancelled_anywhere(pausing):
    """Also between the parts."""
    async with pausing() as layer:
        for turns in range(0, 120, 3):
            for stream in (False, True):
                async with asyncio.TaskGroup() as tasks:
                    task = tasks.create_task(whole_text(layer, searching(stream=stream)))
                    for _ in range(turns):
                        await asyncio.sleep(0)
                    task.cancel()
                assert calls_open(layer) == 0
        assert await whole_text(layer, searching()) == "012"


async def whole_text(layer, request):
    if not request.stream:
        blocks = (await layer.send(request)).normalized.blocks
        return "".join(it.text for it in blocks)
    async with await layer.stream(request) as stream:
        return [event async for event in stream]


def test_it_has_its_providers_name():
    assert resumed(FakeProvider(name="up")).name == "up"


def test_it_says_what_its_provider_lacks():
    class Limited(FakeProvider):
        def lacks(self, request):
            return f"{request.model} cannot see"

    request = chat_request()
    assert resumed(Limited()).lacks(request) == f"{request.model} cannot see"
    assert resumed(FakeProvider()).lacks(request) is None


# --- whole answers --------------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", [C, R])
async def test_parts_are_one_answer(dialect):
    provider = FakeProvider(*THREE)
    response = await resumed(provider).send(searching(dialect))
    answer = response.normalized
    assert [it.text for it in answer.blocks] == ["a", "b", "c"]
    assert (answer.id, answer.finish.reason) == ("msg_1", FinishReason.STOP)
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (6, 3)
    assert response.summary == AnswerSummary.of(answer)
    assert (response.provider, response.model) == ("up", "m")
    assert response.wire.headers == ((b"x-a", b"1"),)
    assert [it.text for it in provider.requests[2].normalized.paused.blocks] == ["a", "b"]


async def test_it_took_until_its_last_part():
    timings = (await resumed(FakeProvider(*THREE)).send(searching())).timings
    assert timings == Timings(started=1, first_byte=1.5, finished=9.0)


async def test_an_answer_that_does_not_pause_stays_as_it_is():
    whole = answered(1, "a", "end_turn")
    assert await resumed(FakeProvider(whole)).send(searching()) is whole


async def test_one_that_is_no_bytes_does_too():
    paused = text_response()
    paused.finish = Finish(reason=FinishReason.PAUSE)
    response = ModelResponse(provider="up", model="m", normalized=paused)
    response.summary = AnswerSummary.of(paused)
    assert await resumed(FakeProvider(response)).send(searching()) is response


async def test_what_is_done_to_the_answer_is_done_to_all_of_it():
    one = answered(1, '{"a":', stages=[JSONOutput(), StopMatcher(["x"])])
    response = await resumed(FakeProvider(one, answered(2, "1}", "end_turn"))).send(searching())
    assert "".join(it.text for it in response.normalized.blocks) == '{"a":1}'
    one = answered(1, '{"a":', stages=[JSONOutput()])
    with pytest.raises(UpstreamProtocolError, match="no JSON"):
        await resumed(FakeProvider(one, answered(2, "1", "end_turn"))).send(searching())
    one = answered(1, "a", stages=[StopMatcher(["b"])])
    response = await resumed(FakeProvider(one, answered(2, "b c", "end_turn"))).send(searching())
    assert response.normalized.blocks == [TextBlock(text="a")]
    assert response.summary.finish_reason is FinishReason.STOP_SEQUENCE


@pytest.mark.parametrize("most", [0, 2])
async def test_a_bound_can_be_set(most):
    provider, request = FakeProvider(answered(1, "a")), searching()
    response = await resumed(provider, continuations=most).send(request)
    assert len(provider.requests) == most + 1
    assert response.normalized.finish == Finish(reason=FinishReason.STOP, raw="pause_turn")
    assert response.summary.finish_reason is FinishReason.STOP
    assert [it.outcome for it in request.context.warnings] == ["emulated"]


async def test_an_error_of_a_later_part_is_raised():
    """So that another provider may be asked."""
    gone = UpstreamUnavailableError("gone", provider="up")
    with pytest.raises(UpstreamUnavailableError):
        await resumed(FakeProvider(answered(1, "a"), gone)).send(searching())


@pytest.mark.parametrize(
    ("given", "left"),
    [(None, 70.0), (DeadlineOverrides(total=50.0), 20.0), (DeadlineOverrides(idle=1.0), 70.0)],
)
async def test_its_deadline_is_for_the_whole_turn(given, left):
    clock = FakeClock()

    def slow(_request):
        clock.advance(30)
        return answered(1, "a")

    provider = FakeProvider(slow, answered(2, "b", "end_turn"))
    request = searching()
    request.context.deadlines = given
    await resumed(provider, deadlines=Deadlines(total=100.0), clock=clock).send(request)
    assert provider.requests[1].context.deadlines.total == left
    assert request.context.deadlines == given


# --- who is let alone -----------------------------------------------------------------------------


def plain(request):
    request.normalized.tools = []
    return request


def other(operation):
    return lambda request: attrs.evolve(request, operation=operation)


@pytest.mark.parametrize(
    ("dialect", "change"),
    [
        (A, lambda request: request),
        (C, plain),
        (C, other(Operation.COUNT_TOKENS)),
        (C, other(Operation.FORWARD)),
        (C, other(Operation.LIST_MODELS)),
    ],
)
async def test_other_requests_pass(dialect, change):
    """Also a paused answer to a client who knows of it."""
    paused = answered(1, "a")
    stream = ModelStream(
        provider="up", model="m", wire=WireStream(dialect=A, source=None), stages=()
    )
    layer = resumed(FakeProvider(paused, stream))
    assert await layer.send(change(searching(dialect))) is paused
    assert await layer.stream(change(searching(dialect, stream=True))) is stream
    assert stream.wire.reading is None


async def test_a_provider_that_adds_tools_may_pause_at_any_time():
    provider = FakeProvider(*THREE)
    response = await resumed(provider, adds_tools=True).send(chat_request())
    assert len(response.normalized.blocks) == 3


@pytest.mark.parametrize(
    "stream",
    [
        ModelStream(provider="up", model="m", wire=WireStream(dialect=A, source=None)),
        ModelStream(
            provider="up", model="m", wire=WireStream(dialect=None, source=None), stages=()
        ),
        ModelStream(provider="up", model="m", stages=()),
    ],
)
async def test_streams_that_are_not_translated_pass(stream):
    assert await resumed(FakeProvider(stream)).stream(searching(stream=True)) is stream
    assert stream.wire is None or stream.wire.reading is None


async def test_a_stream_keeps_its_headers():
    wire = WireStream(dialect=A, source=None, status=201, headers=((b"x-a", b"1"),))
    stream = ModelStream(provider="up", model="m", wire=wire, stages=())
    await resumed(FakeProvider(stream)).stream(searching(stream=True))
    assert (stream.wire.status, stream.wire.headers) == (201, wire.headers)


async def test_nothing_of_a_request_is_changed_for_its_sender():
    request = searching()
    normalized = request.normalized
    await resumed(FakeProvider(*THREE)).send(request)
    assert request.normalized is normalized
    assert normalized.paused is None
    assert isinstance(THREE[0].normalized, NormalizedResponse)
