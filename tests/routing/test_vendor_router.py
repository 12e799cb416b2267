"""Which provider answers, when there are no rules."""

import attrs
import msgspec
import pytest

from lunaroute_core import (
    InvalidRequestError,
    ModelRequest,
    ModelResponse,
    Operation,
    RequestContext,
    RequestError,
    UpstreamUnavailableError,
    WireRequest,
    WireResponse,
)
from lunaroute_core.testing import FakeProvider, chat_request, wire_request
from lunaroute_routing import VendorRouter


@pytest.fixture
def providers():
    return {name: FakeProvider(name=name) for name in ("openai", "anthropic", "mock")}


@pytest.fixture
def router(providers):
    return VendorRouter(providers=providers, vendors={"openai": "openai", "anthropic": "anthropic"})


def asked(providers):
    return [name for name, provider in providers.items() if provider.requests]


@pytest.mark.parametrize(
    ("dialect", "expected"),
    [
        ("openai_chat", "openai"),
        ("openai_responses", "openai"),
        ("anthropic_messages", "anthropic"),
    ],
)
async def test_a_client_reaches_its_own_vendor(router, providers, dialect, expected):
    await router.send(chat_request(dialect=dialect))
    assert asked(providers) == [expected]


async def test_a_model_prefix_picks_the_provider_and_is_taken_off(router, providers):
    await router.send(wire_request(b'{"model": "mock/echo", "messages": []}'))
    (request,) = providers["mock"].requests
    assert request.model == "echo"
    assert request.wire.body == b'{"model": "echo", "messages": []}'


async def test_a_prefix_that_is_no_provider_belongs_to_the_model(router, providers):
    await router.send(chat_request(model="meta-llama/llama-4"))
    assert providers["openai"].requests[0].model == "meta-llama/llama-4"


async def test_the_header_picks_the_provider_for_streams_too(router, providers):
    request = chat_request(stream=True)
    request.context.provider_override = "mock"
    async with await router.stream(request) as stream:
        async for _ in stream:
            pass
    assert asked(providers) == ["mock"]


@pytest.mark.parametrize("model", ["m", "mock/echo"])
async def test_an_unknown_provider_in_the_header_is_an_error_that_names_the_known(router, model):
    request = chat_request(model=model)
    request.context.provider_override = "nobody"
    with pytest.raises(InvalidRequestError, match="openai, anthropic, mock") as caught:
        await router.send(request)
    assert caught.value.details.param == "X-Luna-Provider"


async def test_without_a_provider_for_the_vendor_the_first_one_is_asked(providers):
    router = VendorRouter(providers=providers, vendors={})
    await router.send(chat_request(dialect="anthropic_messages"))
    assert asked(providers) == ["openai"]


async def test_nothing_is_forwarded_to_another_vendor(providers):
    """What the gateway does not understand it cannot take to a vendor it is not meant for."""
    router = VendorRouter(providers=providers, vendors={"openai": "openai"})
    request = attrs.evolve(chat_request(dialect="anthropic_messages"), operation=Operation.FORWARD)
    with pytest.raises(RequestError, match="anthropic"):
        await router.stream(request)
    assert asked(providers) == []


def model_list(name, *ids, dialect="openai_chat", **fields):
    body = msgspec.json.encode({"object": "list", "data": [{"id": i, **fields} for i in ids]})
    wire = WireResponse(dialect=dialect, status=200, headers=(), body=body, content=body)
    return FakeProvider(ModelResponse(provider=name, model="", wire=wire), name=name)


def list_request(*headers, dialect="openai_chat", query=b""):
    return ModelRequest(
        model="",
        stream=False,
        context=RequestContext(client_dialect=dialect),
        operation=Operation.LIST_MODELS,
        wire=WireRequest(
            dialect=dialect, path="/v1/models", body=b"", method="GET", headers=headers, query=query
        ),
    )


def ids(response):
    return [entry["id"] for entry in msgspec.json.decode(response.wire.body)["data"]]


KEY = (b"authorization", b"Bearer sk-1")


@pytest.fixture
def lists():
    return {
        "openai": model_list("openai", "gpt-5", extra=1),
        "anthropic": model_list(
            "anthropic", "claude-5", dialect="anthropic_messages", type="model"
        ),
        "mock": model_list("mock", "echo"),
    }


def listing_router(lists, **changes):
    return VendorRouter(
        providers=lists, vendors={"openai": "openai", "anthropic": "anthropic"}, **changes
    )


async def test_a_client_with_a_key_sees_its_vendors_list_as_it_is(lists):
    answer = await listing_router(lists).send(list_request(KEY))
    assert answer.wire.body == b'{"object":"list","data":[{"id":"gpt-5","extra":1}]}'


async def test_without_any_key_the_last_provider_is_listed_by_its_prefix(lists):
    assert ids(await listing_router(lists).send(list_request())) == ["mock/echo"]


async def test_the_union_lists_every_model_by_the_name_to_ask_for(lists):
    router = listing_router(lists, listing=("anthropic", "mock"), aliases=("fast",))
    answer = await router.send(list_request(KEY))
    assert ids(answer) == ["fast", "gpt-5", "anthropic/claude-5", "mock/echo"]
    assert b'"extra":1' in answer.wire.body


async def test_the_union_comes_in_the_shape_and_pages_of_the_client(lists):
    router = listing_router(lists, listing=("anthropic", "openai"))
    request = list_request(dialect="anthropic_messages", query=b"limit=1")
    answer = msgspec.json.decode((await router.send(request)).wire.body)
    assert [model["id"] for model in answer["data"]] == ["claude-5"]
    assert answer["has_more"] is True
    assert answer["data"][0]["type"] == "model"


async def test_a_list_that_cannot_be_had_is_left_out(lists):
    lists["anthropic"] = FakeProvider(UpstreamUnavailableError("down", provider="anthropic"))
    router = listing_router(lists, listing=("anthropic", "mock"))
    assert ids(await router.send(list_request())) == ["mock/echo"]


async def test_when_no_list_can_be_had_the_failure_is_raised(lists):
    lists["openai"] = FakeProvider(UpstreamUnavailableError("down", provider="openai"))
    with pytest.raises(UpstreamUnavailableError):
        await listing_router(lists).send(list_request(KEY))


async def test_a_programming_error_is_not_left_out(lists):
    lists["anthropic"] = FakeProvider(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        await listing_router(lists, listing=("anthropic", "mock")).send(list_request())


async def test_one_model_is_asked_of_the_provider_its_prefix_names(lists):
    request = attrs.evolve(list_request(), model="mock/echo")
    wire = msgspec.structs.replace(request.wire, path="/v1/models/mock/echo")
    await listing_router(lists).send(attrs.evolve(request, wire=wire))
    assert lists["mock"].requests[0].wire.path == "/v1/models/echo"


def test_a_router_needs_a_provider():
    with pytest.raises(ValueError, match="at least one"):
        VendorRouter(providers={}, vendors={})
