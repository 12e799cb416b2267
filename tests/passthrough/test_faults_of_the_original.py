"""What the original LunaRoute got wrong on its passthrough paths, each a test by its name."""

import httpx2
import pytest

from lunaroute_core.testing import ScriptedUpstream, json_reply

OK = json_reply(200, {"object": "list", "data": [], "input_tokens": 1})
CHAT = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
MESSAGES = CHAT | {"max_tokens": 9}
ANTHROPIC = {"anthropic-version": "2023-06-01", "x-api-key": "sk-ant-client"}
OPENAI = {"authorization": "Bearer sk-client"}


async def post(url, path, **options):
    async with httpx2.AsyncClient() as client:
        return await client.post(url + path, **options)


@pytest.fixture
async def two_vendors(serve):
    """A gateway between two vendors: its URL, OpenAI's upstream, Anthropic's."""
    async with ScriptedUpstream(OK) as first, ScriptedUpstream(OK) as second:
        providers = {
            "openai": {"base_url": f"{first.url}/v1"},
            "anthropic": {"base_url": second.url},
        }
        async with serve({"providers": providers}) as url:
            yield url, first, second


async def test_count_tokens_goes_to_anthropic_in_dual_mode(two_vendors):
    """It went to OpenAI, with Anthropic's credential."""
    url, first, second = two_vendors
    await post(url, "/v1/messages/count_tokens?beta=true", json=MESSAGES, headers=ANTHROPIC)
    assert first.requests == []
    assert second.requests[0].target == "/v1/messages/count_tokens?beta=true"
    assert second.requests[0].header("x-api-key") == "sk-ant-client"


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/v1/chat/completions", OPENAI),
        ("/v1/messages", ANTHROPIC),
        ("/v1/models", OPENAI),
        ("/v1/models", ANTHROPIC),
        ("/v1/files", OPENAI),
        ("/v1/embeddings", OPENAI),
    ],
)
async def test_query_strings_are_not_dropped(two_vendors, path, headers):
    url, first, second = two_vendors
    query = "?beta=true&limit=7&x=%2F&x=2"
    method = "GET" if path in ("/v1/models", "/v1/files") else "POST"
    body = MESSAGES if method == "POST" else None
    async with httpx2.AsyncClient() as client:
        await client.request(method, url + path + query, json=body, headers=headers)
    (request,) = first.requests + second.requests
    assert request.target == path + query


async def test_upstream_413_and_the_gateways_own_stay_413(serve):
    """On the bypass path it became 502."""
    reply = json_reply(413, {"error": {"message": "large"}})
    async with ScriptedUpstream(reply) as upstream:
        config = {
            "providers": {"openai": {"base_url": f"{upstream.url}/v1"}},
            "http_server": {"max_request_body_bytes": 1000},
        }
        async with serve(config) as url:
            for path in ("/v1/chat/completions", "/v1/embeddings"):
                theirs = await post(url, path, json=CHAT, headers=OPENAI)
                ours = await post(url, path, json=CHAT | {"user": "x" * 1500}, headers=OPENAI)
                assert (theirs.status_code, ours.status_code) == (413, 413)
                assert ours.json()["error"]["message"]
        assert len(upstream.requests) == 2


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses", "/v1/embeddings"])
@pytest.mark.parametrize("status", [400, 404, 429, 503])
async def test_upstream_errors_do_not_become_502(serve, path, status):
    body = b'{"error":{"message":"no"}, "kept": 1}'
    async with ScriptedUpstream(json_reply(status, body)) as upstream:
        dialects = ["openai_chat", "openai_responses"]
        providers = {"openai": {"base_url": f"{upstream.url}/v1", "dialects": dialects}}
        async with serve({"providers": providers}) as url:
            answer = await post(url, path, json=CHAT | {"input": "x"}, headers=OPENAI)
    assert (answer.status_code, answer.content) == (status, body)


async def test_host_and_accept_encoding_are_not_forwarded_on_the_models_route(two_vendors):
    url, first, _ = two_vendors
    headers = OPENAI | {"accept-encoding": "snappy, gzip"}
    async with httpx2.AsyncClient() as client:
        await client.get(url + "/v1/models", headers=headers)
    (request,) = first.requests
    assert request.header("host") == first.url.removeprefix("http://")
    assert request.header("accept-encoding") == "gzip"


async def test_a_configured_key_and_a_clients_authorization_leave_one_authorization(serve):
    """It left without any."""
    async with ScriptedUpstream(OK) as upstream:
        providers = {"openai": {"base_url": f"{upstream.url}/v1", "api_key": "sk-own"}}
        async with serve({"providers": providers}) as url:
            await post(url, "/v1/embeddings", json=CHAT, headers=OPENAI)
    (request,) = upstream.requests
    sent = [value for name, value in request.headers if name.lower() == b"authorization"]
    assert sent == [b"Bearer sk-own"]


@pytest.mark.parametrize(
    ("path", "headers", "other"),
    [
        ("/v1/chat/completions", {"authorization": "Bearer sk-ant-client"}, "first"),
        ("/v1/embeddings", {"x-api-key": "sk-ant-client"}, "first"),
        ("/v1/files", {"authorization": "Bearer sk-ant-client"}, "first"),
        ("/v1/unknown", ANTHROPIC, "first"),
        ("/v1/unknown", OPENAI, "second"),
    ],
)
async def test_one_vendors_credential_never_reaches_another(two_vendors, path, headers, other):
    url, first, second = two_vendors
    await post(url, path, json=MESSAGES, headers=headers)
    asked = first.requests if other == "first" else second.requests
    secret = b"sk-ant-client" if other == "first" else b"sk-client"
    assert not [value for request in asked for _, value in request.headers if secret in value]
