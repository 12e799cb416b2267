"""Reasoning on its way to a client of another dialect and back, against an upstream that is as
strict about it as the vendors are, over real sockets.
"""

import itertools
import json
from contextlib import asynccontextmanager

import anthropic
import openai
import pytest

from lunaroute_core.testing import ScriptedUpstream, json_reply, sse_reply
from lunaroute_egress import AnthropicEndpoint, Connector, HttpClient, KeyRing, OpenAIEndpoint
from lunaroute_egress.conversation import (
    ConversationLayer,
    ReasoningSeal,
    ReasoningVault,
    TenantNames,
)
from lunaroute_server.gateway import Gateway
from lunaroute_storage import MemoryStateStore, SqliteStateStore

C, R, A = "openai_chat", "openai_responses", "anthropic_messages"
MODEL = "claude-sonnet-4-5"
SECRET = b"s" * 32
SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
BOTH_WAYS = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])

THINKING = {"type": "thinking", "thinking": "Is it 1?\n\nIt is.  ", "signature": "EqQB/+sig=="}
BARE = {"type": "thinking", "thinking": "", "signature": "EqQB/bare=="}
REDACTED = {"type": "redacted_thinking", "data": "EmwKA+redacted/=="}
CALL = {"type": "tool_use", "id": "toolu_01", "name": "add", "input": {"a": 1}}
TEXT = {"type": "text", "text": "let me see"}


# --- an upstream like Anthropic ---------------------------------------------------------------------


def message(content, stop="tool_use"):
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-4-5-20250929",
        "content": content,
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": {"input_tokens": 9, "output_tokens": 5},
    }


def deltas(block):
    """How Anthropic streams a block: what opens it, and what follows."""
    match block["type"]:
        case "thinking":
            pieces = [block["thinking"][:5], block["thinking"][5:]]
            rest = [{"type": "thinking_delta", "thinking": it} for it in pieces if it]
            sign = {"type": "signature_delta", "signature": block["signature"]}
            return {**block, "thinking": "", "signature": ""}, [*rest, sign]
        case "text":
            return {**block, "text": ""}, [{"type": "text_delta", "text": block["text"]}]
        case "tool_use":
            raw = json.dumps(block["input"])
            return {**block, "input": {}}, [{"type": "input_json_delta", "partial_json": raw}]
        case _:
            return block, []


def message_events(content, stop):
    whole = message(content, stop)
    yield {"type": "message_start", "message": {**whole, "content": [], "stop_reason": None}}
    for index, block in enumerate(content):
        begun, rest = deltas(block)
        yield {"type": "content_block_start", "index": index, "content_block": begun}
        for delta in rest:
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    end = {"stop_reason": stop, "stop_sequence": None}
    yield {"type": "message_delta", "delta": end, "usage": {"output_tokens": 5}}
    yield {"type": "message_stop"}


def refusal(text):
    error = {"type": "invalid_request_error", "message": text}
    return json_reply(400, {"type": "error", "error": error})


class StrictAnthropic:
    """Answers in order, and refuses requests that Anthropic would refuse for their thinking."""

    def __init__(self, frames, *answers):
        self.frames = frames
        self.answers = list(answers)
        self.signed = [it for answer in answers for it in answer if "thinking" in it["type"]]
        self.bodies = []

    def __call__(self, request):
        body = json.loads(request.body)
        self.bodies.append(body)
        if problem := self.problem(body):
            return refusal(problem)
        content = self.answers.pop(0)
        stop = "tool_use" if any(it["type"] == "tool_use" for it in content) else "end_turn"
        if body.get("stream"):
            return sse_reply([self.frames(message_events(content, stop))], chunk_sizes=[60, 11])
        return json_reply(200, message(content, stop))

    def problem(self, body):
        said = [it["content"] for it in body["messages"] if it["role"] == "assistant"]
        for block in itertools.chain.from_iterable(it for it in said if isinstance(it, list)):
            if "thinking" in block["type"] and block not in self.signed:
                return "thinking blocks cannot be modified"
        content = body["messages"][-1]["content"]
        looping = isinstance(content, list) and content[0]["type"] == "tool_result"
        if looping and body.get("thinking", {}).get("type") == "enabled":
            first = said[-1][0]["type"]
            if "thinking" not in first:
                return f"expected thinking, but found {first}"
        return None


# --- the gateway --------------------------------------------------------------------------------------


