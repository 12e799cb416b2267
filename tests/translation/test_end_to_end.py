"""The official SDKs at one end, an upstream of another dialect at the other, and between them
the whole gateway: requests, answers, streams and errors of every kind.
"""

import itertools
import json
from contextlib import asynccontextmanager

import anthropic
import openai
import pytest
from attrs import frozen

from lunaroute_core.testing import ScriptedUpstream, json_reply, sse_reply
from lunaroute_egress import AnthropicEndpoint, Connector, HttpClient, KeyRing, OpenAIEndpoint
from lunaroute_server.gateway import Gateway

C, R, A = "openai_chat", "openai_responses", "anthropic_messages"
PAIRS = list(itertools.permutations([C, R, A], 2))
EVERY_PAIR = pytest.mark.parametrize(("client", "upstream"), PAIRS)
BOTH_WAYS = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
MODELS = {C: "gpt-4.1", R: "gpt-4.1", A: "claude-sonnet-4-0"}
PATHS = {C: "/v1/chat/completions", R: "/v1/responses", A: "/v1/messages"}
PNG = "iVBORw0KGgo="
SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}


# --- the gateway ------------------------------------------------------------------------------------


@asynccontextmanager
async def gateway_to(upstream, script, **options):
    """A gateway whose one provider speaks a dialect, and the vendor's server behind it."""
    async with ScriptedUpstream(script) as server:
        openais = OpenAIEndpoint(base_url=f"{server.url}/v1")
        endpoint = AnthropicEndpoint(base_url=server.url) if upstream == A else openais
        http = HttpClient()
        connector = Connector(
            name="up",
            endpoint=endpoint,
            dialects=(upstream,),
            http=http,
            keys=KeyRing(("sk-upstream",)),
            **options,
        )
        async with Gateway(provider=connector, clients=[http]) as gateway:
            yield gateway, server


def sdk_of(client, gateway):
    options = {"api_key": "sk-client", "max_retries": 0, "http_client": gateway.http_client()}
    vendor = anthropic.AsyncAnthropic if client == A else openai.AsyncOpenAI
    return vendor(**options)


@frozen
class Heard:
    """What a program reads of an answer, and the message it would send back."""

    text: str | None
    calls: list
    echo: list
    usage: tuple


# --- what programs of each SDK do -------------------------------------------------------------------


async def ask(client, sdk, history, *, stream=False, **fields):
    """One call of a program: its history in the SDK's own terms, and other parameters."""
    return await {C: ask_chat, R: ask_responses, A: ask_messages}[client](
        sdk, history, stream=stream, **fields
    )


async def ask_chat(sdk, history, *, stream, **fields):
    create = sdk.chat.completions
    call = {"model": fields.pop("model", "m"), "messages": history, **fields}
    if stream:
        wants = {"include_usage": True}
        async with create.stream(**call, stream_options=wants) as events:
            await events.until_done()
            answer = events.current_completion_snapshot
    else:
        answer = await create.create(**call)
    (choice,) = answer.choices
    said = choice.message
    calls = [
        (it.id, it.function.name, json.loads(it.function.arguments)) for it in said.tool_calls or []
    ]
    echo = said.to_dict(exclude_none=True, warnings=False)
    for one in echo.get("tool_calls", []):
        one.pop("index", None)
        one["function"].pop("parsed_arguments", None)
    echo.pop("parsed", None)
    usage = (answer.usage.prompt_tokens, answer.usage.completion_tokens)
    return Heard(said.content, calls, [echo], usage)


async def ask_responses(sdk, history, *, stream, **fields):
    call = {"model": fields.pop("model", "m"), "input": history, **fields}
    if stream:
        async with sdk.responses.stream(**call) as events:
            answer = await events.get_final_response()
    else:
        answer = await sdk.responses.create(**call)
    calls = [
        (it.call_id, it.name, json.loads(it.arguments))
        for it in answer.output
        if it.type == "function_call"
    ]
    echo = [it.to_dict(exclude_none=True, warnings=False) for it in answer.output]
    for item in echo:
        item.pop("parsed_arguments", None)
    usage = (answer.usage.input_tokens, answer.usage.output_tokens)
    return Heard(answer.output_text or None, calls, echo, usage)


