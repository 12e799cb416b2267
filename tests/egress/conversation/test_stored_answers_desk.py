import json

import pytest

from lunaroute_core import (
    ModelRequest,
    Operation,
    RequestContext,
    RequestError,
    StateStoreError,
    WireRequest,
)
from lunaroute_core.testing import FakeProvider, chat_request, text_response
from lunaroute_egress.conversation import StoredAnswersDesk, StoredResponses, TenantNames

TENANTS = TenantNames(b"secret")
KEY = ((b"authorization", b"Bearer sk-1"),)
CONTEXT = RequestContext(client_dialect="openai_responses")


@pytest.fixture
def desk(store):
    stored = StoredResponses(store=store, tenants=TENANTS)
    return StoredAnswersDesk(provider=FakeProvider(), stored=stored)


async def keep(desk):
    answer = text_response("kept")
    answer.stored = True
    request = chat_request(dialect="openai_responses").normalized
    envelope = ModelRequest(model="m", stream=False, context=CONTEXT, headers=KEY)
    await desk.stored.remember(request, answer, envelope)
    return answer.id


def asking(path, method="GET", headers=KEY, operation=Operation.FORWARD):
    """As the ingress forwards a path it does not know: in its vendor's first dialect."""
    wire = WireRequest(dialect="openai_chat", path=path, body=b"", method=method, headers=headers)
    context = RequestContext(client_dialect="openai_chat")
    return ModelRequest(model="", stream=True, context=context, wire=wire, operation=operation)


async def answer_to(desk, request):
    async with await desk.stream(request) as stream:
        body = b"".join([block async for block in stream.blocks(request)])
    return stream.wire, json.loads(body)


def asked(desk):
    return len(desk.provider.requests)


async def test_a_kept_answer_is_read(desk):
    answer_id = await keep(desk)
    wire, answer = await answer_to(desk, asking(f"/v1/responses/{answer_id}"))
    assert (wire.status, wire.headers) == (200, ((b"content-type", b"application/json"),))
    assert (answer["id"], answer["store"]) == (answer_id, True)
    assert answer["output"][0]["content"][0]["text"] == "kept"
    assert asked(desk) == 0


async def test_a_kept_answer_is_deleted(desk, store):
    answer_id = await keep(desk)
    _, answer = await answer_to(desk, asking(f"/v1/responses/{answer_id}", "DELETE"))
    assert answer == {"id": answer_id, "object": "response", "deleted": True}
    assert store.values == {}
    await desk.stream(asking(f"/v1/responses/{answer_id}", "DELETE"))
    assert asked(desk) == 1


@pytest.mark.parametrize(
    ("path", "options"),
    [
        ("/v1/responses/resp_other", {}),
        ("/v1/responses/resp_other", {"method": "DELETE"}),
        ("/v1/responses/{id}/input_items", {}),
        ("/v1/responses/{id}/cancel", {"method": "POST"}),
        ("/v1/responses/{id}", {"method": "POST"}),
        ("/v1/responses/{id}", {"headers": ()}),
        ("/v1/responses/", {}),
        ("/v1/files/{id}", {}),
        ("/v1/responses/{id}", {"operation": Operation.GENERATE}),
    ],
)
async def test_everything_else_is_the_others_to_answer(desk, path, options):
    request = asking(path.replace("{id}", await keep(desk)), **options)
    await desk.stream(request)
    assert desk.provider.requests == [request]


async def test_whole_answers_are_the_others(desk):
    request = chat_request()
    response = await desk.send(request)
    assert response.normalized == text_response()
    assert desk.name == "fake"


async def test_a_failed_deletion_is_told(desk, store):
    answer_id = await keep(desk)

    async def broken(_key):
        raise StateStoreError("broken")

    store.delete = broken
    with pytest.raises(RequestError, match="could not be deleted"):
        await desk.stream(asking(f"/v1/responses/{answer_id}", "DELETE"))
