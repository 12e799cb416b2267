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
    async with (
        ScriptedUpstream(OK) as first,
        ScriptedUpstream(OK) as second,
        serve({"providers": providers_at(first.url, second.url)}) as url,
    ):
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
        ("/v1/responses", OPENAI),
        ("/v1/messages", ANTHROPIC),
        ("/v1/messages/count_tokens", ANTHROPIC),
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
    body = MESSAGES | {"input": "hi"} if method == "POST" else None
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


# Every kind of route, each with the vendor whose it is.
ROUTES = [
    ("POST", "/v1/chat/completions", "openai"),
    ("POST", "/v1/responses", "openai"),
    ("POST", "/v1/messages", "anthropic"),
    ("POST", "/v1/messages/count_tokens", "anthropic"),
    ("GET", "/v1/models", "openai"),
    ("GET", "/v1/models", "anthropic"),
    ("GET", "/v1/models/m", "openai"),
    ("POST", "/v1/embeddings", "openai"),
    ("GET", "/v1/files", "openai"),
    ("GET", "/v1/files", "anthropic"),
    ("POST", "/v1/messages/batches", "anthropic"),
    ("GET", "/v1/organizations/me", "anthropic"),
]
GREETINGS = {"openai": OPENAI, "anthropic": ANTHROPIC}
VERSION = {"anthropic-version": "2023-06-01"}
# What says whose client it is without any key.
TOLD = {"openai": {"openai-beta": "x"}, "anthropic": VERSION}
BODY = MESSAGES | {"input": "hi"}


async def ask_all(url, *, headers_for):
    """The answers of every route, in order."""
    async with httpx2.AsyncClient(base_url=url) as client:
        return [
            await client.request(
                method, path, headers=headers_for(vendor), json=BODY if method == "POST" else None
            )
            for method, path, vendor in ROUTES
        ]


def providers_at(openai_url, anthropic_url, *, keys=None):
    """One provider for each vendor, with a key of its own where `keys` has one."""
    keys = keys or {}
    return {
        "openai": {
            "base_url": f"{openai_url}/v1",
            "dialects": ["openai_chat", "openai_responses"],
            "api_key": keys.get("openai"),
        },
        "anthropic": {"base_url": anthropic_url, "api_key": keys.get("anthropic")},
    }


@pytest.mark.parametrize("status", [400, 404, 413, 429, 503])
async def test_upstream_errors_do_not_become_502(serve, status):
    """On no route, and what the upstream said is still there."""
    body = b'{"error":{"message":"no"}, "kept": 1}'
    async with (
        ScriptedUpstream(json_reply(status, body)) as upstream,
        serve({"providers": providers_at(upstream.url, upstream.url)}) as url,
    ):
        answers = await ask_all(url, headers_for=GREETINGS.get)
    assert {(answer.status_code, answer.content) for answer in answers} == {(status, body)}
    assert len(upstream.requests) == len(ROUTES)


async def test_host_and_accept_encoding_are_not_forwarded(two_vendors):
    """They were on the models route; here it is every route's business."""
    url, first, second = two_vendors
    encodings = {"accept-encoding": "snappy, gzip"}
    await ask_all(url, headers_for=lambda vendor: GREETINGS[vendor] | encodings)
    assert len(first.requests) + len(second.requests) == len(ROUTES)
    for upstream in (first, second):
        own = (b"host", upstream.url.removeprefix("http://").encode())
        for request in upstream.requests:
            sent = [(name.lower(), value) for name, value in request.headers]
            remade = [pair for pair in sent if pair[0] in {b"host", b"accept-encoding"}]
            assert sorted(remade) == [(b"accept-encoding", b"gzip"), own]


SHAPES = [
    {"authorization": "Bearer sk-client"},
    {"authorization": "Bearer sk-proj-client"},
    {"authorization": "Bearer sk-ant-client"},
    {"x-api-key": "sk-ant-client"},
    {"api-key": "client"},
    {"authorization": "Bearer sk-client", "x-api-key": "sk-ant-client"},
    {},
]


@pytest.mark.parametrize("client", SHAPES)
async def test_a_configured_key_and_a_clients_authorization_leave_one_authorization(serve, client):
    """It left without any."""
    names = {b"authorization", b"x-api-key", b"api-key"}
    keys = {"openai": "sk-own", "anthropic": "sk-ant-own"}
    own = [(b"authorization", b"Bearer sk-own"), (b"x-api-key", b"sk-ant-own")]
    async with ScriptedUpstream(OK) as first, ScriptedUpstream(OK) as second:
        config = {"providers": providers_at(first.url, second.url, keys=keys)}
        async with serve(config) as url:
            await ask_all(url, headers_for=lambda vendor: client | TOLD[vendor])
    assert len(first.requests) + len(second.requests) >= len(ROUTES)
    for upstream, credential in zip((first, second), own, strict=True):
        assert upstream.requests
        for request in upstream.requests:
            sent = [(name.lower(), value) for name, value in request.headers]
            assert [pair for pair in sent if pair[0] in names] == [credential]


# Keys whose shape says whose they are, and a part of them that says it afterwards.
SECRETS = {
    "sk-ant-api03-SECRET": "anthropic",
    "sk-ant-oat01-SECRET": "anthropic",
    "sk-proj-SECRET": "openai",
    "sk-svcacct-SECRET": "openai",
}
CARRIERS = {
    "authorization": lambda key: {"authorization": f"Bearer {key}"},
    "lower case scheme": lambda key: {"authorization": f"bearer {key}"},
    "no scheme": lambda key: {"authorization": key},
    "x-api-key": lambda key: {"x-api-key": key},
    "api-key": lambda key: {"api-key": key},
}


def carrying(request, secret):
    return [name for name, value in request.headers if secret.encode() in value]


@pytest.mark.parametrize("versioned", [False, True])
@pytest.mark.parametrize("carrier", CARRIERS)
@pytest.mark.parametrize("secret", SECRETS)
async def test_a_key_that_says_whose_it_is_reaches_nobody_else(
    two_vendors, secret, carrier, versioned
):
    """On any route, known or forwarded unread, whatever else the client says of itself."""
    url, first, second = two_vendors
    headers = CARRIERS[carrier](secret) | (VERSION if versioned else {})
    await ask_all(url, headers_for=lambda _vendor: headers)
    other = second if SECRETS[secret] == "openai" else first
    assert [one.target for one in other.requests if carrying(one, secret)] == []


async def test_two_keys_at_once_do_not_reach_the_wrong_vendor(two_vendors):
    url, first, second = two_vendors
    both = {"authorization": "Bearer sk-proj-SECRET", "x-api-key": "sk-ant-SECRET"}
    await ask_all(url, headers_for=lambda _vendor: both)
    assert first.requests
    assert second.requests
    assert [one.target for one in first.requests if carrying(one, "sk-ant-")] == []
    assert [one.target for one in second.requests if carrying(one, "sk-proj-")] == []


async def test_a_key_reaches_its_own_vendor_on_every_route(two_vendors):
    url, first, second = two_vendors
    await ask_all(url, headers_for=GREETINGS.get)
    asked = {"openai": first.requests, "anthropic": second.requests}
    for vendor, requests in asked.items():
        assert [one.target for one in requests] == [
            path for _, path, owner in ROUTES if owner == vendor
        ]
        secret = "sk-client" if vendor == "openai" else "sk-ant-client"
        assert all(carrying(one, secret) for one in requests)
