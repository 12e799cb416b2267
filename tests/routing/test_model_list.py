"""The models of several providers as one list."""

import attrs
import msgspec
import pytest

from lunaroute_core import (
    InvalidRequestError,
    ModelRequest,
    ModelResponse,
    Operation,
    RequestContext,
    UpstreamUnavailableError,
    WireRequest,
    WireResponse,
)
from lunaroute_core.testing import FakeProvider
from lunaroute_routing import Router, RouteTable

VENDORS = {"openai": "openai", "anthropic": "anthropic"}


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
    return Router(providers=lists, table=RouteTable(defaults=VENDORS, **changes))


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


async def test_an_unknown_provider_cannot_be_listed(lists):
    request = list_request()
    request.context.provider_override = "nobody"
    with pytest.raises(InvalidRequestError, match="openai, anthropic, mock"):
        await listing_router(lists).send(request)


def model_request(name, *, dialect="openai_chat", provider=None):
    request = list_request(dialect=dialect)
    return attrs.evolve(
        request,
        model=name,
        context=RequestContext(client_dialect=dialect, provider_override=provider),
    )


@pytest.mark.parametrize("dialect", ["openai_chat", "anthropic_messages"])
async def test_a_client_can_ask_about_an_alias_which_no_vendor_knows(lists, dialect):
    router = listing_router(lists, aliases=("fast",))
    answer = await router.send(model_request("fast", dialect=dialect))
    assert msgspec.json.decode(answer.wire.body)["id"] == "fast"
    assert not any(one.requests for one in lists.values())


@pytest.mark.parametrize(("name", "provider"), [("gpt-5", None), ("fast", "openai")])
async def test_about_other_models_the_provider_is_asked(lists, name, provider):
    router = listing_router(lists, aliases=("fast",))
    await router.send(model_request(name, provider=provider))
    assert [one.model for one in lists["openai"].requests] == [name]
