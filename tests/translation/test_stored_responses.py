"""Clients of Responses that name an earlier answer instead of sending the conversation, with
OpenAI's SDK at one end and upstreams that keep nothing at the other.
"""

import json
from contextlib import asynccontextmanager

import httpx2
import openai
import pytest

from lunaroute_core.testing import FakeClock, ScriptedUpstream, json_reply, sse_reply
from lunaroute_egress import AnthropicEndpoint, Connector, HttpClient, KeyRing, OpenAIEndpoint
from lunaroute_egress.conversation import (
    ConversationLayer,
    ReasoningSeal,
    StoredAnswersDesk,
    StoredResponses,
    TenantNames,
)
from lunaroute_server.config import config_from_mapping
from lunaroute_server.gateway import Gateway
from lunaroute_storage import MemoryStateStore

C, R, A = "openai_chat", "openai_responses", "anthropic_messages"
SECRET = b"s" * 32
MODELS = {C: "gpt-4.1", A: "claude-opus-5"}
UPSTREAMS = pytest.mark.parametrize("upstream", [A, C])
BOTH_WAYS = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
TOOLS = [{"type": "function", "name": "add", "parameters": SCHEMA, "strict": False}]


@pytest.fixture
def reply(vendors, frames):
    """`reply(upstream, stream, **answer)`: what the upstream's server sends."""

    def make(upstream, stream, **answer):
        if not stream:
            return json_reply(200, vendors.whole(upstream, **answer))
        return sse_reply([frames(vendors.stream(upstream, **answer))], chunk_sizes=[50, 7])

    return make


@asynccontextmanager
async def gateway_to(upstream, script, *, store=None, enabled=True):
    """A gateway that keeps answers, and one provider that does not."""
    async with ScriptedUpstream(script) as server:
        openais = OpenAIEndpoint(base_url=f"{server.url}/v1")
        endpoint = AnthropicEndpoint(base_url=server.url) if upstream == A else openais
        http = HttpClient()
        connector = Connector(
            name="up", endpoint=endpoint, dialects=(upstream,), http=http, keys=KeyRing(("sk-up",))
        )
        tenants = TenantNames(SECRET)
        kept = MemoryStateStore() if store is None else store
        stored = StoredResponses(store=kept, tenants=tenants, ttl=60)
        provider = ConversationLayer(
            provider=connector,
            dialects=connector.dialects,
            seal=ReasoningSeal(SECRET),
            stored=stored if enabled else None,
        )
        if enabled:
            provider = StoredAnswersDesk(provider=provider, stored=stored)
        async with Gateway(provider=provider, clients=[http]) as gateway:
            yield gateway, server


def sdk_of(gateway, key="sk-client"):
    http = gateway.http_client()
    return openai.AsyncOpenAI(api_key=key, max_retries=0, http_client=http)


async def ask(sdk, upstream, stream, **fields):
    call = {"model": MODELS[upstream], **fields}
    if not stream:
        return await sdk.responses.create(**call)
    async with sdk.responses.stream(**call) as events:
        return await events.get_final_response()


def sent(server, at=-1):
    return json.loads(server.requests[at].body)


def said(body):
    """The roles and texts of a conversation, and its instructions."""
    turns = []
    for turn in body["messages"]:
        content = turn["content"]
        if isinstance(content, list):
            content = "".join(part.get("text", f"<{part['type']}>") for part in content)
        turns.append((turn["role"], content))
    return turns


@UPSTREAMS
@BOTH_WAYS
async def test_a_conversation_goes_on_from_its_last_answer(reply, upstream, stream):
    script = [reply(upstream, stream, text=text) for text in ("one", "two", "three")]
    async with gateway_to(upstream, script) as (gateway, server), sdk_of(gateway) as sdk:
        first = await ask(sdk, upstream, stream, input="a", instructions="Be brief.")
        second = await ask(sdk, upstream, stream, input="b", previous_response_id=first.id)
        third = await ask(sdk, upstream, stream, input="c", previous_response_id=second.id)
    assert third.output_text == "three"
    assert len({first.id, second.id, third.id}) == 3
    assert said(sent(server)) == [
        ("user", "a"),
        ("assistant", "one"),
        ("user", "b"),
        ("assistant", "two"),
        ("user", "c"),
    ]
    assert "Be brief." in json.dumps(sent(server, 0))
    assert "Be brief." not in json.dumps(sent(server, 1))
    assert second.previous_response_id == first.id
    assert first.store is second.store is True


@UPSTREAMS
@BOTH_WAYS
async def test_a_call_is_answered_without_its_turn(reply, upstream, stream):
    call = [("call_1", "add", '{"a":1}')]
    script = [
        reply(upstream, stream, text="see", calls=call, finish="tool_calls"),
        reply(upstream, stream, text="two"),
    ]
    async with gateway_to(upstream, script) as (gateway, server), sdk_of(gateway) as sdk:
        first = await ask(sdk, upstream, stream, input="add", tools=TOOLS)
        output = {"type": "function_call_output", "call_id": "call_1", "output": "2"}
        options = {"previous_response_id": first.id, "tools": TOOLS}
        await ask(sdk, upstream, stream, input=[output], **options)
    before, after = sent(server, 0)["messages"], sent(server, 1)["messages"]
    assert after[: len(before)] == before
    text = json.dumps(after[len(before) :])
    assert text.index("see") < text.index('"add"') < text.index("call_1", text.index('"add"'))