async def ask_messages(sdk, history, *, stream, **fields):
    call = {"model": fields.pop("model", "m"), "max_tokens": 99, "messages": history, **fields}
    if stream:
        async with sdk.messages.stream(**call) as events:
            answer = await events.get_final_message()
    else:
        answer = await sdk.messages.create(**call)
    texts = [it.text for it in answer.content if it.type == "text"]
    calls = [(it.id, it.name, it.input) for it in answer.content if it.type == "tool_use"]
    content = [it.to_dict(exclude_none=True, warnings=False) for it in answer.content]
    echo = [{"role": "assistant", "content": content}]
    usage = (answer.usage.input_tokens, answer.usage.output_tokens)
    return Heard("".join(texts) or None, calls, echo, usage)


def tools_of(client):
    if client == C:
        return [{"type": "function", "function": {"name": "add", "parameters": SCHEMA}}]
    if client == R:
        return [{"type": "function", "name": "add", "parameters": SCHEMA, "strict": False}]
    return [{"name": "add", "input_schema": SCHEMA}]


def results_of(client, results):
    """What a program sends after its tools have run: pairs of call ids and texts."""
    if client == C:
        return [{"role": "tool", "tool_call_id": it, "content": out} for it, out in results]
    if client == R:
        return [
            {"type": "function_call_output", "call_id": it, "output": out} for it, out in results
        ]
    told = [{"type": "tool_result", "tool_use_id": it, "content": out} for it, out in results]
    return [{"role": "user", "content": told}]


def shown_picture(client):
    url = f"data:image/png;base64,{PNG}"
    if client == C:
        parts = [
            {"type": "text", "text": "see"},
            {"type": "image_url", "image_url": {"url": url}},
        ]
    elif client == R:
        parts = [
            {"type": "input_text", "text": "see"},
            {"type": "input_image", "image_url": url, "detail": "auto"},
        ]
    else:
        source = {"type": "base64", "media_type": "image/png", "data": PNG}
        parts = [{"type": "text", "text": "see"}, {"type": "image", "source": source}]
    return [{"role": "user", "content": parts}]


def with_system(client, history):
    """The history and parameters of a program that sets a system prompt."""
    if client == C:
        return [{"role": "system", "content": "Be brief."}, *history], {}
    return history, {{R: "instructions", A: "system"}[client]: "Be brief."}


HI = [{"role": "user", "content": "Hi"}]


# --- what upstreams answer ----------------------------------------------------------------------------


@pytest.fixture
def reply(vendors, frames):
    """`reply(upstream, stream, **answer)`: what the upstream's server sends."""

    def make(upstream, stream, **answer):
        if not stream:
            return json_reply(200, vendors.whole(upstream, **answer))
        return sse_reply([frames(vendors.stream(upstream, **answer))], chunk_sizes=[50, 7])

    return make


def sent(server, at=-1):
    return json.loads(server.requests[at].body)


# --- calls that go well -------------------------------------------------------------------------------


@EVERY_PAIR
@BOTH_WAYS
async def test_a_plain_call(reply, client, upstream, stream):
    script = reply(upstream, stream, text="héllo wörld")
    async with gateway_to(upstream, script) as (gateway, server), sdk_of(client, gateway) as sdk:
        heard = await ask(client, sdk, HI, stream=stream, model=MODELS[upstream])
    assert (heard.text, heard.calls, heard.usage) == ("héllo wörld", [], (9, 5))
    (request,) = server.requests
    assert request.target == PATHS[upstream]
    assert request.header("content-type") == "application/json"
    assert "sk-client" not in str(request.headers)
    body = sent(server)
    assert body["model"] == MODELS[upstream]
    assert bool(body.get("stream")) is stream


