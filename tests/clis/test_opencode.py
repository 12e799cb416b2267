"""OpenCode, as it is installed, in whole conversations through the gateway."""

import json

import pytest
from attrs import frozen

from lunaroute_core.dialects.registry import dialect_named
from lunaroute_core.testing import (
    chat_request,
    json_reply,
    sse_reply,
    stream_events,
    text_response,
    tool_call_response,
)

KEY = "sk-made-up-test-key"
COMMAND = "printf made >> made.txt && echo it-ran"
DONE = "The file is there; the last word was heard."


@frozen
class Package:
    """An AI SDK package by which OpenCode reaches models, and what it speaks."""

    name: str
    dialect: str
    target: str
    credential: tuple[str, str]


BEARER = ("authorization", f"Bearer {KEY}")
CHAT = Package("@ai-sdk/openai-compatible", "openai_chat", "/v1/chat/completions", BEARER)
RESPONSES = Package("@ai-sdk/openai", "openai_responses", "/v1/responses", BEARER)
MESSAGES = Package("@ai-sdk/anthropic", "anthropic_messages", "/v1/messages", ("x-api-key", KEY))
EVERY_PACKAGE = pytest.mark.parametrize(
    "package", [CHAT, RESPONSES, MESSAGES], ids=lambda package: package.name
)


def frames(package, answer):
    encoder = dialect_named(package.dialect).streams.encoder(request=chat_request().normalized)
    return [part for event in stream_events(answer) if (part := encoder.encode(event))]


def tool_call(package):
    arguments = json.dumps({"command": COMMAND, "description": "Make a file"})
    return frames(package, tool_call_response("bash", arguments))


def text(package, words):
    return frames(package, text_response(words))


def is_turn(request):
    """Whether it is a turn of the conversation; the other request is for a title."""
    return "tools" in json.loads(request.body)


def playing(package, *replies):
    """These replies to the turns, in order."""
    turns = iter(replies)

    def script(request):
        return next(turns) if is_turn(request) else sse_reply(text(package, "A title"))

    return script


def tool_loop(package):
    return [sse_reply(tool_call(package)), sse_reply(text(package, DONE))]


def vendors(url):
    dialects = ["openai_responses", "openai_chat"]
    return {
        "providers": {
            "openai": {"base_url": f"{url}/v1", "dialects": dialects},
            "anthropic": {"base_url": url},
        }
    }


async def opencode(on, model, provider, **environment):
    """Run it with one provider, `{name: settings}`."""
    (name,) = provider
    settings = {"$schema": "https://opencode.ai/config.json", "provider": provider}
    (on.work / "opencode.json").write_text(json.dumps(settings))
    return await on.run(
        "opencode",
        *("run", "--model", f"{name}/{model}", "Make the file."),
        OPENCODE_DISABLE_AUTOUPDATE="1",
        OPENCODE_DISABLE_DEFAULT_PLUGINS="1",
        OPENCODE_DISABLE_LSP_DOWNLOAD="1",
        OPENCODE_DISABLE_MODELS_FETCH="1",
        **environment,
    )


def own_provider(on, package, model="some-model"):
    settings = {
        "npm": package.name,
        "name": "LunaRoute",
        "options": {"baseURL": f"{on.url}/v1", "apiKey": KEY},
        "models": {model: {"name": "A model"}},
    }
    return {"lunaroute": settings}


def assert_done(run, on):
    assert (run.code, run.output.strip()) == (0, DONE), run
    assert (on.work / "made.txt").read_text() == "made"


async def turns_of(on):
    """What OpenCode asked in each turn, and the answer it got; one connection after another."""
    turns = []
    for conversation in on.tee.conversations:
        asked = await conversation.requests()
        answered = conversation.answers()
        turns += [pair for pair in zip(asked, answered, strict=True) if is_turn(pair[0])]
    return turns


