import pytest

from lunaroute_core import (
    ByteSource,
    DeadlineOverrides,
    ModelStream,
    TranslationWarning,
    UpstreamProtocolError,
    UpstreamTimeoutError,
    UpstreamUnavailableError,
    WireStream,
)
from lunaroute_core.model import Finish, FinishReason, NormalizedResponse, TextBlock
from lunaroute_core.testing import FakeClock, FakeProvider, chat_request, text_response
from lunaroute_egress.conversation.paused_turn import PausedTurn


class Bytes(ByteSource):
    async def read(self):
        return b""

    async def aclose(self):
        pass


def answer(*texts, reason=FinishReason.PAUSE):
    blocks = [TextBlock(text=it) for it in texts]
    return NormalizedResponse(id="msg_1", model="m", blocks=blocks, finish=Finish(reason=reason))


def turn_of(provider, *, request=None, left=2, total=None, deadlines=None, clock=None):
    return PausedTurn(
        provider=provider,
        request=request or chat_request(),
        left=left,
        started=0.0,
        total=total,
        deadlines=deadlines,
        clock=clock or FakeClock(),
    )


@pytest.mark.parametrize("dialect", ["openai_chat", "openai_responses"])
async def test_the_same_is_asked_with_the_answer_so_far(dialect):
    provider, request = FakeProvider(), chat_request(dialect=dialect)
    paused = answer("a")
    await turn_of(provider, request=request).send(paused)
    (asked,) = provider.requests
    assert asked.normalized.paused is paused
    assert (asked.model, asked.normalized.turns) == (request.model, request.normalized.turns)
    assert asked.context.client_dialect == dialect
    assert request.normalized.paused is None


async def test_every_call_is_counted_also_one_in_vain():
    request = chat_request()
    request.context.attempts = 1
    failing = UpstreamUnavailableError("gone", provider="fake")
    wire = WireStream(dialect="anthropic_messages", source=Bytes())
    stream = ModelStream(provider="fake", model="m", wire=wire)
    provider = FakeProvider(text_response(), stream, failing)
    turn = turn_of(provider, request=request, left=4)
    await turn.send(answer("a"))
    assert await turn.stream(answer("a")) is wire.source
    for ask in (turn.send, turn.stream):
        with pytest.raises(UpstreamUnavailableError):
            await ask(answer("a"))
    assert request.context.attempts == 5


async def test_it_goes_on_as_often_as_it_may():
    request = chat_request()
    turn = turn_of(FakeProvider(), request=request, left=2)
    for _ in range(2):
        assert turn.goes_on(answer("a"))
        await turn.send(answer("a"))
    assert request.context.warnings == []
    assert not turn.goes_on(answer("a"))
    assert request.context.warnings == [
        TranslationWarning(
            outcome="emulated",
            param="finish_reason",
            message="the model paused once too often: its answer ends unfinished",
        )
    ]


def test_nothing_can_be_gone_on_with_that_was_not_begun():
    request = chat_request(dialect="openai_responses")
    assert not turn_of(FakeProvider(), request=request).goes_on(answer())
    (warning,) = request.context.warnings
    assert (warning.param, "without having begun" in warning.message) == ("status", True)


def test_an_answer_that_has_ended_is_nothing_to_warn_of():
    request = chat_request()
    turn = turn_of(FakeProvider(), request=request, left=0)
    assert not turn.goes_on(answer("a", reason=FinishReason.STOP))
    assert request.context.warnings == []


async def test_the_whole_turn_has_the_time_that_one_call_has():
    clock, provider = FakeClock(), FakeProvider()
    own = DeadlineOverrides(idle=5.0, total=100.0)
    request = chat_request()
    turn = turn_of(provider, request=request, total=100.0, deadlines=own, clock=clock)
    clock.advance(70)
    await turn.send(answer("a"))
    assert provider.requests[0].context.deadlines == DeadlineOverrides(idle=5.0, total=30.0)
    assert request.context.deadlines is None
    clock.advance(30)
    with pytest.raises(UpstreamTimeoutError, match="total deadline of 100 s"):
        await turn.send(answer("a"))
    assert len(provider.requests) == 1


async def test_without_such_a_deadline_the_others_stay():
    clock, provider = FakeClock(), FakeProvider()
    own = DeadlineOverrides(idle=5.0)
    clock.advance(1e6)
    await turn_of(provider, deadlines=own, clock=clock).send(answer("a"))
    await turn_of(provider, clock=clock).send(answer("a"))
    assert [it.context.deadlines for it in provider.requests] == [own, None]


async def test_a_provider_that_goes_on_in_another_way_is_no_use():
    provider = FakeProvider(text_response())
    with pytest.raises(UpstreamProtocolError):
        await turn_of(provider).stream(answer("a"))
    assert provider.open_streams == 0