@EVERY_PAIR
@BOTH_WAYS
async def test_a_tool_loop_with_parallel_calls(reply, client, upstream, stream):
    calls = [("call_1", "add", '{"a":1}'), ("call_2", "add", '{"a":2}')]
    script = [
        reply(upstream, stream, text="let me see", calls=calls, finish="tool_calls"),
        reply(upstream, stream, text="three"),
    ]
    history, tools = [*HI], tools_of(client)
    model = MODELS[upstream]
    async with gateway_to(upstream, script) as (gateway, server), sdk_of(client, gateway) as sdk:
        first = await ask(client, sdk, history, stream=stream, model=model, tools=tools)
        history += first.echo
        history += results_of(client, [(it[0], f"out {it[2]['a']}") for it in first.calls])
        second = await ask(client, sdk, history, stream=stream, model=model, tools=tools)
    assert first.text == "let me see"
    assert first.calls == [("call_1", "add", {"a": 1}), ("call_2", "add", {"a": 2})]
    assert second.text == "three"
    before, after = sent(server, 0), sent(server, 1)
    assert len(before["tools"]) == 1
    key = "input" if upstream == R else "messages"
    assert after[key][: len(before[key])] == before[key]
    said = json.dumps(after[key][len(before[key]) :])
    places = [said.index(it) for it in ("let me see", "call_1", "call_2", "out 1", "out 2")]
    assert places == sorted(places)


@EVERY_PAIR
async def test_a_system_prompt_arrives_as_one(reply, client, upstream):
    history, fields = with_system(client, HI)
    script = reply(upstream, False, text="ok")
    async with gateway_to(upstream, script) as (gateway, server), sdk_of(client, gateway) as sdk:
        await ask(client, sdk, history, model=MODELS[upstream], **fields)
    body = sent(server)
    if upstream == A:
        assert "Be brief." in json.dumps(body["system"])
        assert "Be brief." not in json.dumps(body["messages"])
        return
    if upstream == R and "instructions" in body:
        assert body["instructions"] == "Be brief."
        return
    first = body["input" if upstream == R else "messages"][0]
    assert first["role"] in ("developer", "system")
    assert "Be brief." in json.dumps(first["content"])


@EVERY_PAIR
async def test_an_image_arrives_to_the_byte(reply, client, upstream):
    script = reply(upstream, False, text="a dot")
    async with gateway_to(upstream, script) as (gateway, server), sdk_of(client, gateway) as sdk:
        heard = await ask(client, sdk, shown_picture(client), model=MODELS[upstream])
    assert heard.text == "a dot"
    assert PNG in json.dumps(sent(server))
    assert json.dumps(sent(server)).count(PNG) == 1


async def test_what_was_dropped_is_told_in_a_header(reply):
    script = reply(A, False, text="ok")
    async with gateway_to(A, script) as (gateway, _), sdk_of(C, gateway) as sdk:
        answer = await sdk.chat.completions.with_raw_response.create(
            model=MODELS[A], messages=HI, seed=7, temperature=1.5
        )
    said = answer.headers["x-lunaroute-warnings"]
    assert said == "dropped seed, emulated temperature"


async def test_strict_translation_refuses_what_it_would_drop():
    async with gateway_to(A, [], strict=True) as (gateway, server), sdk_of(C, gateway) as sdk:
        with pytest.raises(openai.BadRequestError) as refused:
            await sdk.chat.completions.create(model=MODELS[A], messages=HI, seed=7)
    assert refused.value.param == "seed"
    assert server.requests == []


# --- errors -------------------------------------------------------------------------------------------


def anthropics(status, kind, message="no", **details):
    error = {"type": kind, "message": message}
    if details:
        error["details"] = details
    return status, {"type": "error", "error": error, "request_id": "req_up"}


def openais(status, kind, code=None):
    error = {"message": "no", "type": kind, "param": None, "code": code}
    return status, {"error": error}


