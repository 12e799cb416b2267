"""One layer around a provider that speaks Anthropic's dialect, asked by clients of each."""

import asyncio
from contextlib import asynccontextmanager

import attrs
import msgspec
import pytest

from lunaroute_core import ModelResponse, ModelStream, Operation, UpstreamUnavailableError
from lunaroute_core.model import (
    BlockStart,
    Conversation,
    Message,
    NormalizedResponse,
    Origin,
    ReasoningBlock,
    StreamFinish,
    StreamStart,
    TextBlock,
    ToolCallBlock,
)
from lunaroute_core.testing import (
    FakeProvider,
    Pause,
    chat_request,
    check_provider,
    stream_events,
    text_response,
    wire_request,
)
from lunaroute_egress.conversation import (
    ConversationLayer,
    ReasoningSeal,
    ReasoningVault,
    StoredResponses,
    TenantNames,
)

C, R, A = "openai_chat", "openai_responses", "anthropic_messages"
SECRET = b"secret"
SEAL = ReasoningSeal(SECRET)
THOUGHT = ReasoningBlock(parts=["Hm."], opaque="sig", origin=Origin(dialect=A))
CALL = ToolCallBlock(id="call_1", name="add", raw_arguments="{}", arguments={})
ORIGIN = Origin(dialect=A, vendor="anthropic", account="fake", model="up-model")
SEALED = SEAL.sealed(THOUGHT, ORIGIN)


def thoughtful():
    answer = text_response()
    answer.blocks = [THOUGHT, CALL]
    return answer


def layer_around(provider, *, store=None, **options):
    parts = {"seal": SEAL}
    if store is not None:
        parts["vault"] = ReasoningVault(store=store, tenants=TenantNames(SECRET), secret=SECRET)
        parts["stored"] = StoredResponses(store=store, tenants=TenantNames(SECRET))
    return ConversationLayer(
        provider=provider,
        dialects=(A,),
        upstream_model=lambda model: f"up-{model}",
        **{**parts, **options},
    )


def asking(dialect=C, **options):
    return chat_request(dialect=dialect, model="model", **options)


def going_on(*blocks, dialect=C, stream=False):
    """A request of a client that sends a call's turn back."""
    request = asking(dialect, stream=stream)
    normalized = request.normalized
    normalized.turns = [*normalized.turns, Message(role="assistant", blocks=list(blocks))]
    return request.with_normalized(normalized)


async def answer_of(layer, request):
    if not request.stream:
        return (await layer.send(request)).normalized.blocks
    async with await layer.stream(request) as stream:
        return [event.block async for event in stream if isinstance(event, BlockStart)]


async def test_it_is_a_provider():
    @asynccontextmanager
    async def opened():
        yield layer_around(FakeProvider(thoughtful()))

    await check_provider(opened, lambda *, stream: asking(stream=stream))


def test_it_has_its_providers_name():
    assert layer_around(FakeProvider(name="up")).name == "up"


async def test_answers_are_sealed_for_the_upstreams_model():
    layer = layer_around(FakeProvider(thoughtful()))
    assert (await answer_of(layer, asking()))[0] == SEALED


@pytest.mark.parametrize("stream", [False, True])
async def test_requests_are_opened_for_it(stream):
    provider = FakeProvider(thoughtful())
    await answer_of(layer_around(provider), going_on(SEALED, CALL, stream=stream))
    asked = provider.requests[0].normalized.turns[-1].blocks
    assert asked == [ReasoningBlock(parts=["Hm."], opaque="sig", origin=ORIGIN), CALL]


@pytest.mark.parametrize("stream", [False, True])
async def test_what_was_left_out_is_remembered(store, stream):
    provider = FakeProvider(thoughtful())
    layer = layer_around(provider, store=store)
    await answer_of(layer, asking(stream=stream))
    await answer_of(layer, going_on(CALL, stream=stream))
    asked = provider.requests[1].normalized.turns[-1].blocks
    assert asked[0] == ReasoningBlock(parts=["Hm."], opaque="sig", origin=ORIGIN)


async def test_an_answer_is_remembered_before_its_client_hears_that_it_is_finished(store):
    layer = layer_around(FakeProvider(thoughtful()), store=store)
    kept = {}
    async with await layer.stream(asking(stream=True)) as stream:
        async for event in stream:
            kept[type(event)] = len(store.values)
    assert kept[BlockStart] == 0
    assert kept[StreamFinish] == 1


async def test_what_already_awaits_the_finish_is_awaited_too(store):
    said = []

    async def before():
        said.append("before")

    def begun(request):
        events = FakeProvider(thoughtful())._events(stream_events(thoughtful()))
        return ModelStream(
            provider="fake", model=request.model, events=events, before_finish=before
        )

    layer = layer_around(FakeProvider(begun), store=store)
    await answer_of(layer, asking(stream=True))
    assert said == ["before"]
    assert len(store.values) == 1


async def test_a_stream_goes_on_as_it_comes():
    pause = asyncio.Event()
    events = stream_events(thoughtful())
    provider = FakeProvider([*events[:3], Pause(pause), *events[3:]])
    async with await layer_around(provider).stream(asking(stream=True)) as stream:
        events = aiter(stream)
        assert isinstance(await anext(events), StreamStart)
        assert isinstance(await anext(events), BlockStart)
        assert provider.open_streams == 1
    assert provider.open_streams == 0


