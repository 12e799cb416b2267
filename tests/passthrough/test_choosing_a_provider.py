"""A client that names its provider: the name is taken off, and nothing else is touched."""

import anthropic
import openai
import pytest

from lunaroute_core.testing import ScriptedUpstream, json_reply, sse_reply

HI = [{"role": "user", "content": 'hé \\ "model": "other/m" 𝄞'}]
ODD = {"deep": {"model": "other/m", "float": 1.0}}
CHOICE = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "a"}}
RESPONSE = {"id": "r", "object": "response", "created_at": 1, "model": "m", "output": []}
RESPONSE |= {"status": "completed", "parallel_tool_calls": True, "tool_choice": "auto", "tools": []}
MESSAGE = {"id": "m", "type": "message", "role": "assistant", "model": "m", "content": []}
MESSAGE |= {"stop_reason": "end_turn", "usage": {"input_tokens": 1, "output_tokens": 1}}
ANSWERS = {
    "/v1/chat/completions": {"id": "c", "object": "chat.completion", "choices": [CHOICE]},
    "/v1/responses": RESPONSE,
    "/v1/messages": MESSAGE,
    "/v1/messages/count_tokens": {"input_tokens": 14},
}
NOT_FOUND = {openai.NotFoundError, anthropic.NotFoundError}
BAD_REQUEST = {openai.BadRequestError, anthropic.BadRequestError}


def answer(request):
    """A whole answer of the kind that was asked for, in whatever way."""
    return json_reply(200, ANSWERS.get(request.target.partition("?")[0], {"data": []}))


def chat(client, model, **options):
    return client.chat.completions.create(model=model, messages=HI, extra_body=ODD, **options)


def respond(client, model, **options):
    return client.responses.create(model=model, input=HI, extra_body=ODD, **options)


def message(client, model, **options):
    asked = {"max_tokens": 9, "messages": HI, "extra_body": ODD}
    return client.messages.create(model=model, **asked, **options)


def count(client, model, **options):
    return client.messages.count_tokens(model=model, messages=HI, extra_body=ODD, **options)


CALLS = [("openai", chat), ("openai", respond), ("anthropic", message), ("anthropic", count)]
OWN = {"openai": ("authorization", "Bearer sk-other"), "anthropic": ("x-api-key", "sk-other")}


@pytest.fixture
async def two_of_a_kind(serve):
    """A vendor's provider and `other` of the same kind: the gateway's URL, both upstreams."""

    async with ScriptedUpstream(answer) as first, ScriptedUpstream(answer) as second:
        dialects = {"dialects": ["openai_chat", "openai_responses"]}
        configs = {
            "openai": {
                "openai": {"base_url": f"{first.url}/v1", **dialects},
                "other": {"type": "openai", "base_url": f"{second.url}/v1", **dialects},
            },
            "anthropic": {
                "anthropic": {"base_url": first.url},
                "other": {"type": "anthropic", "base_url": second.url},
            },
        }
        for providers in configs.values():
            providers["other"]["api_key"] = "sk-other"
        async with (
            serve({"providers": configs["openai"]}) as openai_url,
            serve({"providers": configs["anthropic"]}) as anthropic_url,
        ):
            yield {"openai": openai_url, "anthropic": anthropic_url}, first, second


def sent(request):
    """What arrived, but for what a provider and a connection have of their own."""
    own = {b"host", b"accept-encoding", b"connection", b"content-length"}
    own |= {b"authorization", b"x-api-key", b"x-luna-provider"}
    headers = sorted((name.lower(), value) for name, value in request.headers)
    return request.target, request.body, [pair for pair in headers if pair[0] not in own]


async def straight(ask, vendor, call, **options):
    async with ScriptedUpstream(answer) as upstream:
        await ask(upstream.url, vendor, lambda client, _: call(client, "m", **options))
    return upstream.requests[0]


@pytest.mark.parametrize(("vendor", "call"), CALLS)
async def test_a_prefix_is_taken_off_the_model_and_of_no_other_byte(
    two_of_a_kind, ask, vendor, call
):
    """Neither of a nested field of that name nor of a text that looks like it."""
    urls, first, second = two_of_a_kind
    await ask(urls[vendor], vendor, lambda client, _: call(client, "other/m"))
    assert first.requests == []
    (request,) = second.requests
    assert sent(request) == sent(await straight(ask, vendor, call))
    assert request.body.count(b"other/m") == 2


@pytest.mark.parametrize(("vendor", "call"), CALLS)
async def test_the_header_picks_the_provider_and_is_not_passed_on(two_of_a_kind, ask, vendor, call):
    urls, first, second = two_of_a_kind
    named = {"extra_headers": {"X-Luna-Provider": "other"}}
    await ask(urls[vendor], vendor, lambda client, _: call(client, "m", **named))
    assert first.requests == []
    (request,) = second.requests
    assert request.header("x-luna-provider") is None
    assert sent(request) == sent(await straight(ask, vendor, call))


