"""The contract passes a good provider, and catches one that breaks each of its rules."""

import asyncio
from contextlib import asynccontextmanager, nullcontext, suppress

import msgspec
import pytest

from lunaroute_core import (
    InvalidRequestError,
    ModelResponse,
    ModelStream,
    UpstreamTimeoutError,
    WireStream,
)
from lunaroute_core.model import BlockEnd
from lunaroute_core.testing import (
    FakeProvider,
    ProviderContractError,
    chat_request,
    check_provider,
    stream_events,
    text_response,
    wire_request,
)

pytestmark = pytest.mark.usefixtures("toy_dialect")

FRAMES = (
    b'data: {"id":"a","model":"m"}\n\n',
    b'data: {"say":"hi"}\n\n',
    b'data: {"end":"done","tokens":{"in":1,"out":1}}\n\n',
)


def good_request(*, stream):
    return chat_request(stream=stream, dialect="acme_prompt")


def bad_request(*, stream):
    return chat_request("fail", stream=stream, dialect="acme_prompt")


async def check(provider, **options):
    options.setdefault("make_request", good_request)
    await check_provider(lambda: nullcontext(provider), **options)


def answer_or_fail(request):
    if request.normalized.turns[0].blocks[0].text == "fail":
        return InvalidRequestError("as told")
    return text_response()


class Blocks:
    """A source of wire bytes."""

    def __init__(self, chunks):
        self.chunks = list(chunks)
        self.open = True

    async def read(self):
        await asyncio.sleep(0)
        return self.chunks.pop(0) if self.chunks and self.open else b""

    async def aclose(self):
        self.open = False


class WireProvider(FakeProvider):
    """Streams wire bytes, as connectors do."""

    frames = FRAMES

    def __init__(self):
        super().__init__()
        self.sources = []

    async def stream(self, request):
        self.sources.append(Blocks(self.frames))
        wire = WireStream(dialect="acme_prompt", source=self.sources[-1])
        return ModelStream(provider="wire", model="m", wire=wire)

    @property
    def open_sources(self):
        return sum(source.open for source in self.sources)


async def test_a_provider_of_normalized_answers_passes():
    provider = FakeProvider(answer_or_fail)
    await check(
        provider, make_bad_request=bad_request, in_use=lambda provider: provider.open_streams
    )
    assert len(provider.requests) > 20


async def test_a_provider_of_wire_answers_passes():
    await check(WireProvider(), in_use=lambda provider: provider.open_sources)


async def test_a_provider_that_waits_passes():
    async def slowly(request):
        for _ in range(10):
            await asyncio.sleep(0)
        return text_response()

    await check(FakeProvider(slowly), in_use=lambda provider: provider.open_streams)


async def test_requests_may_be_wire_requests():
    def make_request(*, stream):
        body = {"model": "m", "prompt": "hi", "stream": stream}
        return wire_request(msgspec.json.encode(body), dialect="acme_prompt")

    await check(FakeProvider(), make_request=make_request)


class Nameless(FakeProvider):
    def __init__(self):
        super().__init__(name="")


class SendOnly:
    name = "half"

    async def send(self, request):
        return await FakeProvider().send(request)


class SendsSomethingElse(FakeProvider):
    async def send(self, request):
        return text_response()


class SendsNothing(FakeProvider):
    async def send(self, request):
        return ModelResponse(provider="fake", model="m")


class SendsAnonymously(FakeProvider):
    async def send(self, request):
        return ModelResponse(provider="", model="m", normalized=text_response())


class SendsNoModel(FakeProvider):
    async def send(self, request):
        return ModelResponse(provider="fake", model="", normalized=text_response())


class StreamsSomethingElse(FakeProvider):
    async def stream(self, request):
        return stream_events(text_response())


class StreamsAnonymously(FakeProvider):
    async def stream(self, request):
        stream = await super().stream(request)
        stream.provider = ""
        return stream


class StreamsNoModel(FakeProvider):
    async def stream(self, request):
        stream = await super().stream(request)
        stream.model = ""
        return stream


class StreamsNothing(FakeProvider):
    async def stream(self, request):
        return await FakeProvider([]).stream(request)


class StreamsNoEnd(FakeProvider):
    async def stream(self, request):
        return await FakeProvider(stream_events(text_response())[:-2]).stream(request)


class StreamsAgainstTheGrammar(FakeProvider):
    async def stream(self, request):
        events = stream_events(text_response())
        unclosed = [event for event in events if not isinstance(event, BlockEnd)]
        return await FakeProvider(unclosed).stream(request)


class CutsOff(WireProvider):
    frames = FRAMES[:2]


class KeepsTheConnection(WireProvider):
    async def stream(self, request):
        stream = await super().stream(request)
        source = self.sources[-1]

        async def leak():
            pass

        source.aclose = leak
        return stream


