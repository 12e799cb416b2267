import asyncio

import pytest

from lunaroute_core import (
    ModelResponse,
    ModelStream,
    Provider,
    UpstreamTimeoutError,
    WireResponse,
)
from lunaroute_core.model import FinishReason, StreamStart, TextBlock
from lunaroute_core.testing import (
    FakeProvider,
    Pause,
    chat_request,
    stream_events,
    text_response,
)

TIMEOUT = UpstreamTimeoutError(phase="idle", seconds=1, provider="fake")


def test_is_a_provider():
    assert isinstance(FakeProvider(name="backup"), Provider)
    assert FakeProvider(name="backup").name == "backup"


async def test_says_hello_without_a_script():
    response = await FakeProvider().send(chat_request())
    assert response.normalized.blocks == [TextBlock(text="hello")]
    assert response.provider == "fake"
    assert response.summary.finish_reason is FinishReason.STOP
    assert response.summary.usage == response.normalized.usage


async def test_plays_answers_in_order_and_repeats_the_last():
    provider = FakeProvider(TIMEOUT, text_response("a"), text_response("b"))
    with pytest.raises(UpstreamTimeoutError):
        await provider.send(chat_request())
    texts = [(await provider.send(chat_request())).normalized.blocks[0].text for _ in range(3)]
    assert texts == ["a", "b", "b"]


async def test_records_what_it_was_asked_and_counts_the_attempt():
    provider = FakeProvider()
    request = chat_request("hi")
    await provider.send(request)
    assert provider.requests == [request]
    assert request.context.attempts == 1


async def test_streams_a_normalized_answer_as_events():
    answer = text_response("a")
    async with await FakeProvider(answer).stream(chat_request()) as stream:
        assert [event async for event in stream] == stream_events(answer)
    assert stream.model == answer.model


async def test_a_stream_breaks_where_the_script_says():
    start = StreamStart(id="a", model="m")
    async with await FakeProvider([start, TIMEOUT]).stream(chat_request()) as stream:
        events = aiter(stream)
        assert await anext(events) == start
        with pytest.raises(UpstreamTimeoutError):
            await anext(events)


async def test_a_stream_waits_where_the_script_says():
    go_on = asyncio.Event()
    first, *rest = stream_events(text_response())
    provider = FakeProvider([first, Pause(go_on), *rest])
    async with await provider.stream(chat_request()) as stream, asyncio.TaskGroup() as group:
        reading = group.create_task(collect(stream))
        for _ in range(5):
            await asyncio.sleep(0)
        assert not reading.done()
        go_on.set()
    assert reading.result() == [first, *rest]


async def collect(stream):
    return [event async for event in stream]


async def test_counts_streams_until_they_are_released():
    provider = FakeProvider()
    async with await provider.stream(chat_request()):
        assert provider.open_streams == 1
    assert provider.open_streams == 0


async def test_passes_envelopes_through():
    wire = WireResponse(dialect="openai_chat", status=200, headers=(), body=b"{}")
    response = ModelResponse(provider="fake", model="m", wire=wire)
    stream = ModelStream(provider="fake", model="m")
    provider = FakeProvider(response, stream)
    assert await provider.send(chat_request()) is response
    assert await provider.stream(chat_request()) is stream


async def test_an_answer_may_be_a_function_of_the_request():
    async def later(request):
        await asyncio.sleep(0)
        return text_response(request.model)

    provider = FakeProvider(lambda request: text_response(request.model), later)
    for model in ("a", "b"):
        response = await provider.send(chat_request(model=model))
        assert response.normalized.blocks == [TextBlock(text=model)]


async def test_an_answer_that_does_not_fit_the_verb_is_the_test_s_mistake():
    with pytest.raises(TypeError, match="answer to send is list"):
        await FakeProvider(stream_events(text_response())).send(chat_request())
    response = ModelResponse(provider="fake", model="m")
    with pytest.raises(TypeError, match="answer to stream is ModelResponse"):
        await FakeProvider(response).stream(chat_request())