@pytest.mark.parametrize(("vendor", "call"), CALLS)
async def test_the_chosen_provider_gets_its_own_key_and_not_the_clients(
    two_of_a_kind, ask, vendor, call
):
    urls, _, second = two_of_a_kind
    await ask(urls[vendor], vendor, lambda client, _: call(client, "other/m"))
    (request,) = second.requests
    name, key = OWN[vendor]
    assert request.header(name) == key
    assert not any(b"client" in value for _, value in request.headers)


@pytest.mark.parametrize(("vendor", "call"), CALLS)
async def test_the_header_wins_over_the_prefix(two_of_a_kind, ask, vendor, call):
    urls, first, second = two_of_a_kind
    named = {"extra_headers": {"X-Luna-Provider": vendor}}
    await ask(urls[vendor], vendor, lambda client, _: call(client, "other/m", **named))
    assert second.requests == []
    (request,) = first.requests
    assert b'"other/m"' in request.body, "it may well be a name that this provider has"


@pytest.mark.parametrize(("vendor", "call"), CALLS)
async def test_its_own_prefix_is_taken_off_all_the_same(two_of_a_kind, ask, vendor, call):
    urls, first, second = two_of_a_kind
    named = {"extra_headers": {"X-Luna-Provider": vendor}}
    await ask(urls[vendor], vendor, lambda client, _: call(client, f"{vendor}/m", **named))
    assert second.requests == []
    (request,) = first.requests
    assert sent(request) == sent(await straight(ask, vendor, call))


@pytest.mark.parametrize(("vendor", "call"), CALLS)
async def test_a_slash_in_a_models_own_name_stays(two_of_a_kind, ask, vendor, call):
    urls, first, _ = two_of_a_kind
    await ask(urls[vendor], vendor, lambda client, _: call(client, "meta/llama-4/m"))
    (request,) = first.requests
    assert b'"meta/llama-4/m"' in request.body


@pytest.mark.parametrize("vendor", ["openai", "anthropic"])
async def test_the_header_works_for_what_is_forwarded_unread(two_of_a_kind, ask, vendor):
    urls, first, second = two_of_a_kind
    calls = {
        "openai": lambda client, headers: client.files.list(extra_headers=headers),
        "anthropic": lambda client, headers: client.messages.batches.list(extra_headers=headers),
    }
    named = {"X-Luna-Provider": "other"}
    await ask(urls[vendor], vendor, lambda client, _: calls[vendor](client, named))
    assert first.requests == []
    assert second.requests[0].header("x-luna-provider") is None
    assert second.requests[0].header(OWN[vendor][0]) == OWN[vendor][1]


@pytest.mark.parametrize(("vendor", "call"), CALLS)
async def test_a_provider_nobody_knows_is_a_bad_request(two_of_a_kind, ask, vendor, call):
    urls, first, second = two_of_a_kind
    named = {"extra_headers": {"X-Luna-Provider": "none"}}
    results, answers = await ask(urls[vendor], vendor, lambda client, _: call(client, "m", **named))
    assert results[0]["class"] in BAD_REQUEST
    assert [results[0]["request_id"]] == answers[0].header("x-request-id")
    assert "other" in results[0]["message"]
    assert first.requests == second.requests == []


# The last two have paths that both vendors have; a header says whose client asks.
ALL_CALLS = {
    "openai": [
        lambda client, _: chat(client, "m"),
        lambda client, _: respond(client, "m"),
        lambda client, _: client.models.list(extra_headers={"OpenAI-Organization": "org"}),
        lambda client, _: client.files.list(extra_headers={"OpenAI-Organization": "org"}),
    ],
    "anthropic": [
        lambda client, _: message(client, "m"),
        lambda client, _: count(client, "m"),
        lambda client, _: client.models.list(),
        lambda client, _: client.beta.files.list(),
    ],
}


@pytest.mark.parametrize(("served", "other"), [("openai", "anthropic"), ("anthropic", "openai")])
async def test_a_gateway_for_one_vendors_clients_serves_them_whole_and_no_others(
    gateway, ask, served, other
):
    """Nothing of the others' arrives anywhere, their credential least of all."""
    async with gateway(answer, config={"api_dialect": served}) as (url, upstream):
        _, answers = await ask(url, served, *ALL_CALLS[served])
        assert [one.status for one in answers] == [200] * 4
        assert len(upstream.requests) == 4
        results, answers = await ask(url, other, *ALL_CALLS[other])
        assert len(upstream.requests) == 4
    for error, one in zip(results, answers, strict=True):
        assert error["class"] in NOT_FOUND
        assert [error["request_id"]] == one.header("x-request-id")


async def test_the_sdks_own_retry_is_a_request_like_any_other(compare):
    """Its headers, which tell the vendor that it is one, arrive; so does the vendor's wish."""
    wait = ((b"retry-after-ms", b"1"), (b"x-should-retry", b"true"))
    limited = json_reply(429, {"error": {"message": "slowly"}}, headers=wait)
    done = sse_reply([b"data: [DONE]\n\n"])

    def call(client, _):
        return chat(client.with_options(max_retries=1), "m", stream=True)

    seen = await compare("openai", [limited, done], call)
    assert seen.results == [[]]
    counts = [request.header("x-stainless-retry-count") for request in seen.requests]
    assert counts == ["0", "1"]