class ClosesOnce(WireProvider):
    async def stream(self, request):
        stream = await super().stream(request)
        source = self.sources[-1]
        close = source.aclose

        async def once():
            if not source.open:
                raise RuntimeError("closed already")
            await close()

        source.aclose = once
        return stream


class OneAtATime(FakeProvider):
    busy = False

    async def send(self, request):
        if self.busy:
            raise UpstreamTimeoutError(phase="total", seconds=0, provider="fake")
        self.busy = True
        try:
            await asyncio.sleep(0)
            return await super().send(request)
        finally:
            self.busy = False


class SwallowsCancellation(FakeProvider):
    async def send(self, request):
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(0)
        return await super().send(request)


class HoldsOnWhenCancelled(FakeProvider):
    held = 0

    async def send(self, request):
        self.held += 1
        await asyncio.sleep(0)
        self.held -= 1
        return await super().send(request)


class NeverAnswers(FakeProvider):
    async def send(self, request):
        await asyncio.Event().wait()


class LeaksBuiltInErrors(FakeProvider):
    async def send(self, request):
        raise ConnectionResetError("peer")


class LeaksBuiltInTimeouts(FakeProvider):
    async def send(self, request):
        raise TimeoutError("peer")


@pytest.mark.parametrize(
    ("provider", "rule"),
    [
        (Nameless(), "`name` is a str that is not empty"),
        (SendOnly(), "it has `name`, `send` and `stream`"),
        (SendsSomethingElse(), "`send` returns a ModelResponse"),
        (SendsNothing(), "a response has a wire or a normalized view"),
        (SendsAnonymously(), "a response names its provider"),
        (SendsNoModel(), "a response names its model"),
        (StreamsSomethingElse(), "`stream` returns a ModelStream"),
        (StreamsAnonymously(), "a stream names its provider"),
        (StreamsNoModel(), "a stream names its model"),
        (StreamsNothing(), "entering the stream works .* ended before its terminal event"),
        (StreamsNoEnd(), "reading blocks works .* ended before its terminal event"),
        (StreamsAgainstTheGrammar(), r"events follow the grammar: .* blocks \[0\] are still open"),
        (CutsOff(), "reading blocks works .* ended before its terminal event"),
        (ClosesOnce(), "closing a stream twice raises nothing .*closed already"),
        (OneAtATime(), "send works for a good request: .* total deadline"),
        (SwallowsCancellation(), "`send` lets its cancellation through"),
        (LeaksBuiltInErrors(), "send raises nothing but RequestError and ProviderError"),
        (LeaksBuiltInTimeouts(), "send raises nothing but RequestError and ProviderError"),
        (FakeProvider(InvalidRequestError("no")), "send works for a good request: no"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else "",
)
async def test_a_broken_rule_is_named(provider, rule):
    with pytest.raises(ProviderContractError, match=rule):
        await check(provider)


@pytest.mark.parametrize(
    ("provider", "in_use", "rule"),
    [
        (
            KeepsTheConnection(),
            lambda provider: provider.open_sources,
            "a stream that was never read holds nothing afterwards",
        ),
        (
            HoldsOnWhenCancelled(),
            lambda provider: provider.held,
            "a cancelled send holds nothing afterwards, but 1 are in use",
        ),
    ],
    ids=["KeepsTheConnection", "HoldsOnWhenCancelled"],
)
async def test_what_is_held_on_to_is_found_where_it_can_be_counted(provider, in_use, rule):
    with pytest.raises(ProviderContractError, match=rule):
        await check(provider, in_use=in_use)


async def test_a_call_that_never_ends_is_found():
    with pytest.raises(ProviderContractError, match=r"send ends within 0\.05 s"):
        await check(NeverAnswers(), seconds=0.05)


async def test_a_bad_request_must_fail():
    with pytest.raises(ProviderContractError, match="a bad request makes `send` raise"):
        await check(FakeProvider(), make_bad_request=bad_request)


async def test_a_bad_request_must_fail_as_the_tree_of_errors_has_it():
    def answer(request):
        good = request.normalized.turns[0].blocks[0].text != "fail"
        return text_response() if good else KeyError("oops")

    with pytest.raises(ProviderContractError, match=r"raises nothing but .*KeyError"):
        await check(FakeProvider(answer), make_bad_request=bad_request)


async def test_a_task_left_behind_is_found():
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:

        @asynccontextmanager
        async def open_provider():
            group.create_task(stop.wait(), name="left-over")
            yield FakeProvider()

        with pytest.raises(ProviderContractError, match=r"leaves no task behind: .*left-over"):
            await check_provider(open_provider, good_request)
        stop.set()