# For each kind: what Anthropic answers, what OpenAI answers, and what the SDKs of each raise.
KINDS = {
    "invalid": (
        anthropics(400, "invalid_request_error"),
        openais(400, "invalid_request_error"),
        (anthropic.BadRequestError, 400),
        (openai.BadRequestError, 400),
    ),
    "context": (
        anthropics(400, "invalid_request_error", "prompt is too long: 9 tokens > 8 maximum"),
        openais(400, "invalid_request_error", "context_length_exceeded"),
        (anthropic.BadRequestError, 400),
        (openai.BadRequestError, 400),
    ),
    "key": (
        anthropics(401, "authentication_error"),
        openais(401, "invalid_request_error", "invalid_api_key"),
        (anthropic.AuthenticationError, 401),
        (openai.AuthenticationError, 401),
    ),
    "permission": (
        anthropics(403, "permission_error"),
        openais(403, "permission_error"),
        (anthropic.PermissionDeniedError, 403),
        (openai.PermissionDeniedError, 403),
    ),
    "money": (
        anthropics(402, "billing_error"),
        openais(429, "insufficient_quota", "insufficient_quota"),
        (anthropic.APIStatusError, 402),
        (openai.RateLimitError, 429),
    ),
    "model": (
        anthropics(404, "not_found_error"),
        openais(404, "invalid_request_error", "model_not_found"),
        (anthropic.NotFoundError, 404),
        (openai.NotFoundError, 404),
    ),
    "size": (
        anthropics(413, "request_too_large"),
        openais(413, "invalid_request_error"),
        (anthropic.RequestTooLargeError, 413),
        (openai.APIStatusError, 413),
    ),
    "rate": (
        anthropics(429, "rate_limit_error"),
        openais(429, "rate_limit_error", "rate_limit_exceeded"),
        (anthropic.RateLimitError, 429),
        (openai.RateLimitError, 429),
    ),
    "overload": (
        anthropics(529, "overloaded_error"),
        openais(503, "server_error", "server_is_overloaded"),
        (anthropic.OverloadedError, 529),
        (openai.InternalServerError, 503),
    ),
    "timeout": (
        anthropics(504, "timeout_error"),
        openais(504, "server_error"),
        (anthropic.DeadlineExceededError, 504),
        (openai.InternalServerError, 504),
    ),
    "server": (
        anthropics(500, "api_error"),
        openais(500, "server_error"),
        (anthropic.InternalServerError, 500),
        (openai.InternalServerError, 500),
    ),
}
NEVER_AGAIN = {"invalid", "context", "key", "permission", "money", "model", "size"}


@EVERY_PAIR
@BOTH_WAYS
@pytest.mark.parametrize("kind", KINDS)
async def test_an_error_is_the_clients_own(client, upstream, stream, kind):
    by_anthropic, by_openai, *expected = KINDS[kind]
    status, body = by_anthropic if upstream == A else by_openai
    ids = {A: b"request-id", C: b"x-request-id", R: b"x-request-id"}
    headers = ((b"retry-after", b"3"), (ids[upstream], b"req_up"))
    script = json_reply(status, body, headers=headers)
    error_class, expected_status = expected[0 if client == A else 1]
    async with gateway_to(upstream, script) as (gateway, _), sdk_of(client, gateway) as sdk:
        with pytest.raises(error_class) as raised:
            await ask(client, sdk, HI, stream=stream, model=MODELS[upstream])
    error = raised.value
    assert error.status_code == expected_status
    assert type(error) is error_class or kind in ("money", "size")
    assert body["error"]["message"] in str(error)
    answered = error.response.headers
    assert answered["retry-after"] == "3"
    assert answered["x-lunaroute-upstream-request-id"] == "req_up"
    if kind in NEVER_AGAIN:
        assert answered.get("x-should-retry", "false") == "false"
    if kind == "money":
        assert answered["x-should-retry"] == "false"
    if kind == "context" and client != A:
        assert error.code == "context_length_exceeded"


@EVERY_PAIR
async def test_what_cannot_be_translated_is_a_bad_request(client, upstream):
    """It names the field as this client knows it, and no upstream is asked."""
    history = results_of(client, [("call_9", "nobody asked")])
    async with gateway_to(upstream, []) as (gateway, server), sdk_of(client, gateway) as sdk:
        with pytest.raises((openai.BadRequestError, anthropic.BadRequestError)) as refused:
            await ask(client, sdk, [*HI, *history], model=MODELS[upstream])
    assert server.requests == []
    assert {C: "messages", R: "input", A: "messages"}[client] in str(refused.value)


# --- streams that go wrong ----------------------------------------------------------------------------


