import pytest

from lunaroute_core import ModelResponse, Operation, WireResponse
from lunaroute_core.testing import FakeProvider

ANTHROPIC = {"anthropic-version": "2023-06-01"}


@pytest.fixture
def provider():
    def answer(request):
        wire = WireResponse(
            dialect=request.context.client_dialect, status=200, headers=(), body=b"{}"
        )
        return ModelResponse(provider="fake", model="", wire=wire)

    return FakeProvider(answer)


@pytest.fixture
def client(gateway_client, provider):
    return gateway_client(provider)


@pytest.mark.parametrize(
    ("headers", "dialect"),
    [
        ({}, "openai_chat"),
        (ANTHROPIC, "anthropic_messages"),
        ({"x-api-key": "k"}, "anthropic_messages"),
        ({"authorization": "Bearer sk-ant-x"}, "anthropic_messages"),
        ({"authorization": "Bearer sk-proj-x"}, "openai_chat"),
    ],
)
async def test_the_list_is_asked_for_in_the_clients_shape(client, provider, headers, dialect):
    answer = await client("GET", "/v1/models?limit=5", headers=headers)
    assert answer.status == 200
    (request,) = provider.requests
    assert request.context.client_dialect == request.wire.dialect == dialect
    assert request.operation is Operation.LIST_MODELS
    assert request.model == ""
    assert (request.wire.method, request.wire.path, request.wire.query) == (
        "GET",
        "/v1/models",
        b"limit=5",
    )


async def test_tags_that_are_none_are_refused(client, provider):
    answer = await client("GET", "/v1/models", headers={"x-luna-tags": "a b"})
    assert answer.status == 400
    assert provider.requests == []


@pytest.mark.parametrize(
    ("raw", "model"), [("gpt-5", "gpt-5"), ("openai/gpt-5", "openai/gpt-5"), ("a%20b", "a b")]
)
async def test_one_model_is_asked_for_by_its_name(client, provider, raw, model):
    path = f"/v1/models/{model}"
    await client("GET", path, raw_path=f"/v1/models/{raw}".encode())
    (request,) = provider.requests
    assert request.model == model
    assert request.wire.path == f"/v1/models/{raw}"


async def test_where_only_one_vendors_clients_are_served_its_shape_is_the_default(
    gateway_client, provider
):
    client = gateway_client(provider, vendors=frozenset({"anthropic"}))
    await client("GET", "/v1/models")
    assert provider.requests[0].context.client_dialect == "anthropic_messages"


@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/claude"])
@pytest.mark.parametrize("credential", [{}, {"authorization": "Bearer oauth"}, {"x-api-key": "k"}])
async def test_a_client_whose_vendor_is_not_served_reaches_no_other(
    gateway_client, provider, path, credential
):
    """The other vendor would be sent its credential."""
    client = gateway_client(provider, vendors=frozenset({"openai"}))
    answer = await client("GET", path, headers=ANTHROPIC | credential)
    assert answer.status == 404
    assert answer.json["error"]["type"] == "not_found_error"
    assert "anthropic" in answer.json["error"]["message"]
    assert provider.requests == []


async def test_other_methods_are_not_lists(client, provider):
    """Deleting a fine-tuned model is the vendor's business."""
    await client("DELETE", "/v1/models/ft:x", headers=ANTHROPIC)
    assert provider.requests[0].operation is Operation.FORWARD


async def test_a_head_request_asks_the_upstream_for_the_list_itself(client, provider):
    assert (await client("HEAD", "/v1/models")).status == 200
    assert provider.requests[0].wire.method == "GET"