@asynccontextmanager
async def gateway_to(
    script, *, upstream=A, store=None, secret=SECRET, name="up", dialects=None, strict=False
):
    """A gateway of one provider, whose conversations are kept whole."""
    async with ScriptedUpstream(script) as server:
        openais = OpenAIEndpoint(base_url=f"{server.url}/v1")
        endpoint = AnthropicEndpoint(base_url=server.url) if upstream == A else openais
        http = HttpClient()
        connector = Connector(
            name=name,
            endpoint=endpoint,
            dialects=dialects or (upstream,),
            http=http,
            keys=KeyRing(("sk-upstream",)),
            strict=strict,
        )
        layer = ConversationLayer(
            provider=connector,
            dialects=connector.dialects,
            tenants=TenantNames(secret),
            seal=ReasoningSeal(secret),
            vault=None if store is None else ReasoningVault(store=store, secret=secret),
            upstream_model=connector.models.upstream,
            strict=strict,
        )
        async with Gateway(provider=layer, clients=[http]) as gateway:
            yield gateway, server


def sdk_of(client, gateway, key="sk-client"):
    options = {"api_key": key, "max_retries": 0, "http_client": gateway.http_client()}
    vendor = anthropic.AsyncAnthropic if client == A else openai.AsyncOpenAI
    return vendor(**options)


# --- what programs do -----------------------------------------------------------------------------------


async def ask_chat(sdk, history, *, stream, model=MODEL):
    """The assistant's message as the SDK has it, all its fields."""
    tools = [{"type": "function", "function": {"name": "add", "parameters": SCHEMA}}]
    call = {"model": model, "messages": history, "tools": tools, "reasoning_effort": "high"}
    if stream:
        async with sdk.chat.completions.stream(**call) as events:
            await events.until_done()
            answer = events.current_completion_snapshot
    else:
        answer = await sdk.chat.completions.create(**call)
    said = answer.choices[0].message.to_dict(exclude_none=True, warnings=False)
    for one in said.get("tool_calls", []):
        one.pop("index", None)
        one["function"].pop("parsed_arguments", None)
    said.pop("parsed", None)
    return said


async def ask_responses(sdk, history, *, stream, model=MODEL):
    """The output items as the SDK has them."""
    tools = [{"type": "function", "name": "add", "parameters": SCHEMA, "strict": False}]
    call = {"model": model, "input": history, "tools": tools, "reasoning": {"effort": "high"}}
    call |= {"store": False, "include": ["reasoning.encrypted_content"]}
    if stream:
        async with sdk.responses.stream(**call) as events:
            answer = await events.get_final_response()
    else:
        answer = await sdk.responses.create(**call)
    items = [it.to_dict(exclude_none=True, warnings=False) for it in answer.output]
    for item in items:
        item.pop("parsed_arguments", None)
    return items


def chat_result(call_id="toolu_01"):
    return {"role": "tool", "tool_call_id": call_id, "content": "2"}


def rebuilt(said):
    """A message as clients write it that know text and calls only."""
    return {key: said[key] for key in ("role", "content", "tool_calls") if key in said}


USER = {"role": "user", "content": "add 1"}
ANSWERS = {
    "thinking": [THINKING, TEXT, CALL],
    "redacted": [REDACTED, CALL],
    "signature only": [BARE, CALL],
    "all": [THINKING, REDACTED, BARE, TEXT, CALL],
}
EVERY_KIND = pytest.mark.parametrize("content", ANSWERS.values(), ids=ANSWERS)


def given_back(upstream):
    """The assistant's content as the upstream got it last."""
    (said,) = (it for it in upstream.bodies[-1]["messages"] if it["role"] == "assistant")
    return said["content"]


@EVERY_KIND
@BOTH_WAYS
async def test_a_chat_client_that_echoes_messages_brings_thinking_back(frames, content, stream):
    upstream = StrictAnthropic(frames, content, [{"type": "text", "text": "two"}])
    async with gateway_to(upstream) as (gateway, _), sdk_of(C, gateway) as sdk:
        said = await ask_chat(sdk, [USER], stream=stream)
        last = await ask_chat(sdk, [USER, said, chat_result()], stream=stream)
    assert last["content"] == "two"
    assert given_back(upstream) == content
    assert upstream.bodies[-1]["thinking"]["type"] == "enabled"


@EVERY_KIND
@BOTH_WAYS
async def test_a_chat_client_that_rebuilds_messages_gets_it_from_the_vault(frames, content, stream):
    upstream = StrictAnthropic(frames, content, [{"type": "text", "text": "two"}])
    async with (
        gateway_to(upstream, store=MemoryStateStore()) as (gateway, _),
        sdk_of(C, gateway) as sdk,
    ):
        said = rebuilt(await ask_chat(sdk, [USER], stream=stream))
        last = await ask_chat(sdk, [USER, said, chat_result()], stream=stream)
    assert last["content"] == "two"
    assert given_back(upstream) == content