async def test_leading_system_items_stay_and_instructions_do_not(reply):
    script = [reply(C, False, text=text) for text in ("one", "two")]
    system = {"role": "system", "content": "You add."}
    more = {"role": "system", "content": "Now subtract."}
    user = {"role": "user", "content": "a"}
    async with gateway_to(C, script) as (gateway, server), sdk_of(gateway) as sdk:
        first = await ask(sdk, C, False, input=[system, user], instructions="Be brief.")
        options = {"previous_response_id": first.id, "instructions": "Be long."}
        await ask(sdk, C, False, input=[more, user], **options)
    assert [text for _, text in said(sent(server))] == [
        "Be long.You add.",
        "a",
        "one",
        "Now subtract.",
        "a",
    ]


async def test_an_item_is_named_instead_of_sent(reply):
    """As the AI SDK does with all that came out of a stored response."""
    call = [("call_1", "add", '{"a":1}')]
    script = [
        reply(A, False, text="see", calls=call, finish="tool_calls"),
        reply(A, False, text="two"),
    ]
    async with gateway_to(A, script) as (gateway, server), sdk_of(gateway) as sdk:
        user = {"role": "user", "content": "add"}
        first = await ask(sdk, A, False, input=[user], tools=TOOLS)
        named = [{"type": "item_reference", "id": item.id} for item in first.output]
        output = {"type": "function_call_output", "call_id": "call_1", "output": "2"}
        await ask(sdk, A, False, input=[user, *named, output], tools=TOOLS)
    blocks = [block["type"] for block in sent(server)["messages"][1]["content"]]
    assert blocks == ["text", "tool_use"]


@UPSTREAMS
@pytest.mark.parametrize("what", ["response", "item"])
async def test_what_is_not_kept_is_not_found_as_at_openai(upstream, what):
    fields = {"input": "a", "previous_response_id": "resp_unknown"}
    if what == "item":
        fields = {"input": [{"type": "item_reference", "id": "msg_unknown"}]}
    async with gateway_to(upstream, []) as (gateway, server), sdk_of(gateway) as sdk:
        with pytest.raises(openai.BadRequestError) as refused:
            await ask(sdk, upstream, False, **fields)
    assert server.requests == []
    error = refused.value
    if what == "item":
        assert error.param == "input"
        assert "Item with id 'msg_unknown' not found." in str(error)
    else:
        assert (error.code, error.param) == ("previous_response_not_found", "previous_response_id")
        assert "Previous response with id 'resp_unknown' not found." in str(error)


@BOTH_WAYS
async def test_what_is_not_to_be_stored_is_not(reply, stream):
    script = reply(A, stream, text="one")
    async with gateway_to(A, script) as (gateway, _), sdk_of(gateway) as sdk:
        first = await ask(sdk, A, stream, input="a", store=False)
        assert first.store is False
        with pytest.raises(openai.BadRequestError):
            await ask(sdk, A, stream, input="b", previous_response_id=first.id)


@UPSTREAMS
async def test_answers_are_kept_only_where_that_is_turned_on(reply, upstream):
    script = reply(upstream, False, text="one")
    options = {"enabled": False}
    async with gateway_to(upstream, script, **options) as (gateway, _), sdk_of(gateway) as sdk:
        first = await ask(sdk, upstream, False, input="a", store=True)
        assert first.store is False
        with pytest.raises(openai.BadRequestError) as refused:
            await ask(sdk, upstream, False, input="b", previous_response_id=first.id)
    assert refused.value.param == "previous_response_id"


async def test_to_store_an_answer_is_nothing_to_warn_of(reply):
    script = reply(A, False, text="one")
    async with gateway_to(A, script) as (gateway, _), sdk_of(gateway) as sdk:
        create = sdk.responses.with_raw_response.create
        answer = await create(model=MODELS[A], input="a", store=True)
    assert "x-lunaroute-warnings" not in answer.headers


async def test_answers_are_forgotten_in_time(reply):
    clock = FakeClock()
    store = MemoryStateStore(clock=clock)
    script = [reply(A, False, text="one"), reply(A, False, text="two")]
    async with gateway_to(A, script, store=store) as (gateway, _), sdk_of(gateway) as sdk:
        first = await ask(sdk, A, False, input="a")
        clock.advance(59)
        await ask(sdk, A, False, input="b", previous_response_id=first.id)
        clock.advance(2)
        with pytest.raises(openai.BadRequestError, match="not found"):
            await ask(sdk, A, False, input="b", previous_response_id=first.id)