@EVERY_PACKAGE
async def test_a_tool_loop_passes_through_untouched(stage, package):
    called, said = tool_call(package), text(package, DONE)
    async with stage(playing(package, sse_reply(called), sse_reply(said)), vendors) as on:
        run = await opencode(on, "some-model", own_provider(on, package))
        assert_done(run, on)
        await on.assert_passed_through()
        name, value = package.credential
        for request in on.upstream.requests:
            assert (request.target, request.header(name)) == (package.target, value)
        turns = await turns_of(on)
        assert {answer.body for _, answer in turns} == {b"".join(called), b"".join(said)}
        for asked, answer in turns:
            assert answer.headers["x-lunaroute-session-id"] == asked.header("x-session-id")


@pytest.mark.parametrize(
    ("package", "provider", "model", "variable"),
    [
        (RESPONSES, "openai", "gpt-5", "OPENAI_API_KEY"),
        (MESSAGES, "anthropic", "claude-sonnet-4-5", "ANTHROPIC_API_KEY"),
    ],
)
async def test_its_own_providers_need_only_another_address(
    stage, package, provider, model, variable
):
    async with stage(playing(package, *tool_loop(package)), vendors) as on:
        address = {provider: {"options": {"baseURL": f"{on.url}/v1"}}}
        run = await opencode(on, model, address, **{variable: KEY})
        assert_done(run, on)
        await on.assert_passed_through()
        name, value = package.credential
        for request in on.upstream.requests:
            assert (request.target, request.header(name)) == (package.target, value)


@EVERY_PACKAGE
async def test_a_tool_loop_with_the_simulated_model(stage, package):
    call = {"name": "bash", "arguments": {"command": COMMAND, "description": "Make a file"}}
    script = [{"text": "Let me see.", "tool_calls": [call]}, {"text": DONE}]

    def simulated(url):
        return {"providers": {"mock": {"mock": {"script": script}}}}

    async with stage([], simulated) as on:
        run = await opencode(on, "mock/text", own_provider(on, package, "mock/text"))
        assert run.code == 0, run
        assert run.output.split("\n", 1)[0].strip() == "Let me see."
        assert run.output.endswith(f"{DONE}\n")
        assert (on.work / "made.txt").read_text() == "made"


@pytest.mark.parametrize("package", [CHAT, MESSAGES], ids=lambda package: package.name)
@pytest.mark.parametrize("end", ["clean", "cut"])
async def test_a_stream_that_ends_early_is_asked_for_again(stage, package, end):
    """Without the gateway, OpenCode takes a chat stream that ends cleanly for the answer."""
    beginning = text(package, "Half a sentence.")[:3]
    script = playing(package, sse_reply(beginning, end=end), *tool_loop(package))
    async with stage(script, vendors) as on:
        run = await opencode(on, "some-model", own_provider(on, package))
        assert_done(run, on)
        await on.assert_passed_through()
        first, again = [asked.body for asked in on.upstream.requests if is_turn(asked)][:2]
        assert first == again


async def test_a_stream_without_any_event_is_a_failed_request_and_is_retried(stage):
    script = playing(CHAT, sse_reply([], end="cut"), *tool_loop(CHAT))
    async with stage(script, vendors) as on:
        run = await opencode(on, "some-model", own_provider(on, CHAT))
        assert_done(run, on)
        assert sorted(answer.status for _, answer in await turns_of(on)) == [200, 200, 502]


async def test_a_rate_limit_arrives_unchanged_and_is_retried(stage):
    refusal = b'{ "error": {"message": "Later,  please.", "code": "rate_limit_exceeded"} }'
    headers = ((b"retry-after", b"1"), (b"x-ratelimit-remaining-requests", b"0"))
    busy = json_reply(429, refusal, headers=headers)
    async with stage(playing(CHAT, busy, *tool_loop(CHAT)), vendors) as on:
        run = await opencode(on, "some-model", own_provider(on, CHAT))
        assert_done(run, on)
        await on.assert_passed_through()
        (answer,) = [answer for _, answer in await turns_of(on) if answer.status != 200]
        assert (answer.status, answer.body) == (429, refusal)
        arrived = [(name, answer.headers[name.decode()].encode()) for name, _ in headers]
        assert arrived == list(headers)
