"""Errors of every kind arrive as the client SDK's own exceptions."""

import anthropic
import openai
import pytest

from lunaroute_core.testing import json_reply

C, R, A = "openai_chat", "openai_responses", "anthropic_messages"
HI = [{"role": "user", "content": "Hi"}]


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
    "spending": (
        anthropics(429, "rate_limit_error", error_code="org_spend_limit_reached"),
        openais(429, "insufficient_quota", "credit_balance_exhausted"),
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
MONEY = {"money", "spending"}
NEVER_AGAIN = {"invalid", "context", "key", "permission", "model", "size", *MONEY}


@pytest.mark.parametrize("kind", KINDS)
async def test_an_error_is_the_clients_own(talk, client, upstream, stream, kind):
    by_anthropic, by_openai, *expected = KINDS[kind]
    status, body = by_anthropic if upstream == A else by_openai
    ids = {A: b"request-id", C: b"x-request-id", R: b"x-request-id"}
    headers = ((b"retry-after", b"3"), (ids[upstream], b"req_up"))
    script = json_reply(status, body, headers=headers)
    error_class, expected_status = expected[0 if client == A else 1]
    async with talk(client, upstream, script) as on:
        with pytest.raises(error_class) as raised:
            await on.ask(HI, stream=stream)
    error = raised.value
    assert error.status_code == expected_status
    assert type(error) is error_class or kind in {"size", *MONEY}
    assert body["error"]["message"] in str(error)
    answered = error.response.headers
    assert answered["retry-after"] == "3"
    assert answered["x-lunaroute-upstream-request-id"] == "req_up"
    if kind in NEVER_AGAIN:
        assert answered.get("x-should-retry", "false") == "false"
    if kind in MONEY:
        assert answered["x-should-retry"] == "false"
    if kind == "context" and client != A:
        assert error.code == "context_length_exceeded"


async def test_what_cannot_be_translated_is_a_bad_request(talk, results_of, client, upstream):
    """It names the field as this client knows it, and no upstream is asked."""
    history = results_of(client, [("call_9", "nobody asked")])
    async with talk(client, upstream, []) as on:
        with pytest.raises((openai.BadRequestError, anthropic.BadRequestError)) as refused:
            await on.ask([*HI, *history])
    assert on.server.requests == []
    assert {C: "messages", R: "input", A: "messages"}[client] in str(refused.value)


async def test_an_answer_that_is_none_is_a_server_error(talk, client, upstream):
    script = json_reply(200, {"hello": "world"})
    expected = (anthropic.InternalServerError, openai.InternalServerError)
    async with talk(client, upstream, script) as on:
        with pytest.raises(expected) as raised:
            await on.ask(HI)
    assert raised.value.status_code == 502


@pytest.mark.parametrize(("kind", "times"), [("overload", 2), ("money", 1), ("invalid", 1)])
async def test_a_program_asks_again_only_where_that_helps(
    talk, reply, client, upstream, kind, times
):
    """As its SDK decides, by what the gateway tells it."""
    by_anthropic, by_openai, *_ = KINDS[kind]
    refusal = json_reply(*(by_anthropic if upstream == A else by_openai))
    script = [refusal, reply(upstream, False, text="ok")]
    async with talk(client, upstream, script) as on:
        patient = on.asking_again(1)
        if times == 1:
            with pytest.raises((openai.APIStatusError, anthropic.APIStatusError)):
                await patient.ask(HI)
        else:
            assert (await patient.ask(HI)).text == "ok"
    assert len(on.server.requests) == times