async def test_an_answer_that_breaks_off_is_not_remembered(store):
    events = stream_events(thoughtful())
    broken = [*events[:4], UpstreamUnavailableError("broke", provider="fake")]
    layer = layer_around(FakeProvider(broken), store=store)
    with pytest.raises(UpstreamUnavailableError):
        await answer_of(layer, asking(stream=True))
    assert store.values == {}


async def test_what_one_model_thought_is_not_given_to_another(store):
    provider = FakeProvider(thoughtful())
    layer = layer_around(provider, store=store)
    await answer_of(layer, asking())
    await answer_of(layer, going_on(CALL).with_model("other"))
    await answer_of(layer, going_on(CALL))
    unknown, known = (it.normalized.turns[-1].blocks for it in provider.requests[1:])
    assert unknown == [CALL]
    assert known[0] == ReasoningBlock(parts=["Hm."], opaque="sig", origin=ORIGIN)


async def test_clients_are_told_apart_by_their_keys(store):
    provider = FakeProvider(thoughtful())
    layer = layer_around(provider, store=store)
    await answer_of(layer, keyed(asking(), b"sk-1"))
    await answer_of(layer, keyed(going_on(CALL), b"sk-2"))
    assert provider.requests[1].normalized.turns[-1].blocks == [CALL]
    await answer_of(layer, keyed(going_on(CALL), b"sk-1"))
    assert len(provider.requests[2].normalized.turns[-1].blocks) == 2


def keyed(request, key):
    return attrs.evolve(request, wire=None, headers=((b"x-api-key", key),))


async def test_a_clients_own_request_is_not_changed(store):
    layer = layer_around(FakeProvider(thoughtful()), store=store)
    request = wire_request(b'{"model": "model", "input": "hi"}', dialect=R)
    response = await layer.send(request)
    assert request.normalized.conversation == Conversation()
    assert response.normalized.stored is True


@pytest.mark.parametrize(
    "operation", [Operation.COUNT_TOKENS, Operation.LIST_MODELS, Operation.FORWARD]
)
async def test_other_questions_pass(operation, store):
    provider = FakeProvider(text_response())
    request = attrs.evolve(asking(), operation=operation)
    await layer_around(provider, store=store).send(request)
    assert provider.requests[0] is request


@pytest.mark.parametrize("stream", [False, True])
async def test_a_request_that_only_its_vendor_understands_passes_whatever_it_speaks_of(stream):
    """What looks like a seal has a request read, which is no reason to refuse it."""
    body = b'{"model":"m","messages":[{"role":"critic","content":"What is luna1.x?"}]}'
    request = wire_request(body, dialect=A)
    provider = FakeProvider()
    layer = layer_around(provider)
    await (layer.stream if stream else layer.send)(request)
    assert provider.requests == [request]
    assert provider.requests[0].wire.body == body


async def test_a_request_in_the_providers_dialect_passes_undecoded(store):
    provider = FakeProvider(thoughtful())
    layer = layer_around(provider, store=store)
    request = wire_request(b'{"model": "m", "messages": 5}', dialect=A)
    response = await layer.send(request)
    assert provider.requests[0] is request
    assert response.normalized.blocks == [THOUGHT, CALL]
    assert store.values == {}


async def test_but_not_with_reasoning_that_was_sealed_here():
    provider = FakeProvider(thoughtful())
    said = {"type": "thinking", "thinking": "Hm.", "signature": SEALED.opaque}
    turns = [{"role": "user", "content": "a"}, {"role": "assistant", "content": [said]}]
    body = {"model": "m", "max_tokens": 9, "messages": [*turns, turns[0]]}
    request = wire_request(msgspec.json.encode(body), dialect=A)
    await layer_around(provider).send(request)
    assert [it.role for it in provider.requests[0].normalized.turns] == ["user", "user"]
    assert request.context.warnings[0].param == "messages[].reasoning"
    await layer_around(provider, seal=None).send(request)
    assert provider.requests[1] is request


async def test_without_a_seal_reasoning_goes_as_it_comes(store):
    provider = FakeProvider(thoughtful())
    layer = layer_around(provider, store=store, seal=None, vault=None)
    assert (await answer_of(layer, asking()))[0] == THOUGHT
    request = going_on(SEALED, CALL)
    await answer_of(layer, request)
    assert provider.requests[1].normalized.turns[-1].blocks == [SEALED, CALL]


async def test_an_answers_headers_stay():
    response = ModelResponse(provider="fake", model="m", normalized=thoughtful())
    sealed = await layer_around(FakeProvider(response)).send(asking())
    assert (sealed.provider, sealed.model) == ("fake", "m")
    assert isinstance(sealed.normalized, NormalizedResponse)
    assert sealed.normalized.blocks == [SEALED, CALL]
    assert response.normalized.blocks == [THOUGHT, CALL]
    assert TextBlock(text="x") not in sealed.normalized.blocks


def test_it_says_what_its_provider_lacks():
    class Limited(FakeProvider):
        def lacks(self, request):
            return f"{request.model} cannot see"

    request = chat_request()
    assert layer_around(Limited()).lacks(request) == f"{request.model} cannot see"
    assert layer_around(FakeProvider()).lacks(request) is None
