"""The provider as its callers see it, in normalized form."""

from contextlib import asynccontextmanager

import attrs
import pytest

from lunaroute_core import (
    ConfigurationError,
    ErrorKind,
    InvalidRequestError,
    Operation,
    ProviderError,
    UpstreamProtocolError,
    WireRequest,
)
from lunaroute_core.dialects.registry import DIALECTS
from lunaroute_core.model import (
    Conversation,
    FinishReason,
    Limits,
    Sampling,
    StreamFinish,
    StreamStart,
    TextDelta,
    UsageUpdate,
)
from lunaroute_core.testing import chat_request, check_provider
from lunaroute_core.token_estimate import estimate_tokens


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("model", ["echo", "text", "thinking", "slow"])
async def test_it_keeps_the_provider_contract(mock, dialect, model):
    @asynccontextmanager
    async def opened():
        yield mock(tokens_per_second=50)

    def request(*, stream):
        return chat_request("Hello there", model=model, stream=stream, dialect=dialect)

    def bad_request(*, stream):
        return chat_request(model="error-500", stream=stream, dialect=dialect)

    await check_provider(opened, request, make_bad_request=bad_request)


async def test_an_answer_carries_identity_usage_and_summary(mock, ask):
    request = ask("echo", "Hello there")
    response = await mock().send(request)
    answer = response.normalized
    assert [block.text for block in answer.blocks] == ["Hello there"]
    assert (answer.model, answer.created) == ("echo", 1_700_000_000)
    assert answer.usage.input_tokens == estimate_tokens(request.normalized)
    assert answer.usage.output_tokens == 3
    assert answer.usage.estimated
    assert response.summary.finish_reason is FinishReason.STOP
    assert (response.summary.id, response.summary.usage) == (answer.id, answer.usage)
    assert request.context.attempts == 1


async def test_equal_requests_get_equal_answers(mock, ask):
    first = await mock().send(ask("echo", "Hello"))
    again = await mock().send(ask("echo", "Hello"))
    other = await mock().send(ask("echo", "Goodbye"))
    assert first.normalized == again.normalized
    assert first.normalized.id != other.normalized.id


async def test_a_stream_adds_up_to_the_answer(mock, ask):
    response = await mock().send(ask("echo", "Hello there"))
    async with await mock().stream(ask("echo", "Hello there", stream=True)) as stream:
        events = [event async for event in stream]
    text = "".join(event.text for event in events if isinstance(event, TextDelta))
    assert text == "Hello there"
    assert isinstance(events[0], StreamStart)
    assert events[0].id == response.normalized.id
    assert UsageUpdate(usage=response.normalized.usage) in events
    assert stream.summary.finish_reason is FinishReason.STOP


async def test_thinking_is_counted_within_the_output(mock, ask):
    usage = (await mock().send(ask("thinking"))).normalized.usage
    assert 0 < usage.reasoning_tokens < usage.output_tokens


async def test_the_output_limit_is_met_exactly(mock, ask):
    asked = ask("echo", "one two three four", limits=Limits(max_output_tokens=3))
    answer = (await mock().send(asked)).normalized
    assert answer.usage.output_tokens == 3
    assert answer.finish.reason is FinishReason.LENGTH


async def test_latency_and_rate_are_the_options(mock, ask, clock):
    response = await mock(latency_ms=250, tokens_per_second=10).send(ask("echo", "12345678"))
    assert response.timings.first_byte == 0.25
    assert response.timings.finished == pytest.approx(0.45)


async def test_a_stream_waits_before_its_first_event(mock, ask, clock):
    async with await mock(latency_ms=250).stream(ask("echo", stream=True)) as stream:
        assert clock.now == 0.25
        assert stream.timings.first_byte == 0.25


async def test_slow_is_slow_by_itself(mock, ask, clock):
    response = await mock(tokens_per_second=1000).send(ask("slow"))
    tokens = response.normalized.usage.output_tokens
    assert clock.now == pytest.approx(1 + tokens / 5)


async def test_cut_streams_end_before_their_terminal_event(mock, ask):
    seen = []

    async def read():
        async with await mock().stream(ask("cut", stream=True)) as stream:
            async for event in stream:
                seen.append(event)  # noqa: PERF401 - what came before the error counts

    with pytest.raises(UpstreamProtocolError):
        await read()
    assert any(isinstance(event, TextDelta) for event in seen)
    assert not any(isinstance(event, StreamFinish) for event in seen)


async def test_cut_answers_are_protocol_errors(mock, ask):
    with pytest.raises(UpstreamProtocolError):
        await mock().send(ask("cut"))


@pytest.mark.parametrize("verb", ["send", "stream"])
async def test_error_models_fail_before_anything_is_said(mock, ask, verb):
    with pytest.raises(ProviderError) as caught:
        await getattr(mock(retry_after=3), verb)(ask("error-429"))
    assert (caught.value.details.status, caught.value.retry_after) == (429, 3)


@pytest.mark.parametrize("verb", ["send", "stream"])
async def test_an_unknown_model_is_not_found_and_the_known_are_listed(mock, ask, verb):
    with pytest.raises(ProviderError, match=r"'gpt-9'.*echo, text, tools") as caught:
        await getattr(mock(), verb)(ask("gpt-9"))
    assert caught.value.details.kind is ErrorKind.NOT_FOUND


async def test_the_options_add_names(mock, ask):
    provider = mock(models={"gpt-9": "echo", "down": "error-503"})
    answer = (await provider.send(ask("gpt-9", "hi"))).normalized
    assert (answer.model, answer.blocks[0].text) == ("gpt-9", "hi")
    with pytest.raises(ProviderError, match="503"):
        await provider.send(ask("down"))


def test_an_added_name_must_behave_as_a_built_in_one(mock):
    with pytest.raises(ConfigurationError, match=r"models\.gpt-9: no built-in model 'echoo'"):
        mock(models={"gpt-9": "echoo"})


async def outcomes(provider, ask):
    results = []
    for _ in range(40):
        try:
            await provider.send(ask("echo"))
        except ProviderError as error:
            results.append(error.details.status)
        else:
            results.append(200)
    return results


async def test_a_share_of_requests_fails_repeatably(mock, ask):
    first = await outcomes(mock(error_rate=0.5, error_status=500, seed=1), ask)
    again = await outcomes(mock(error_rate=0.5, error_status=500, seed=1), ask)
    other = await outcomes(mock(error_rate=0.5, error_status=500, seed=2), ask)
    assert set(first) == {200, 500}
    assert first == again != other


@pytest.mark.parametrize(("rate", "expected"), [(0, {200}), (1, {503})])
async def test_rates_of_none_and_all(mock, ask, rate, expected):
    assert set(await outcomes(mock(error_rate=rate), ask)) == expected


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"sampling": Sampling(n=2)}, "n"),
        ({"conversation": Conversation(previous_response_id="r")}, "previous_response_id"),
    ],
)
async def test_what_no_simulated_model_does_is_refused(mock, ask, fields, param):
    with pytest.raises(InvalidRequestError) as caught:
        await mock().send(ask("echo", **fields))
    assert caught.value.details.param == param


@pytest.mark.parametrize("verb", ["send", "stream"])
async def test_other_endpoints_do_not_exist(mock, ask, verb):
    wire = WireRequest(dialect="openai_chat", path="/v1/embeddings", body=b"{}")
    request = attrs.evolve(ask(""), operation=Operation.FORWARD, wire=wire)
    with pytest.raises(ProviderError, match="no endpoint /v1/embeddings") as caught:
        await getattr(mock(), verb)(request)
    assert caught.value.details.kind is ErrorKind.NOT_FOUND