async def test_reasoning_goes_along_with_the_conversation():
    """Thinking before a call comes back to the byte, although the client sent none of it."""
    thinking = {"type": "thinking", "thinking": "Hm.", "signature": "sig=="}
    call = {"type": "tool_use", "id": "toolu_1", "name": "add", "input": {"a": 1}}
    head = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude"}
    head |= {"stop_sequence": None, "usage": {"input_tokens": 1, "output_tokens": 1}}
    text = {"type": "text", "text": "two"}
    script = [
        json_reply(200, {**head, "content": [thinking, call], "stop_reason": "tool_use"}),
        json_reply(200, {**head, "content": [text], "stop_reason": "end_turn"}),
    ]
    async with gateway_to(A, script) as (gateway, server), sdk_of(gateway) as sdk:
        first = await ask(sdk, A, False, input="add", tools=TOOLS)
        output = {"type": "function_call_output", "call_id": "toolu_1", "output": "2"}
        options = {"previous_response_id": first.id, "tools": TOOLS}
        await ask(sdk, A, False, input=[output], **options)
    assert sent(server)["messages"][1]["content"] == [thinking, call]


# --- reading and deleting -------------------------------------------------------------------------------


@BOTH_WAYS
async def test_an_answer_can_be_read_again(reply, stream):
    script = reply(A, stream, text="one")
    async with gateway_to(A, script) as (gateway, server), sdk_of(gateway) as sdk:
        first = await ask(sdk, A, stream, input="a", instructions="Be brief.", tools=TOOLS)
        again = await sdk.responses.retrieve(first.id)
    assert len(server.requests) == 1
    kept, told = again.to_dict(), first.to_dict()
    for one in (kept, told):
        one.pop("completed_at")
        one.pop("parsed", None)
        for item in one["output"]:
            for part in item["content"]:
                part.pop("parsed", None)
    assert kept == told


async def test_an_answer_can_be_deleted(reply):
    script = [reply(A, False, text=text) for text in ("one", "two")]
    async with gateway_to(A, script) as (gateway, server), sdk_of(gateway) as sdk:
        first = await ask(sdk, A, False, input="a")
        later = await ask(sdk, A, False, input="b", previous_response_id=first.id)
        raw = await sdk.responses.with_raw_response.delete(first.id)
        assert json.loads(raw.content) == {
            "id": first.id,
            "object": "response",
            "deleted": True,
        }
        with pytest.raises(openai.BadRequestError, match="not found"):
            await ask(sdk, A, False, input="b", previous_response_id=first.id)
        reference = {"type": "item_reference", "id": first.output[0].id}
        with pytest.raises(openai.BadRequestError, match="not found"):
            await ask(sdk, A, False, input=[reference])
        assert (await sdk.responses.retrieve(later.id)).output_text == "two"
    assert len(server.requests) == 2


async def test_clients_see_only_their_own(reply):
    script = [reply(C, False, text="one"), json_reply(404, {"error": {"message": "no"}})]
    async with gateway_to(C, script) as (gateway, server):
        async with sdk_of(gateway) as sdk:
            first = await ask(sdk, C, False, input="a")
        async with sdk_of(gateway, key="sk-other") as sdk:
            with pytest.raises(openai.BadRequestError, match="not found"):
                await ask(sdk, C, False, input="b", previous_response_id=first.id)
            with pytest.raises(openai.NotFoundError):
                await sdk.responses.retrieve(first.id)
    assert server.requests[-1].target == f"/v1/responses/{first.id}"


async def test_what_is_not_kept_here_may_be_at_the_vendor():
    script = json_reply(200, {"id": "resp_theirs", "object": "response"})
    async with gateway_to(C, script) as (gateway, server):
        client: httpx2.AsyncClient
        async with gateway.http_client() as client:
            headers = {"authorization": "Bearer sk-client"}
            answer = await client.get("/v1/responses/resp_theirs", headers=headers)
            inner = await client.get("/v1/responses/resp_theirs/input_items", headers=headers)
    assert answer.json()["id"] == "resp_theirs"
    assert [it.target for it in server.requests] == [
        "/v1/responses/resp_theirs",
        "/v1/responses/resp_theirs/input_items",
    ]
    assert inner.status_code == 200


async def test_answers_are_kept_as_configured(reply):
    script = [reply(A, False, text=text) for text in ("one", "two")]
    async with ScriptedUpstream(script) as server:
        provider = {"type": "anthropic", "base_url": server.url, "api_key": "sk-upstream"}
        stored = {"stored_responses": {"enabled": True}}
        config = config_from_mapping({"providers": {"up": provider}, **stored})
        async with Gateway.from_config(config) as gateway, sdk_of(gateway) as sdk:
            model = f"up/{MODELS[A]}"
            first = await sdk.responses.create(model=model, input="a")
            options = {"previous_response_id": first.id}
            second = await sdk.responses.create(model=model, input="b", **options)
            assert (await sdk.responses.retrieve(second.id)).output_text == "two"
    assert said(sent(server)) == [("user", "a"), ("assistant", "one"), ("user", "b")]
