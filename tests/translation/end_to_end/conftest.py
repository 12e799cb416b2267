"""The official SDKs at one end, an upstream of another dialect at the other, and between them
the whole gateway.

A test that takes `client` and `upstream` is run for each of the six directions, one that takes
`stream` for whole answers and for streams.
"""

import asyncio
import itertools
import json
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import anthropic
import httpx2
import openai
import pytest
from attrs import evolve, frozen

from lunaroute_core.testing import RecordedRequest, Reply, ScriptedUpstream, json_reply, sse_reply
from lunaroute_server.app import create_app
from lunaroute_server.config import config_from_mapping
from lunaroute_server.gateway import Gateway
from lunaroute_server.serving.http_server import server_named
from lunaroute_server.serving.lifespan import Lifespan
from lunaroute_server.serving.listening_socket import ListeningSocket, SocketOptions

C, R, A = "openai_chat", "openai_responses", "anthropic_messages"
MODELS = {C: "gpt-4.1", R: "gpt-4.1", A: "claude-sonnet-4-5"}
SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}


def pytest_generate_tests(metafunc):
    wanted = set(metafunc.fixturenames)
    given = {
        name
        for mark in metafunc.definition.iter_markers("parametrize")
        for name in (mark.args[0].split(",") if isinstance(mark.args[0], str) else mark.args[0])
    }
    if {"client", "upstream"} <= wanted and not {"client", "upstream"} & given:
        metafunc.parametrize(("client", "upstream"), list(itertools.permutations([C, R, A], 2)))
    if "stream" in wanted and "stream" not in given:
        metafunc.parametrize("stream", [False, True], ids=["whole", "streamed"])


@frozen
class Heard:
    """What a program reads of an answer, and the messages it would send back.

    Attributes:
        answer: as the SDK gave it.
    """

    text: str | None
    calls: list[tuple[str, str, Any]]
    echo: list[dict[str, Any]]
    usage: tuple[int, int]
    answer: Any


@frozen
class Talk:
    """A program of one vendor's SDK, a gateway, and another vendor's server behind it."""

    client: str
    upstream: str
    sdk: Any
    server: ScriptedUpstream
    url: str

    def asking_again(self, times: int) -> "Talk":
        """The same with an SDK that retries."""
        return evolve(self, sdk=self.sdk.with_options(max_retries=times))

    async def ask(self, history: list[Any], *, stream: bool = False, **fields: Any) -> Heard:
        """One call of the program: its history in the SDK's own terms, and other parameters."""
        fields = {"model": MODELS[self.upstream], **fields}
        return await ASKING[self.client](self.sdk, history, stream=stream, **fields)

    def sent(self, at: int = -1) -> dict[str, Any]:
        """A body that the server was sent."""
        return json.loads(self.server.requests[at].body)

    def turns(self, at: int = -1) -> list[dict[str, Any]]:
        """The conversation in it."""
        body = self.sent(at)
        items = body["input" if self.upstream == R else "messages"]
        return [{"role": "user", "content": items}] if isinstance(items, str) else items


@pytest.fixture
def talk(refusals) -> Callable[..., Any]:
    """`async with talk(client, upstream, script) as on`; `options` are the provider's, and
    `gateway` what else is configured.

    Afterwards nothing may have arrived that the vendor would have refused, but for a field that
    compatible servers know of, `allowing`.
    """

    @asynccontextmanager
    async def run(
        client: str,
        upstream: str,
        script: Any,
        *,
        allowing: str = "none",
        gateway: dict[str, Any] | None = None,
        **options: Any,
    ) -> AsyncIterator[Talk]:
        complaints: list[str] = []
        answers = iter(script) if isinstance(script, list) else itertools.repeat(script)

        def answer(request: RecordedRequest) -> Reply:
            headers = {it: request.header(f"anthropic-{it}") for it in ("version", "beta")}
            complaints.extend(refusals(upstream, json.loads(request.body), **headers))
            return script(request) if callable(script) else next(answers)

        async with ScriptedUpstream(answer) as server:
            own = {**provider(upstream, server.url), **options}
            config = {"providers": {"up": own}, **(gateway or {})}
            async with serving(config) as url, sdk_of(client, url) as sdk:
                yield Talk(client, upstream, sdk, server, url)
        assert [it for it in complaints if f".{allowing}:" not in it] == []

    return run


def provider(upstream: str, url: str) -> dict[str, Any]:
    own = {"api_key": "sk-upstream", "dialects": [upstream]}
    if upstream == A:
        return {"type": "anthropic", "base_url": url, **own}
    return {"type": "openai", "base_url": f"{url}/v1", "server": "openai", **own}