@EVERY_KIND
@BOTH_WAYS
async def test_a_responses_client_brings_it_back(frames, content, stream):
    upstream = StrictAnthropic(frames, content, [{"type": "text", "text": "two"}])
    async with gateway_to(upstream) as (gateway, _), sdk_of(R, gateway) as sdk:
        items = await ask_responses(sdk, [USER], stream=stream)
        result = {"type": "function_call_output", "call_id": "toolu_01", "output": "2"}
        (last,) = await ask_responses(sdk, [USER, *items, result], stream=stream)
    assert last["content"][0]["text"] == "two"
    assert given_back(upstream) == content


async def test_streamed_or_not_the_client_gets_the_same_seal(frames):
    upstream = StrictAnthropic(frames, ANSWERS["all"], ANSWERS["all"])
    async with gateway_to(upstream) as (gateway, _), sdk_of(C, gateway) as sdk:
        whole, streamed = [
            (await ask_chat(sdk, [USER], stream=stream))["reasoning_details"]
            for stream in (False, True)
        ]
    assert whole == streamed


async def test_the_vault_is_each_clients_own(frames):
    upstream = StrictAnthropic(frames, ANSWERS["thinking"], [TEXT])
    async with gateway_to(upstream, store=MemoryStateStore()) as (gateway, _):
        async with sdk_of(C, gateway) as sdk:
            said = rebuilt(await ask_chat(sdk, [USER], stream=False))
        async with sdk_of(C, gateway, key="sk-other") as sdk:
            await ask_chat(sdk, [USER, said, chat_result()], stream=False)
    assert given_back(upstream) == [TEXT, CALL]


async def test_the_vault_outlives_the_gateway_in_a_file(frames, tmp_path):
    content = ANSWERS["all"]
    async with SqliteStateStore(path=tmp_path / "state.db") as store:
        upstream = StrictAnthropic(frames, content)
        async with gateway_to(upstream, store=store) as (gateway, _), sdk_of(C, gateway) as sdk:
            said = rebuilt(await ask_chat(sdk, [USER], stream=True))
    async with SqliteStateStore(path=tmp_path / "state.db") as store:
        upstream = StrictAnthropic(frames, content, [TEXT])
        upstream.answers.pop(0)
        async with gateway_to(upstream, store=store) as (gateway, _), sdk_of(C, gateway) as sdk:
            await ask_chat(sdk, [USER, said, chat_result()], stream=True)
    assert given_back(upstream) == content


# --- what is not given back -----------------------------------------------------------------------------


async def go_on(upstream, said, *, model=MODEL, **options):
    """The second call of a loop, and the warnings in its answer."""
    async with gateway_to(upstream, **options) as (gateway, _), sdk_of(C, gateway) as sdk:
        answer = await sdk.chat.completions.with_raw_response.create(
            model=model,
            messages=[USER, said, chat_result()],
            reasoning_effort="high",
        )
    return answer.headers.get("x-lunaroute-warnings", "")


async def first_message(frames, content=None):
    upstream = StrictAnthropic(frames, content or ANSWERS["all"])
    async with gateway_to(upstream) as (gateway, _), sdk_of(C, gateway) as sdk:
        return await ask_chat(sdk, [USER], stream=False)


@pytest.mark.parametrize(
    "other",
    [{"name": "elsewhere"}, {"model": "claude-opus-4-5"}, {"secret": b"another secret"}],
    ids=["account", "model", "secret"],
)
async def test_reasoning_of_another_origin_is_dropped_and_the_call_goes_on(frames, other):
    said = await first_message(frames)
    upstream = StrictAnthropic(frames, [TEXT])
    expect_dropped(upstream, await go_on(upstream, said, **other))


def expect_dropped(upstream, warnings):
    assert "dropped messages[].reasoning" in warnings
    assert given_back(upstream) == [TEXT, CALL]
    assert "thinking" not in upstream.bodies[-1]


@pytest.mark.parametrize("damage", ["payload", "mac"])
async def test_a_seal_that_was_tampered_with_drops_all_of_the_turn(frames, damage):
    said = await first_message(frames)
    entry = said["reasoning_details"][1]
    prefix, payload, mac = entry["data"].split(".")
    if damage == "payload":
        payload = payload[:-1] + ("A" if payload[-1] != "A" else "B")
    else:
        mac = "A" * len(mac)
    entry["data"] = f"{prefix}.{payload}.{mac}"
    upstream = StrictAnthropic(frames, [TEXT])
    expect_dropped(upstream, await go_on(upstream, said))


async def test_reasoning_that_was_never_sealed_is_not_believed(frames):
    said = await first_message(frames)
    origin = {"dialect": A, "vendor": "anthropic"}
    said["reasoning_details"] = [
        {"type": "reasoning.text", "index": 0, "text": "x", "signature": "forged", "origin": origin}
    ]
    upstream = StrictAnthropic(frames, [TEXT])
    expect_dropped(upstream, await go_on(upstream, said))
