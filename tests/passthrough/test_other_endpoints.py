"""Everything that is not a model's answer: lists of models, files, what the gateway forwards."""

import httpx2
import pytest

from lunaroute_core.testing import ScriptedUpstream, json_reply, raw_reply

HEADERS = ((b"x-request-id", b"req_up"), (b"request-id", b"req_up"), (b"set-cookie", b"a=1"))
BYTES = bytes(range(256)) * 300
BOUNDARY = {"Content-Type": "multipart/form-data; boundary=between"}
MODEL = {"id": "m/1", "object": "model", "created": 1, "owned_by": "x", "of_tomorrow": 1}
CLAUDE = {
    "type": "model",
    "id": "claude",
    "display_name": "Clàude",
    "created_at": "2026-01-01T00:00:00Z",
}


def page(*items, **fields):
    return {"data": list(items), "has_more": False, "first_id": None, "last_id": None} | fields


def binary_reply(body=BYTES, kind=b"application/octet-stream"):
    head = b"HTTP/1.1 200 OK\r\ncontent-type: %b\r\ncontent-length: %d\r\n" % (kind, len(body))
    return raw_reply(head + b"content-disposition: attachment\r\n\r\n" + body)


# --- models -------------------------------------------------------------------------------------


async def test_openai_s_models(compare):
    seen = await compare(
        "openai",
        [
            json_reply(200, {"object": "list", "data": [MODEL], "new": 1}, headers=HEADERS),
            json_reply(200, MODEL, headers=HEADERS),
        ],
        lambda client, _: client.models.list(extra_query={"limit": "7", "a": ["1", "2"]}),
        lambda client, _: client.models.retrieve("m/1"),
    )
    targets = [one.target for one in seen.requests]
    assert targets[0].startswith("/v1/models?limit=7&")
    assert targets[1].startswith("/v1/models/m")
    assert seen.results[0]["data"][0]["of_tomorrow"] == 1


async def test_anthropic_s_models(compare):
    listed = page(CLAUDE, has_more=True, first_id="claude", last_id="claude")
    seen = await compare(
        "anthropic",
        [
            json_reply(200, listed, headers=HEADERS),
            json_reply(200, CLAUDE, headers=HEADERS),
            json_reply(200, listed),
        ],
        lambda client, _: client.models.list(limit=1, after_id="a/b"),
        lambda client, _: client.models.retrieve("claude"),
        lambda client, _: client.beta.models.list(betas=["one-2026-01-01"]),
    )
    assert [one.target.partition("?")[0] for one in seen.requests] == [
        "/v1/models",
        "/v1/models/claude",
        "/v1/models",
    ]
    assert "after_id=a%2Fb" in seen.requests[0].target


async def test_a_client_pages_through_the_models(gateway, ask):
    """The SDK asks for the next page by what the first one says."""
    pages = [
        json_reply(200, page(CLAUDE, has_more=True, last_id="claude")),
        json_reply(200, page(CLAUDE | {"id": "claude-2"})),
    ]

    def every(client, _):
        return ",".join(model.id for model in client.models.list(limit=1))

    async with gateway(pages) as (url, upstream):
        results, _ = await ask(url, "anthropic", every)
    assert results == ["claude,claude-2"]
    assert [one.target for one in upstream.requests] == [
        "/v1/models?limit=1",
        "/v1/models?limit=1&after_id=claude",
    ]


# --- what is forwarded unread -------------------------------------------------------------------


async def test_embeddings(compare):
    def call(client, _):
        return client.embeddings.create(model="e", input=["hé", "x"], dimensions=2)

    vector = {"object": "embedding", "index": 0, "embedding": "AACAPwAAAEA="}
    answer = {"object": "list", "model": "e", "data": [vector]}
    answer["usage"] = {"prompt_tokens": 1, "total_tokens": 1}
    seen = await compare("openai", json_reply(200, answer, headers=HEADERS), call)
    assert seen.results[0]["data"][0]["embedding"] == [1.0, 2.0]


FILE = {"id": "f", "object": "file", "bytes": 1, "created_at": 1, "filename": "a"}
FILE |= {"purpose": "batch", "status": "processed"}


async def test_openai_s_files_go_up_and_come_down(compare):
    seen = await compare(
        "openai",
        [
            json_reply(200, FILE, headers=HEADERS),
            binary_reply(),
            json_reply(200, {"id": "f", "object": "file", "deleted": True}),
        ],
        lambda client, _: client.files.create(
            file=("é.bin", BYTES), purpose="batch", extra_headers=BOUNDARY
        ),
        lambda client, _: client.files.content("f"),
        lambda client, _: client.files.delete("f"),
    )
    assert BYTES in seen.requests[0].body
    assert seen.requests[0].header("content-type") == BOUNDARY["Content-Type"]
    assert seen.results[1] == BYTES
    assert seen.requests[2].method == "DELETE"


