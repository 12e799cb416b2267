"""Errors arrive as the SDK's own exceptions, with status, request id, body and headers."""

import asyncio
import json

import anthropic
import openai
import pytest

from lunaroute_core.testing import (
    Close,
    Hang,
    Pause,
    Reply,
    ScriptedUpstream,
    json_reply,
    sse_reply,
)

HI = [{"role": "user", "content": "hi"}]
OPENAI_ERROR = {"error": {"message": "no", "type": "t", "param": "p", "code": "c"}, "kept": 1}
ANTHROPIC_ERROR = {
    "type": "error",
    "error": {"type": "overloaded_error", "message": "no"},
    "request_id": "req_up",
}
ERRORS = {"openai": OPENAI_ERROR, "anthropic": ANTHROPIC_ERROR}
OPENAI_CLASSES = {
    400: openai.BadRequestError,
    401: openai.AuthenticationError,
    402: openai.APIStatusError,
    403: openai.PermissionDeniedError,
    404: openai.NotFoundError,
    409: openai.ConflictError,
    413: openai.APIStatusError,
    422: openai.UnprocessableEntityError,
    429: openai.RateLimitError,
    **dict.fromkeys([500, 502, 503, 529], openai.InternalServerError),
}
STATUSES = sorted(OPENAI_CLASSES)
HEADERS = (
    (b"x-request-id", b"req_up"),
    (b"request-id", b"req_up"),
    (b"retry-after", b"3"),
    (b"x-should-retry", b"false"),
    (b"x-ratelimit-reset-tokens", b"6m0s"),
)


def chat(client, _=None, *, stream=False, model="m"):
    return client.chat.completions.create(model=model, messages=HI, stream=stream)


def respond(client, _=None, *, stream=False, model="m"):
    return client.responses.create(model=model, input="hi", stream=stream)


def message(client, _=None, *, stream=False, model="m"):
    return client.messages.create(model=model, max_tokens=9, messages=HI, stream=stream)


def streamed(call):
    return lambda client, _: call(client, stream=True)


CALLS = {
    "openai": [
        chat,
        streamed(chat),
        respond,
        streamed(respond),
        lambda client, _: client.models.list(),
        lambda client, _: client.models.retrieve("m"),
        lambda client, _: client.embeddings.create(model="e", input="hi", encoding_format="float"),
        lambda client, _: client.files.list(),
    ],
    "anthropic": [
        message,
        streamed(message),
        lambda client, _: client.messages.count_tokens(model="m", messages=HI),
        lambda client, _: client.beta.messages.create(model="m", max_tokens=9, messages=HI),
        lambda client, _: client.models.list(),
        lambda client, _: client.models.retrieve("m"),
        lambda client, _: client.messages.batches.list(),
    ],
}
# The dialects, each with a vendor and a call.
SPOKEN = {
    "openai_chat": ("openai", chat),
    "openai_responses": ("openai", respond),
    "anthropic_messages": ("anthropic", message),
}


CLASSED = {"the client's": STATUSES[:9], "the vendor's": STATUSES[9:]}


@pytest.mark.parametrize("fault", CLASSED)
@pytest.mark.parametrize("vendor", CALLS)
async def test_an_upstreams_error_is_the_same_as_without_the_gateway(compare, vendor, fault):
    """On every path, streamed or not, forwarded unread or not."""
    expected = [status for status in CLASSED[fault] for _ in CALLS[vendor]]
    script = [json_reply(status, ERRORS[vendor], headers=HEADERS) for status in expected]
    seen = await compare(vendor, script, *CALLS[vendor] * len(CLASSED[fault]))
    assert len(seen.requests) == len(expected)
    for error, answer, status in zip(seen.results, seen.answers, expected, strict=True):
        assert (error["status"], error["request_id"]) == (status, "req_up")
        assert answer.header("retry-after") == ["3"]
        assert issubclass(error["class"], openai.APIStatusError | anthropic.APIStatusError)
        if vendor == "openai":
            assert error["class"] is OPENAI_CLASSES[status]


@pytest.mark.parametrize("vendor", CALLS)
async def test_an_upstreams_error_in_no_known_shape_is_the_same(compare, vendor):
    headers = ((b"content-type", b"text/html"), *HEADERS)
    bodies = [b"", b"<html>bad gateway</html>", b'{"detail": "no"}', b"[1", b"null"]
    script = [json_reply(502, body, headers=headers) for body in bodies for _ in CALLS[vendor]]
    seen = await compare(vendor, script, *CALLS[vendor] * len(bodies))
    assert {error["status"] for error in seen.results} == {502}
    assert {bytes(answer.body) for answer in seen.answers} == set(bodies)


