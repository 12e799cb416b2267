"""The model list and token counts, in each vendor's shape."""

import json

import attrs
import pytest

from lunaroute_core import (
    ErrorKind,
    InvalidRequestError,
    Operation,
    ProviderError,
    WireRequest,
)
from lunaroute_core.dialects.registry import DIALECTS, dialect_named
from lunaroute_core.testing import chat_request
from lunaroute_core.token_estimate import estimate_tokens

COUNTING = [name for name, dialect in DIALECTS.items() if dialect.token_count is not None]


def listing(dialect, *, model="", path="/v1/models", query=b""):
    wire = WireRequest(dialect=dialect, path=path, body=b"", method="GET", query=query)
    request = chat_request(model=model, dialect=dialect)
    return attrs.evolve(request, operation=Operation.LIST_MODELS, wire=wire, normalized=None)


async def ids(provider, request):
    response = await provider.send(request)
    body = response.wire_for(request).body
    dialect = dialect_named(request.context.client_dialect)
    return [model.id for model in dialect.vendor.models.decode(body)]


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_every_name_is_listed(mock, dialect):
    names = await ids(mock(models={"gpt-9": "echo"}), listing(dialect))
    assert names[:2] == ["echo", "text"]
    assert {"tools", "thinking", "cut", "slow", "error-429", "gpt-9"} <= set(names)


async def test_the_page_the_client_asks_for_is_given(mock):
    request = listing("anthropic_messages", query=b"limit=2&after_id=echo")
    assert await ids(mock(), request) == ["text", "tools"]


async def test_a_page_that_is_none_is_refused(mock):
    with pytest.raises(InvalidRequestError):
        await mock().send(listing("anthropic_messages", query=b"limit=all"))


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    "named", [{"model": "echo"}, {"path": "/v1/models/echo"}, {"path": "/v1/models/ec%68o"}]
)
async def test_one_model_is_found_by_its_id(mock, dialect, named):
    response = await mock().send(listing(dialect, **named))
    assert json.loads(response.wire.body)["id"] == "echo"


async def test_an_unknown_model_is_not_found(mock):
    with pytest.raises(ProviderError) as caught:
        await mock().send(listing("openai_chat", model="gpt-9"))
    assert caught.value.details.kind is ErrorKind.NOT_FOUND


@pytest.mark.parametrize("dialect", COUNTING)
async def test_tokens_are_counted_by_the_estimate(mock, dialect):
    asked = chat_request("How is the weather?", model="echo", dialect=dialect)
    counted = attrs.evolve(asked, operation=Operation.COUNT_TOKENS, normalized=asked.normalized)
    answer = (await mock().send(counted)).wire_for(counted)
    assert estimate_tokens(asked.normalized) in json.loads(answer.body).values()
    assert dict(answer.headers)[b"x-lunaroute-token-count"] == b"estimated"


@pytest.mark.parametrize("dialect", sorted(set(DIALECTS) - set(COUNTING)))
async def test_a_dialect_that_counts_no_tokens_has_no_such_endpoint(mock, dialect):
    asked = chat_request(model="echo", dialect=dialect)
    counted = attrs.evolve(asked, operation=Operation.COUNT_TOKENS, normalized=asked.normalized)
    with pytest.raises(ProviderError) as caught:
        await mock().send(counted)
    assert caught.value.details.kind is ErrorKind.NOT_FOUND