async def test_anthropic_s_files_go_up_and_come_down(compare):
    file = {"id": "f", "type": "file", "filename": "a", "mime_type": "x/y", "size_bytes": 1}
    file |= {"created_at": "2026-01-01T00:00:00Z"}
    seen = await compare(
        "anthropic",
        [json_reply(200, file, headers=HEADERS), binary_reply()],
        lambda client, _: client.beta.files.upload(file=("a.bin", BYTES), extra_headers=BOUNDARY),
        lambda client, _: client.beta.files.download("f"),
    )
    assert BYTES in seen.requests[0].body
    assert seen.requests[1].target.startswith("/v1/files/f/content")
    assert seen.results[1] == BYTES


async def test_speech(compare):
    def call(client, _):
        return client.audio.speech.create(model="tts", voice="alloy", input="hé")

    seen = await compare("openai", binary_reply(kind=b"audio/mpeg"), call)
    assert seen.results == [BYTES]


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "POST"])
async def test_any_method_of_an_unknown_path(compare, method):
    def call(client, _):
        body = {} if method == "GET" else {"body": {"a": 1.0}}
        ask = getattr(client, method.lower())
        return ask("/new/of%20tomorrow;v=1", cast_to=httpx2.Response, **body)

    seen = await compare("openai", json_reply(200, {"x": 1}), call)
    assert {one.method for one in seen.requests} == {method}
    assert seen.requests[0].target == "/v1/new/of%20tomorrow;v=1"


# --- what an SDK's arguments cannot say ---------------------------------------------------------

OPENAI = [("authorization", "Bearer sk-client")]
ANTHROPIC = [("x-api-key", "sk-ant-client"), ("anthropic-version", "2023-06-01")]
REPEATED = [
    ("x-many", "1"),
    ("x-many", "2, 3"),
    ("X-Many", ""),
    ("anthropic-beta", "one"),
    ("anthropic-beta", "two"),
    ("cookie", "a=1"),
    ("accept", "a/b"),
    ("x-latin", "caf\u00e9"),
    ("forwarded", "for=1"),
    ("x-forwarded-for", "10.0.0.1"),
    ("user-agent", "mine/1 (é)"),
]
ROUTES = [
    ("POST", "/v1/chat/completions", OPENAI),
    ("POST", "/v1/responses", OPENAI),
    ("POST", "/v1/messages", ANTHROPIC),
    ("POST", "/v1/messages/count_tokens", ANTHROPIC),
    ("GET", "/v1/models", OPENAI),
    ("GET", "/v1/models/a%2Fb", OPENAI),
    ("GET", "/v1/models", ANTHROPIC),
    ("POST", "/v1/embeddings", OPENAI),
    ("GET", "/v1/files", OPENAI),
    ("POST", "/v1/messages/batches", ANTHROPIC),
]
QUERY = "?a=1&b=%2F+%20&a=2&&empty=&flag&%C3%A9=x&a=1;2"
ASKED = (
    b'{"model": "m", "max_tokens": 9, "input": "x", "messages": [ {"role":"user","content":"x"}]}'
)


def arrived(request):
    headers = [(name.lower(), value) for name, value in request.headers]
    remade = {b"host", b"accept-encoding", b"connection"}
    return (
        request.method,
        request.target,
        request.body,
        sorted(pair for pair in headers if pair[0] not in remade),
        [value for name, value in headers if name == b"x-many"],
    )


@pytest.mark.parametrize(("method", "path", "credentials"), ROUTES)
async def test_repeated_headers_and_queries_arrive_as_they_were_sent(
    gateway, method, path, credentials
):
    # No beta header for OpenAI: it would say that this is a client of Anthropic's.
    extra = [pair for pair in REPEATED if credentials is ANTHROPIC or "beta" not in pair[0]]
    headers = [(name, value.encode()) for name, value in [*credentials, *extra]]

    async def ask(url):
        async with httpx2.AsyncClient() as client:
            body = ASKED if method == "POST" else None
            headers.append(("content-type", b"application/json; charset=utf-8"))
            await client.request(method, url + path + QUERY, headers=headers, content=body)
            headers.pop()

    reply = json_reply(200, {"data": [], "object": "list", "input_tokens": 1})
    async with ScriptedUpstream(reply) as upstream:
        await ask(upstream.url)
        (straight,) = upstream.requests
    async with gateway(reply) as (url, upstream):
        await ask(url)
        (through,) = upstream.requests
    assert arrived(through) == arrived(straight)
    assert through.target == path + QUERY


async def test_only_encodings_that_the_client_reads_are_asked_for(gateway):
    reply = json_reply(200, {"data": [], "object": "list"})
    async with gateway(reply) as (url, upstream), httpx2.AsyncClient() as client:
        for sent in ("gzip, snappy", "identity", "br;q=1.0, x-own"):
            headers = [*OPENAI, ("accept-encoding", sent)]
            await client.get(f"{url}/v1/files", headers=headers)
    asked = [one.header("accept-encoding") for one in upstream.requests]
    assert [value.split(";")[0] for value in asked] == ["gzip", "identity", "br"]
