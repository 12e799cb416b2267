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
from lunaroute_server.config import config_from_mapping
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
        vault = None
        if store is not None:
            tenants = TenantNames(secret)
            vault = ReasoningVault(store=store, tenants=tenants, secret=secret)
        layer = ConversationLayer(
            provider=connector,
            dialects=connector.dialects,
            seal=ReasoningSeal(secret),
            vault=vault,
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
async def test_27_a_chat_client_that_echoes_messages_brings_thinking_back(frames, content, stream):
    upstream = StrictAnthropic(frames, content, [{"type": "text", "text": "two"}])
    async with gateway_to(upstream) as (gateway, _), sdk_of(C, gateway) as sdk:
        said = await ask_chat(sdk, [USER], stream=stream)
        last = await ask_chat(sdk, [USER, said, chat_result()], stream=stream)
    assert last["content"] == "two"
    assert given_back(upstream) == content
    assert upstream.bodies[-1]["thinking"]["type"] == "enabled"


@EVERY_KIND
@BOTH_WAYS
async def test_26_a_chat_client_that_rebuilds_messages_gets_thinking_from_the_vault(
    frames, content, stream
):
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
async def test_27_a_responses_client_brings_thinking_back(frames, content, stream):
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


# --- an upstream like OpenAI's Responses ------------------------------------------------------------------

FUNCTION_CALL = {
    "type": "function_call",
    "id": "fc_up",
    "status": "completed",
    "call_id": "call_up",
    "name": "add",
    "arguments": '{"a": 1}',
}


def reasoning_item(*summary):
    parts = [{"type": "summary_text", "text": it} for it in summary]
    encrypted = "gAAAA/+Bo=="
    return {"type": "reasoning", "id": "rs_up", "summary": parts, "encrypted_content": encrypted}


def response(items):
    return {
        "id": "resp_up",
        "object": "response",
        "created_at": 1,
        "model": "gpt-5-2025",
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "error": None,
        "status": "completed",
        "incomplete_details": None,
        "output": items,
        "usage": {
            "input_tokens": 9,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": 5,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 14,
        },
    }


def said_text(text):
    part = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    head = {"type": "message", "id": "msg_up", "status": "completed", "role": "assistant"}
    return {**head, "content": [part]}


def response_events(items):
    """How OpenAI streams items; the encrypted content only counts when an item is done."""
    number = itertools.count()

    def event(kind, **more):
        return {"type": f"response.{kind}", "sequence_number": next(number), **more}

    begun = {**response([]), "status": "in_progress", "usage": None}
    yield event("created", response=begun)
    for index, item in enumerate(items):
        place = {"output_index": index}
        inner = {**place, "item_id": item["id"]}
        if item["type"] == "reasoning":
            opened = {**item, "summary": [], "encrypted_content": "gAAAA/early"}
            yield event("output_item.added", **place, item=opened)
            for at, part in enumerate(item["summary"]):
                here = {**inner, "summary_index": at}
                empty = {**part, "text": ""}
                yield event("reasoning_summary_part.added", **here, part=empty)
                yield event("reasoning_summary_text.delta", **here, delta=part["text"])
                yield event("reasoning_summary_text.done", **here, text=part["text"])
                yield event("reasoning_summary_part.done", **here, part=part)
        elif item["type"] == "function_call":
            yield event("output_item.added", **place, item={**item, "arguments": ""})
            yield event("function_call_arguments.delta", **inner, delta=item["arguments"])
            yield event("function_call_arguments.done", **inner, arguments=item["arguments"])
        else:
            (part,) = item["content"]
            yield event("output_item.added", **place, item={**item, "content": []})
            here = {**inner, "content_index": 0}
            yield event("content_part.added", **here, part={**part, "text": ""})
            yield event("output_text.delta", **here, delta=part["text"], logprobs=[])
            yield event("output_text.done", **here, text=part["text"], logprobs=[])
            yield event("content_part.done", **here, part=part)
        yield event("output_item.done", **place, item=item)
    yield event("completed", response=response(items))


class StrictResponses:
    """Answers in order, and refuses reasoning that it did not write, as OpenAI does."""

    def __init__(self, frames, *answers):
        self.frames = frames
        self.answers = list(answers)
        self.written = [it for answer in answers for it in answer if it["type"] == "reasoning"]
        self.bodies = []

    def __call__(self, request):
        body = json.loads(request.body)
        self.bodies.append(body)
        items = [it for it in body["input"] if it.get("type") == "reasoning"]
        if any(it not in self.written for it in items):
            error = {"message": "encrypted content could not be verified", "type": "x"}
            return json_reply(400, {"error": {**error, "param": None, "code": None}})
        answer = self.answers.pop(0)
        if body.get("stream"):
            events = response_events(answer)
            return sse_reply([self.frames(events)], chunk_sizes=[90, 13])
        return json_reply(200, response(answer))

    def reasoning_given_back(self):
        """The reasoning in the last request, and that it stands right before the call."""
        items = self.bodies[-1]["input"]
        kinds = [it.get("type") for it in items]
        at = kinds.index("function_call")
        return items[at - 1] if at and kinds[at - 1] == "reasoning" else None


async def ask_messages(sdk, history, *, stream, model="gpt-5"):
    """The content as the SDK has it."""
    tools = [{"name": "add", "input_schema": SCHEMA}]
    thinking = {"type": "enabled", "budget_tokens": 2048}
    call = {"model": model, "max_tokens": 4096, "messages": history, "tools": tools}
    call |= {"thinking": thinking}
    if stream:
        async with sdk.messages.stream(**call) as events:
            answer = await events.get_final_message()
    else:
        answer = await sdk.messages.create(**call)
    return [it.to_dict(exclude_none=True, warnings=False) for it in answer.content]


def messages_turns(content, call_id):
    result = {"type": "tool_result", "tool_use_id": call_id, "content": "2"}
    return [{"role": "assistant", "content": content}, {"role": "user", "content": [result]}]


EVERY_SUMMARY = pytest.mark.parametrize(
    "summary", [(), ("I add.",), ("First,\n\nlong.", "Then short. ")], ids=["none", "one", "two"]
)


@EVERY_SUMMARY
@BOTH_WAYS
async def test_an_anthropic_client_brings_encrypted_reasoning_back(frames, summary, stream):
    item = reasoning_item(*summary)
    upstream = StrictResponses(frames, [item, FUNCTION_CALL], [said_text("two")])
    async with gateway_to(upstream, upstream=R) as (gateway, _), sdk_of(A, gateway) as sdk:
        content = await ask_messages(sdk, [USER], stream=stream)
        assert content[0]["type"] == ("thinking" if summary else "redacted_thinking")
        history = [USER, *messages_turns(content, "call_up")]
        (last,) = await ask_messages(sdk, history, stream=stream)
    assert last["text"] == "two"
    assert upstream.reasoning_given_back() == item


@EVERY_SUMMARY
@BOTH_WAYS
async def test_a_chat_client_brings_encrypted_reasoning_back(frames, summary, stream):
    item = reasoning_item(*summary)
    upstream = StrictResponses(frames, [item, FUNCTION_CALL], [said_text("two")])
    async with gateway_to(upstream, upstream=R) as (gateway, _), sdk_of(C, gateway) as sdk:
        said = await ask_chat(sdk, [USER], stream=stream, model="gpt-5")
        history = [USER, said, chat_result("call_up")]
        last = await ask_chat(sdk, history, stream=stream, model="gpt-5")
    assert last["content"] == "two"
    assert upstream.reasoning_given_back() == item


@BOTH_WAYS
async def test_a_chat_client_that_rebuilds_messages_goes_on_with_encrypted_reasoning(
    frames, stream
):
    item = reasoning_item("I add.")
    upstream = StrictResponses(frames, [item, FUNCTION_CALL], [said_text("two")])
    options = {"upstream": R, "store": MemoryStateStore()}
    async with gateway_to(upstream, **options) as (gateway, _), sdk_of(C, gateway) as sdk:
        said = rebuilt(await ask_chat(sdk, [USER], stream=stream, model="gpt-5"))
        history = [USER, said, chat_result("call_up")]
        await ask_chat(sdk, history, stream=stream, model="gpt-5")
    assert upstream.reasoning_given_back() == item


# --- an upstream like DeepSeek's ----------------------------------------------------------------------------


def completion(**said):
    head = {"id": "c1", "object": "chat.completion", "created": 1, "model": "r1"}
    message_said = {"role": "assistant", "content": None, **said}
    finish = "tool_calls" if "tool_calls" in said else "stop"
    choice = {"index": 0, "message": message_said, "finish_reason": finish, "logprobs": None}
    usage = {"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 14}
    return {**head, "choices": [choice], "usage": usage}


CHAT_CALL = {
    "id": "call_up",
    "type": "function",
    "function": {"name": "add", "arguments": '{"a":1}'},
}


async def test_an_anthropic_client_brings_unsigned_reasoning_back():
    """Some servers refuse a tool's result without the reasoning that led to the call."""
    script = [
        json_reply(200, completion(reasoning_content="I add.", tool_calls=[CHAT_CALL])),
        json_reply(200, completion(content="two")),
    ]
    async with gateway_to(script, upstream=C) as (gateway, server), sdk_of(A, gateway) as sdk:
        content = await ask_messages(sdk, [USER], stream=False, model="r1")
        history = [USER, *messages_turns(content, "call_up")]
        await ask_messages(sdk, history, stream=False, model="r1")
    assert content[0] == {"type": "thinking", "thinking": "I add.", "signature": "luna1.none"}
    assert json.loads(server.requests[1].body)["messages"][1] == {
        "role": "assistant",
        "content": None,
        "reasoning_content": "I add.",
        "tool_calls": [CHAT_CALL],
    }


async def test_a_chat_servers_own_entries_come_back_as_they_were():
    """OpenRouter's: the seal holds what the client's dialect has no place for."""
    details = [
        {
            "type": "reasoning.text",
            "text": "I add.",
            "signature": "c2ln",
            "format": "anthropic-claude-v1",
            "index": 0,
        },
        {
            "type": "reasoning.encrypted",
            "data": "ZW5j",
            "id": "rs_1",
            "format": "openai-responses-v1",
            "index": 1,
        },
    ]
    script = [
        json_reply(200, completion(reasoning_details=details, tool_calls=[CHAT_CALL])),
        json_reply(200, completion(content="two")),
    ]
    async with gateway_to(script, upstream=C) as (gateway, server), sdk_of(R, gateway) as sdk:
        items = await ask_responses(sdk, [USER], stream=False, model="r1")
        result = {"type": "function_call_output", "call_id": "call_up", "output": "2"}
        await ask_responses(sdk, [USER, *items, result], stream=False, model="r1")
    assert json.loads(server.requests[1].body)["messages"][1]["reasoning_details"] == details


# --- an upstream that speaks the client's dialect -------------------------------------------------------------


async def test_what_was_sealed_for_another_does_not_reach_an_upstream_of_the_clients_dialect(
    frames,
):
    """A conversation that moves from GPT to Claude: Anthropic did not sign it."""
    upstream = StrictResponses(frames, [reasoning_item("I add."), FUNCTION_CALL])
    async with gateway_to(upstream, upstream=R) as (gateway, _), sdk_of(A, gateway) as sdk:
        content = await ask_messages(sdk, [USER], stream=False)
    claude = StrictAnthropic(frames, [TEXT])
    history = [USER, *messages_turns(content, "call_up")]
    async with gateway_to(claude) as (gateway, _), sdk_of(A, gateway) as sdk:
        await ask_messages(sdk, history, stream=True, model="a-claude")
    assert [it["type"] for it in given_back(claude)] == ["tool_use"]
    assert "thinking" not in claude.bodies[-1]


async def test_a_responses_client_moves_from_claude_to_gpt(frames):
    claude = StrictAnthropic(frames, ANSWERS["all"])
    async with gateway_to(claude) as (gateway, _), sdk_of(R, gateway) as sdk:
        items = await ask_responses(sdk, [USER], stream=True)
    upstream = StrictResponses(frames, [said_text("two")])
    result = {"type": "function_call_output", "call_id": "toolu_01", "output": "2"}
    async with gateway_to(upstream, upstream=R) as (gateway, _), sdk_of(R, gateway) as sdk:
        await ask_responses(sdk, [USER, *items, result], stream=True, model="gpt-5")
    left = [it for it in [USER, *items, result] if it.get("type") != "reasoning"]
    assert upstream.bodies[-1]["input"] == left


async def test_a_chat_client_moves_from_claude_to_a_chat_server(frames):
    said = await first_message(frames)
    script = json_reply(200, completion(content="two"))
    async with gateway_to(script, upstream=C) as (gateway, server), sdk_of(C, gateway) as sdk:
        await ask_chat(sdk, [USER, said, chat_result()], stream=False, model="r1")
    del said["reasoning_details"]
    assert json.loads(server.requests[0].body)["messages"][1] == said


@pytest.mark.parametrize(
    "signature", ["EqQB/+sig==", "luna1.YWJj.c2VhbGVkIGVsc2V3aGVyZQ"], ids=["own", "another's seal"]
)
async def test_whatever_else_passes_to_the_byte(frames, signature):
    """Another gateway's seal may be for the one that is the upstream."""
    said = [{"type": "thinking", "thinking": "luna1.", "signature": signature}, CALL]
    history = [USER, *messages_turns(said, "toolu_01")]
    body = json.dumps({"model": MODEL, "max_tokens": 9, "messages": history}, indent=3).encode()
    script = json_reply(200, message([TEXT], "end_turn"))
    async with gateway_to(script) as (gateway, server), gateway.http_client() as client:
        headers = {"content-type": "application/json", "x-api-key": "sk-client"}
        await client.post("/v1/messages", content=body, headers=headers)
    assert server.requests[0].body == body


async def test_a_strict_provider_refuses_what_it_would_drop(frames):
    said = await first_message(frames)
    upstream = StrictAnthropic(frames, [TEXT])
    with pytest.raises(openai.BadRequestError, match="reasoning"):
        await go_on(upstream, said, name="elsewhere", strict=True)
    assert upstream.bodies == []


# --- as it is configured ----------------------------------------------------------------------------------


async def loop_as_configured(frames, monkeypatch, tmp_path, **sections):
    """Both calls of a loop, each through a gateway of its own; what the upstream got."""
    monkeypatch.setenv("LUNAROUTE_HOME", str(tmp_path))
    upstream = StrictAnthropic(frames, ANSWERS["all"], [TEXT])
    async with ScriptedUpstream(upstream) as server:
        provider = {"type": "anthropic", "base_url": server.url, "api_key": "sk-upstream"}
        config = config_from_mapping({"providers": {"up": provider}, **sections})
        history = [USER]
        for _ in range(2):
            async with Gateway.from_config(config) as gateway, sdk_of(C, gateway) as sdk:
                said = rebuilt(await ask_chat(sdk, history, stream=False, model=f"up/{MODEL}"))
                history += [said, chat_result()]
    return given_back(upstream)


async def test_a_configured_file_outlives_the_gateway(frames, monkeypatch, tmp_path):
    state = {"url": f"sqlite:///{tmp_path / 'state.db'}"}
    content = await loop_as_configured(frames, monkeypatch, tmp_path, state=state)
    assert content == ANSWERS["all"]


@pytest.mark.parametrize(
    "sections",
    [{}, {"reasoning": {"vault": {"enabled": False}}}, {"reasoning": {"tunnel": False}}],
    ids=["memory", "no vault", "no tunnel"],
)
async def test_without_it_what_was_kept_is_gone(frames, monkeypatch, tmp_path, sections):
    state = {"url": f"sqlite:///{tmp_path / 'state.db'}"} if sections else {"url": "memory://"}
    content = await loop_as_configured(frames, monkeypatch, tmp_path, state=state, **sections)
    assert content == [TEXT, CALL]
