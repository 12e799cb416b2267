"""What is explained is what the ingress would have made of the request."""

import pytest

from lunaroute_core import Operation
from lunaroute_ingress import IngressSettings
from lunaroute_server.route_trial import DescribedRequest
from lunaroute_server.route_trial.arrival import RequestRefusedError, received


async def arrived(**given):
    return await received(DescribedRequest(**given), IngressSettings())


async def test_everything_that_rules_look_at_arrives():
    request = await arrived(
        model="m",
        stream=True,
        dialect="anthropic",
        headers={"X-Luna-Route": "main", "User-Agent": "me"},
        query="a=b",
        provider="p",
        tags=("one", "two"),
    )
    context = request.context
    assert (request.model, request.stream, request.wire.path) == ("m", True, "/v1/messages")
    assert context.client_dialect == "anthropic_messages"
    assert (context.provider_override, context.route_override) == ("p", "main")
    assert (context.tags, context.user_agent) == (("one", "two"), "me")
    assert request.wire.query == b"a=b"


async def test_the_route_may_stand_in_the_query():
    assert (await arrived(model="m", query="route=main")).context.route_override == "main"


async def test_other_paths_are_requests_that_are_forwarded():
    request = await arrived(path="/v1/embeddings", body={"model": "e", "input": "x"})
    assert (request.operation, request.wire.path) == (Operation.FORWARD, "/v1/embeddings")


async def test_counting_tokens_is_an_operation_of_its_own():
    request = await arrived(path="/v1/messages/count_tokens", model="m")
    assert request.operation is Operation.COUNT_TOKENS


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"path": "/nowhere"}, "404"),
        ({"body": {"model": 3}}, "400"),
        ({"model": "m", "tags": ("not a tag!",)}, "400"),
    ],
)
async def test_what_the_gateway_answers_itself_is_told(given, reason):
    with pytest.raises(RequestRefusedError, match=f"answers {reason} itself"):
        await arrived(**given)