def said_inside(upstream):
    """How a vendor says in a stream that it is overloaded."""
    if upstream == A:
        return {"type": "error", "error": {"type": "overloaded_error", "message": "broke"}}
    if upstream == C:
        code = "server_is_overloaded"
        error = {"message": "broke", "type": "server_error", "param": None, "code": code}
        return {"error": error}
    return {
        "type": "error",
        "sequence_number": 9,
        "code": "server_is_overloaded",
        "message": "broke",
        "param": None,
    }


def begun(vendors, upstream):
    """A stream up to its first text."""
    events = vendors.stream(upstream, text="hello")
    texts = ("content_block_delta", "response.output_text.delta")
    for at, event in enumerate(events):
        said = event.get("choices") and event["choices"][0]["delta"].get("content")
        if said or event.get("type") in texts:
            return events[: at + 1]
    raise AssertionError(events)


async def failing_stream(client, sdk, *, model):
    """The texts that a program got before its stream failed, and how that showed."""
    texts = []
    try:
        if client == C:
            events = await sdk.chat.completions.create(model=model, messages=HI, stream=True)
            async for event in events:
                (choice,) = event.choices
                texts.append(choice.delta.content or "")
        elif client == A:
            events = await sdk.messages.create(model=model, max_tokens=9, messages=HI, stream=True)
            async for event in events:
                if event.type == "content_block_delta":
                    texts.append(event.delta.text)
                assert event.type != "message_stop"
        else:
            events = await sdk.responses.create(model=model, input=HI, stream=True)
            async for event in events:
                assert event.type != "response.completed"
                if event.type == "response.output_text.delta":
                    texts.append(event.delta)
                if event.type == "response.failed":
                    return "".join(texts), event.response.error
    except (openai.APIError, anthropic.APIError) as error:
        return "".join(texts), error
    return "".join(texts), None


@EVERY_PAIR
async def test_an_error_in_a_stream_is_the_clients_own(vendors, frames, client, upstream):
    wire = [frames(begun(vendors, upstream)), frames([said_inside(upstream)])]
    script = sse_reply(wire)
    async with gateway_to(upstream, script) as (gateway, _), sdk_of(client, gateway) as sdk:
        text, error = await failing_stream(client, sdk, model=MODELS[upstream])
    assert "broke" in error.message
    assert "hello".startswith(text)
    if client == A:
        assert error.type == "overloaded_error"


@EVERY_PAIR
@pytest.mark.parametrize("end", ["clean", "cut", "reset"])
async def test_a_stream_that_ends_early_never_looks_whole(vendors, frames, client, upstream, end):
    script = sse_reply([frames(begun(vendors, upstream))], end=end)
    async with gateway_to(upstream, script) as (gateway, _), sdk_of(client, gateway) as sdk:
        text, error = await failing_stream(client, sdk, model=MODELS[upstream])
    assert text == "hel"
    assert error is not None
    assert error.message


@EVERY_PAIR
async def test_an_error_before_the_first_event_has_a_status(frames, client, upstream):
    """Nothing has been said yet, so the client gets an answer and no stream."""
    script = sse_reply([frames([said_inside(upstream)])])
    expected = (anthropic.OverloadedError,) if client == A else (openai.InternalServerError,)
    async with gateway_to(upstream, script) as (gateway, _), sdk_of(client, gateway) as sdk:
        with pytest.raises(expected):
            await ask(client, sdk, HI, stream=True, model=MODELS[upstream])


@EVERY_PAIR
async def test_an_answer_that_is_none_is_a_server_error(client, upstream):
    script = json_reply(200, {"hello": "world"})
    expected = (anthropic.InternalServerError, openai.InternalServerError)
    async with gateway_to(upstream, script) as (gateway, _), sdk_of(client, gateway) as sdk:
        with pytest.raises(expected) as raised:
            await ask(client, sdk, HI, model=MODELS[upstream])
    assert raised.value.status_code == 502


@EVERY_PAIR
async def test_a_stream_of_something_else_never_looks_whole(client, upstream):
    script = sse_reply([b"data: {}\n\n", b"data: hello\n\n"])
    async with gateway_to(upstream, script) as (gateway, _), sdk_of(client, gateway) as sdk:
        text, error = await failing_stream(client, sdk, model=MODELS[upstream])
    assert text == ""
    assert error.message