def sdk_of(client: str, url: str) -> Any:
    plain = httpx2.AsyncHTTPTransport(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    http = httpx2.AsyncClient(transport=plain)
    options = {"api_key": "sk-client", "max_retries": 0, "http_client": http}
    if client == A:
        return anthropic.AsyncAnthropic(base_url=url, **options)
    return openai.AsyncOpenAI(base_url=f"{url}/v1", **options)


@asynccontextmanager
async def serving(config: dict[str, Any]) -> AsyncIterator[str]:
    """The URL of a gateway with a configuration, as the command line would serve it."""
    app = create_app(Gateway.from_config(config_from_mapping(config)))
    listener = ListeningSocket.bound(socket.AF_INET, ("127.0.0.1", 0), SocketOptions())
    server = server_named("hypercorn").new_server()
    async with Lifespan(app=app), asyncio.TaskGroup() as tasks:
        running = tasks.create_task(server.serve(app, listener))
        try:
            yield f"http://127.0.0.1:{listener.port}"
        finally:
            server.stop_accepting()
            done, _ = await asyncio.wait({running}, timeout=10)
            if not done:
                server.drop_connections()


# --- what programs of each SDK do -------------------------------------------------------------------


async def ask_chat(sdk: Any, history: list[Any], *, stream: bool, **fields: Any) -> Heard:
    create = sdk.chat.completions
    call = {"messages": history, **fields}
    if stream:
        async with create.stream(**call, stream_options={"include_usage": True}) as events:
            await events.until_done()
            answer = events.current_completion_snapshot
    else:
        answer = await create.create(**call)
    said = answer.choices[0].message
    calls = [chat_call(it) for it in said.tool_calls or []]
    echo = said.to_dict(exclude_none=True, warnings=False)
    for one in echo.get("tool_calls", []):
        one.pop("index", None)
        one.get("function", {}).pop("parsed_arguments", None)
    echo.pop("parsed", None)
    usage = (answer.usage.prompt_tokens, answer.usage.completion_tokens)
    return Heard(said.content, calls, [echo], usage, answer)


def chat_call(call: Any) -> tuple[str, str, Any]:
    if call.type == "custom":  # which the SDK's streams know nothing of
        custom = call.to_dict(warnings=False)["custom"]
        return call.id, custom["name"], custom["input"]
    return call.id, call.function.name, json.loads(call.function.arguments)


async def ask_responses(sdk: Any, history: list[Any], *, stream: bool, **fields: Any) -> Heard:
    call = {"input": history, **fields}
    if stream:
        async with sdk.responses.stream(**call) as events:
            async for event in events:
                if event.type == "response.failed":  # which the SDK raises nothing for
                    request = httpx2.Request("POST", "http://gateway")
                    raise openai.APIError(event.response.error.message, request, body=None)
                if event.type in ("response.completed", "response.incomplete"):
                    answer = event.response
    else:
        answer = await sdk.responses.create(**call)
    calls = [
        (it.call_id, it.name, json.loads(it.arguments) if it.type == "function_call" else it.input)
        for it in answer.output
        if it.type in ("function_call", "custom_tool_call")
    ]
    echo = [it.to_dict(exclude_none=True, warnings=False) for it in answer.output]
    for item in echo:
        item.pop("parsed_arguments", None)
    usage = (answer.usage.input_tokens, answer.usage.output_tokens)
    return Heard(answer.output_text or None, calls, echo, usage, answer)


async def ask_messages(sdk: Any, history: list[Any], *, stream: bool, **fields: Any) -> Heard:
    call = {"max_tokens": 4096, "messages": history, **fields}
    if stream:
        async with sdk.messages.stream(**call) as events:
            answer = await events.get_final_message()
    else:
        answer = await sdk.messages.create(**call)
    texts = [it.text for it in answer.content if it.type == "text"]
    calls = [(it.id, it.name, it.input) for it in answer.content if it.type == "tool_use"]
    content = [it.to_dict(exclude_none=True, warnings=False) for it in answer.content]
    for block in content:
        block.pop("parsed_output", None)
    echo = [{"role": "assistant", "content": content}]
    usage = (answer.usage.input_tokens, answer.usage.output_tokens)
    return Heard("".join(texts) or None, calls, echo, usage, answer)


ASKING = {C: ask_chat, R: ask_responses, A: ask_messages}


# --- how each SDK says it ---------------------------------------------------------------------------


@pytest.fixture
def tools_of() -> Callable[..., list[dict[str, Any]]]:
    """`tools_of(client, *names)`: functions of one number `a`."""

    def make(client: str, *names: str) -> list[dict[str, Any]]:
        return [function(client, name) for name in names or ("add",)]

    return make


def function(client: str, name: str) -> dict[str, Any]:
    if client == C:
        return {"type": "function", "function": {"name": name, "parameters": SCHEMA}}
    if client == R:
        return {"type": "function", "name": name, "parameters": SCHEMA, "strict": False}
    return {"name": name, "input_schema": SCHEMA}


@pytest.fixture
def results_of() -> Callable[..., list[dict[str, Any]]]:
    """`results_of(client, [(id, text), …])`: what a program sends after its tools have run."""

    def make(client: str, results: list[tuple[str, str]]) -> list[dict[str, Any]]:
        if client == C:
            return [{"role": "tool", "tool_call_id": it, "content": out} for it, out in results]
        if client == R:
            kind = "function_call_output"
            return [{"type": kind, "call_id": it, "output": out} for it, out in results]
        told = [{"type": "tool_result", "tool_use_id": it, "content": out} for it, out in results]
        return [{"role": "user", "content": told}]

    return make


# --- what upstreams answer --------------------------------------------------------------------------


@pytest.fixture
def reply(vendors, frames) -> Callable[..., Reply]:
    """`reply(upstream, stream, **answer)`: what the upstream's server sends."""

    def make(upstream: str, stream: bool, /, **answer: Any) -> Reply:  # noqa: FBT001
        if not stream:
            return json_reply(200, vendors.whole(upstream, **answer))
        return sse_reply([frames(vendors.stream(upstream, **answer))], chunk_sizes=[50, 7])

    return make
