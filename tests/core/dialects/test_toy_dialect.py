"""Runs the code of `docs/how-to/add-a-dialect.md`."""

import inspect
import json
from contextlib import asynccontextmanager
from types import ModuleType

import pytest
from httpx2 import ASGITransport, AsyncClient

from lunaroute_core import ModelResponse, WireResponse
from lunaroute_core.dialects import registry
from lunaroute_core.dialects.dialect import Dialect
from lunaroute_core.dialects.registry import dialect_named
from lunaroute_core.sse import data_payloads
from lunaroute_core.testing import (
    FakeProvider,
    ScriptedUpstream,
    chat_request,
    json_reply,
    sse_reply,
    stream_events,
    text_response,
)
from lunaroute_egress import Connector, HttpClient, OpenAIEndpoint
from lunaroute_server import Gateway, create_app


@asynccontextmanager
async def served(provider):
    """An HTTP client of a gateway that asks `provider`."""
    async with Gateway(provider=provider) as gateway:
        transport = ASGITransport(create_app(gateway))
        async with AsyncClient(transport=transport, base_url="http://localhost") as http:
            yield http


@pytest.fixture
def own_tests(toy_files, toy_dialect):
    module = ModuleType("test_acme_prompt")
    exec(toy_files["tests/core/dialects/acme_prompt/test_acme_prompt.py"], vars(module))
    return {name: test for name, test in vars(module).items() if name.startswith("test_")}


@pytest.mark.parametrize(
    "name",
    [
        "test_a_request_is_understood_and_keeps_what_is_not",
        "test_a_chat_request_becomes_a_prompt_and_what_is_lost_is_told",
        "test_tools_are_refused",
        "test_an_answer_is_written_as_acme_writes_it",
        "test_a_stream_is_written_as_acme_writes_it_and_read_back",
    ],
)
async def test_the_how_to_s_own_tests_pass(own_tests, name):
    result = own_tests.pop(name)()
    if inspect.isawaitable(result):
        await result


def test_every_test_of_the_how_to_is_run(own_tests):
    assert len(own_tests) == 5


def test_adding_it_takes_one_folder_and_one_registry_line(toy_files, toy_dialect):
    assert {path.rpartition("/")[0] for path in toy_files if path.startswith("lunaroute_core")} == {
        "lunaroute_core/dialects/acme_prompt"
    }
    added = [line for line in toy_files["diff"].splitlines() if line.startswith("+")]
    assert added == ['+        "acme_prompt",']
    assert isinstance(toy_dialect, Dialect)


async def test_its_clients_are_served_once_it_is_registered(toy_dialect):
    provider = FakeProvider(text_response("Hi!", model="acme-1"))
    asked = {"model": "acme-1", "prompt": "Say hi."}
    async with served(provider) as http:
        whole = await http.post("/acme/prompt", json=asked)
        stream = await http.post("/acme/prompt", json={**asked, "stream": True})
        refused = await http.post("/acme/prompt", json={"model": 3})
    assert (whole.status_code, whole.json()["said"]) == (200, "Hi!")
    assert stream.headers["content-type"].startswith("text/event-stream")
    assert stream.text.endswith('data: {"end":"done","tokens":{"in":3,"out":5}}\n\n')
    assert (refused.status_code, refused.json()["problem"]["kind"]) == (400, "invalid_request")
    assert refused.headers["x-acme-request"]
    assert [request.wire.dialect for request in provider.requests] == ["acme_prompt"] * 2


async def test_its_vendors_other_paths_and_its_models_are_served_too(toy_dialect):
    list_of_models = ModelResponse(
        provider="fake",
        model="",
        wire=WireResponse(dialect="acme_prompt", status=200, headers=(), body=b'{"names":["a"]}'),
    )
    provider = FakeProvider(list_of_models)
    async with served(provider) as http:
        models = await http.get("/v1/models", headers={"authorization": "Bearer acme-key"})
    assert models.json() == {"names": ["a"]}
    assert provider.requests[0].context.client_dialect == "acme_prompt"


@asynccontextmanager
async def translating(dialect, answer):
    """A gateway whose upstream speaks a dialect, and that upstream."""
    async with ScriptedUpstream(answer) as upstream:
        http = HttpClient()
        endpoint = OpenAIEndpoint(base_url=f"{upstream.url}/v1")
        connector = Connector(name="up", endpoint=endpoint, dialects=(dialect,), http=http)
        async with Gateway(provider=connector, clients=[http]) as gateway:
            yield gateway, upstream


def answer_in(dialect, *, stream):
    """What an upstream answers that speaks a dialect: "Hello!" and its end."""
    request = chat_request(dialect=dialect, stream=stream).normalized
    codec, answer = dialect_named(dialect), text_response("Hello! More.")
    if not stream:
        return json_reply(200, codec.responses.encode(answer, request=request))
    encoder = codec.streams.encoder(request=request)
    return sse_reply([frames for it in stream_events(answer) if (frames := encoder.encode(it))])


def said_in(answer):
    """The text of an Acme answer, whole or streamed."""
    if answer.headers["content-type"].startswith("application/json"):
        return answer.json()["said"]
    events = [json.loads(payload) for payload in data_payloads(answer.content)]
    return "".join(event.get("say", "") for event in events)


@pytest.mark.parametrize("stream", [False, True])
async def test_its_clients_may_ask_upstreams_of_another_dialect(toy_dialect, stream):
    script = answer_in("openai_chat", stream=stream)
    async with (
        translating("openai_chat", script) as (gateway, upstream),
        gateway.http_client() as http,
    ):
        asked = {"model": "gpt-4.1", "prompt": "Say hi.", "most": 9, "mood": "glad"}
        answer = await http.post("/acme/prompt", json={**asked, "stream": stream})
    sent = json.loads(upstream.requests[0].body)
    assert (sent["messages"], sent["max_tokens"]) == (
        [{"role": "user", "content": "Say hi."}],
        9,
    )
    assert answer.headers["x-lunaroute-warnings"] == "dropped mood"
    assert said_in(answer) == "Hello! More."


@pytest.mark.parametrize("stream", [False, True])
async def test_clients_of_another_dialect_may_ask_its_upstreams(toy_dialect, stream):
    script = answer_in("acme_prompt", stream=stream)
    async with (
        translating("acme_prompt", script) as (gateway, upstream),
        gateway.http_client() as http,
    ):
        message = {"role": "user", "content": "Say hi."}
        asked = {"model": "a", "messages": [message], "max_tokens": 9, "stop_sequences": ["!"]}
        answer = await http.post("/v1/messages", json={**asked, "stream": stream})
    assert json.loads(upstream.requests[0].body) == {
        "model": "a",
        "prompt": "Say hi.",
        "most": 9,
        **({"stream": True} if stream else {}),
    }
    assert "x-lunaroute-warnings" not in answer.headers
    if stream:
        assert '"stop_reason":"stop_sequence"' in answer.text
        assert "More" not in answer.text
    else:
        assert answer.json()["content"] == [{"type": "text", "text": "Hello"}]
        assert answer.json()["stop_sequence"] == "!"


def test_the_registry_has_the_place_the_how_to_shows(toy_files):
    before = [line[1:] for line in toy_files["diff"].splitlines() if not line.startswith("+")]
    assert "\n".join(before) in inspect.getsource(registry)