def check_own(results, answers, *, status):
    """The gateway's own error, under the gateway's own id, as the SDK tells it."""
    for error, answer in zip(results, answers, strict=True):
        assert issubclass(error["class"], openai.APIStatusError | anthropic.APIStatusError)
        assert error["status"] == answer.status == status
        assert [error["request_id"]] == answer.header("x-request-id")
        assert error["request_id"].startswith("req_")
        assert error["message"]


FAILURES = {
    "no answer": (Reply([Close()]), {}, 502),
    "not JSON": (json_reply(200, b"<html>"), {}, 502),
    "deadline": (Reply([Hang()]), {"http_client": {"first_byte_timeout_secs": 0.1}}, 504),
}
CLASSES = {
    502: {openai.InternalServerError, anthropic.InternalServerError},
    504: {openai.InternalServerError, anthropic.GatewayTimeoutError},
}


@pytest.mark.parametrize("vendor", CALLS)
@pytest.mark.parametrize("failure", FAILURES)
async def test_an_upstream_that_fails(gateway, ask, vendor, failure):
    reply, config, status = FAILURES[failure]
    calls = [call for owner, call in SPOKEN.values() if owner == vendor]
    async with gateway(reply, **config) as (url, _):
        for asynchronous in (False, True):
            results, answers = await ask(url, vendor, *calls, asynchronous=asynchronous)
            check_own(results, answers, status=status)
    assert {error["class"] for error in results} <= CLASSES[status]


@pytest.mark.parametrize("vendor", CALLS)
async def test_an_upstream_that_refuses_the_connection(serve, ask, vendor):
    async with ScriptedUpstream([]) as upstream:
        gone = upstream.url
    providers = {"openai": {"base_url": f"{gone}/v1"}, "anthropic": {"base_url": gone}}
    providers["openai"]["dialects"] = ["openai_chat", "openai_responses"]
    async with serve({"providers": providers}) as url:
        results, answers = await ask(url, vendor, *CALLS[vendor])
    check_own(results, answers, status=502)


@pytest.mark.parametrize("dialect", SPOKEN)
async def test_a_model_nobody_has_is_not_found(gateway, ask, dialect):
    vendor, call = SPOKEN[dialect]
    providers = {"mock": {"type": "mock"}}
    async with gateway([], config={"providers": providers}) as (url, _):
        results, answers = await ask(url, vendor, lambda c, _: call(c, model="mock/none"))
    check_own(results, answers, status=404)
    assert results[0]["class"] in {openai.NotFoundError, anthropic.NotFoundError}
    assert "none" in results[0]["message"]


PATHS = {
    "openai_chat": "/chat/completions",
    "openai_responses": "/responses",
    "anthropic_messages": "/v1/messages",
}


@pytest.mark.parametrize("body", [{"messages": HI, "max_tokens": 9}, {"model": 1}, [], "x"])
@pytest.mark.parametrize("dialect", SPOKEN)
async def test_a_body_without_a_model_is_a_bad_request(serve, ask, dialect, body):
    vendor, _ = SPOKEN[dialect]
    call = lambda client, _: client.post(PATHS[dialect], body=body, cast_to=object)  # noqa: E731
    async with ScriptedUpstream([]) as upstream:
        providers = {"openai": {"base_url": upstream.url, "dialects": ["openai_responses"]}}
        providers["anthropic"] = {"base_url": upstream.url}
        async with serve({"providers": providers}) as url:
            results, answers = await ask(url, vendor, call)
    check_own(results, answers, status=400)
    assert results[0]["class"] in {openai.BadRequestError, anthropic.BadRequestError}
    assert upstream.requests == []


@pytest.mark.parametrize("vendor", CALLS)
async def test_a_body_that_is_no_json_is_a_bad_request(serve, ask, vendor):
    paths = [path for name, path in PATHS.items() if SPOKEN[name][0] == vendor]
    for path in paths:
        call = lambda client, _, path=path: client.post(  # noqa: E731
            path, content=b'{"model": "m"', cast_to=object
        )
        async with ScriptedUpstream([]) as upstream:
            providers = {vendor: {"base_url": upstream.url}}
            async with serve({"providers": providers}) as url:
                results, answers = await ask(url, vendor, call)
        check_own(results, answers, status=400)
        assert "JSON" in results[0]["message"]


@pytest.mark.parametrize("vendor", CALLS)
async def test_without_the_bypass_an_unknown_path_is_not_found(gateway, ask, vendor):
    config = {"bypass": {"enabled": False}}
    async with gateway([], config=config) as (url, upstream):
        results, answers = await ask(url, vendor, CALLS[vendor][-1])
    check_own(results, answers, status=404)
    assert results[0]["class"] in {openai.NotFoundError, anthropic.NotFoundError}
    assert upstream.requests == []


# --- inside a stream ----------------------------------------------------------------------------


def frame(content):
    name = f"event: {content['type']}\n" if "type" in content else ""
    return f"{name}data: {json.dumps(content)}\n\n".encode()


RESPONSE = {"id": "resp_1", "object": "response", "created_at": 1, "model": "m", "output": []}
RESPONSE |= {"status": "in_progress", "parallel_tool_calls": True, "tool_choice": "auto"}
RESPONSE |= {"tools": []}
MESSAGE = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": []}
MESSAGE |= {"stop_reason": None, "usage": {"input_tokens": 1, "output_tokens": 1}}
BEGUN = {
    "openai_chat": frame(
        {
            "id": "c1",
            "object": "chat.completion.chunk",
            "created": 1,
            "model": "m",
            "choices": [{"index": 0, "delta": {"content": "hé"}, "finish_reason": None}],
        }
    ),
    "openai_responses": frame(
        {"type": "response.created", "sequence_number": 0, "response": RESPONSE}
    ),
    "anthropic_messages": frame({"type": "message_start", "message": MESSAGE}),
}
FAILED = RESPONSE | {"status": "failed", "error": {"code": "server_error", "message": "broke"}}
SAID = {
    "openai_chat": [{"error": {"message": "broke", "type": "server_error", "code": None}}],
    "openai_responses": [
        {"type": "response.failed", "sequence_number": 1, "response": FAILED},
        {"type": "error", "sequence_number": 1, "code": "c", "message": "broke", "param": None},
    ],
    "anthropic_messages": [
        {"type": "error", "error": {"type": "overloaded_error", "message": "broke"}}
    ],
}


WORDINGS = [(name, said) for name, each in SAID.items() for said in each]


@pytest.mark.parametrize(("dialect", "said"), WORDINGS)
async def test_an_error_that_the_upstream_says_inside_a_stream_is_its_own(compare, dialect, said):
    """Nothing is added to it and nothing comes after it."""
    vendor, call = SPOKEN[dialect]
    waiting = []
    loop = asyncio.get_running_loop()

    def script(_request):
        waiting.append(asyncio.Event())
        pause = Pause(waiting[-1])
        return sse_reply([BEGUN[dialect], pause, frame(said)], chunk_sizes=[200, 3])

    def go_on():
        for event in waiting:
            loop.call_soon_threadsafe(event.set)

    seen = await compare(vendor, script, streamed(call), on_piece=go_on)
    assert bytes(seen.answers[0].body) == BEGUN[dialect] + frame(said)
    assert "broke" in str(seen.results[0])


@pytest.mark.parametrize(("dialect", "said"), WORDINGS)
async def test_so_is_one_that_comes_in_one_piece_with_the_stream_s_beginning(
    compare, dialect, said
):
    """What the client gets cannot depend on how the network cuts the stream."""
    vendor, call = SPOKEN[dialect]
    seen = await compare(vendor, sse_reply([BEGUN[dialect] + frame(said)]), streamed(call))
    assert bytes(seen.answers[0].body) == BEGUN[dialect] + frame(said)


ENDS = {
    "clean": {"end": "clean"},
    "cut": {"end": "cut"},
    "reset": {"end": "reset"},
    "silent": {"end": "hang"},
}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("dialect", SPOKEN)
async def test_a_broken_stream_is_never_silent(gateway, ask, dialect, end):
    """Neither SDK notices a clean early end by itself: the gateway says it as an error event."""
    vendor, call = SPOKEN[dialect]
    reply = sse_reply([BEGUN[dialect]], headers=HEADERS[:2], **ENDS[end])
    impatient = {"http_client": {"idle_timeout_secs": 0.2}}
    async with gateway(reply, **impatient) as (url, _):
        (result,), (answer,) = await ask(url, vendor, streamed(call))
    assert answer.status == 200
    assert answer.body.startswith(BEGUN[dialect])
    assert b"[DONE]" not in answer.body
    said = {"clean": "ended before", "silent": "idle"}.get(end, "broke off")
    if dialect == "openai_responses":
        *_, last = result
        assert (last["type"], last["sequence_number"]) == ("response.failed", 1)
        assert said in last["response"]["error"]["message"]
        return
    assert said in str(result["message"])
    if vendor == "openai":
        assert result["class"] is openai.APIError
    else:
        assert issubclass(result["class"], anthropic.APIStatusError)
        assert result["request_id"] == "req_up"
