"""Claude Code, as it is installed, in whole conversations through the gateway."""

import json

import pytest

from lunaroute_core.testing import json_reply, sse_reply

MODEL = "claude-sonnet-4-5"
NEWER_MODEL = "claude-opus-4-8"
KEY = "sk-ant-made-up-test-key"
COMMAND = "printf made >> made.txt && echo it-ran"
DONE = "The file is there; the last word was heard."


def frames(block, deltas, stop_reason):
    """An Anthropic stream of one content block."""
    message = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": MODEL,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 10, "output_tokens": 1},
    }
    events = [
        {"type": "message_start", "message": message},
        {"type": "content_block_start", "index": 0, "content_block": block},
        *({"type": "content_block_delta", "index": 0, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": stop_reason, "stop_sequence": None},
            "usage": {"output_tokens": 9},
        },
        {"type": "message_stop"},
    ]
    return [f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in events]


def tool_call():
    raw = json.dumps({"command": COMMAND, "description": "Make a file"})
    block = {"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {}}
    halves = (raw[:9], raw[9:])
    deltas = [{"type": "input_json_delta", "partial_json": half} for half in halves]
    return frames(block, deltas, "tool_use")


def text(words):
    block = {"type": "text", "text": ""}
    deltas = [{"type": "text_delta", "text": half} for half in (words[:7], words[7:])]
    return frames(block, deltas, "end_turn")


def tool_results(request):
    contents = [message["content"] for message in json.loads(request.body)["messages"]]
    blocks = [block for content in contents if isinstance(content, list) for block in content]
    return [block for block in blocks if block["type"] == "tool_result"]


def tool_loop(request):
    return sse_reply(text(DONE) if tool_results(request) else tool_call())


def vendor(url):
    return {"providers": {"anthropic": {"base_url": url}}}


async def claude(on, *arguments, **environment):
    return await on.run(
        "claude",
        *("-p", "Make the file.", "--allowedTools", "Bash", *arguments),
        ANTHROPIC_BASE_URL=on.url,
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC="1",
        **environment,
    )


def assert_done(run, on):
    assert (run.code, run.output.strip()) == (0, DONE), run
    assert (on.work / "made.txt").read_text() == "made"


@pytest.mark.parametrize(
    ("model", "variable", "header", "value"),
    [
        (MODEL, "ANTHROPIC_API_KEY", "x-api-key", KEY),
        (NEWER_MODEL, "ANTHROPIC_AUTH_TOKEN", "authorization", f"Bearer {KEY}"),
    ],
)
async def test_a_tool_loop_passes_through_untouched(stage, model, variable, header, value):
    """For a newer model Claude Code writes another body, with a system message inside."""
    async with stage(tool_loop, vendor) as on:
        run = await claude(on, "--model", model, **{variable: KEY})
        assert_done(run, on)
        await on.assert_passed_through()
        first, second = on.upstream.requests
        assert first.target == second.target == "/v1/messages?beta=true"
        assert len(first.header("anthropic-beta").split(",")) > 1
        assert first.header("anthropic-version") == "2023-06-01"
        assert first.header(header) == value
        roles = {message["role"] for message in json.loads(second.body)["messages"]}
        assert ("system" in roles) is (model == NEWER_MODEL)
        assert len(first.body) > 50_000
        assert "it-ran" in str(tool_results(second))
        streams = [b"".join(tool_call()), b"".join(text(DONE))]
        assert [answer.body for answer in on.tee.answers()] == streams
        session = first.header("x-claude-code-session-id")
        assert [a.headers["x-lunaroute-session-id"] for a in on.tee.answers()] == [session] * 2
        assert on.elsewhere.requests == []


async def test_the_address_can_come_from_the_settings_file(stage):
    async with stage(tool_loop, vendor) as on:
        folder = on.home / ".claude"
        folder.mkdir()
        env = {"ANTHROPIC_BASE_URL": on.url, "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"}
        (folder / "settings.json").write_text(json.dumps({"env": env}))
        run = await on.run(
            "claude", "-p", "Make the file.", "--allowedTools", "Bash", ANTHROPIC_API_KEY=KEY
        )
        assert_done(run, on)
        assert len(on.upstream.requests) == 2


async def test_the_gateways_key_replaces_the_word_given_in_its_place(stage):
    def keyed(url):
        return {"providers": {"anthropic": {"base_url": url, "api_key": KEY}}}

    async with stage(tool_loop, keyed) as on:
        run = await claude(on, "--model", MODEL, ANTHROPIC_AUTH_TOKEN="none")
        assert_done(run, on)
        assert {request.header("x-api-key") for request in on.upstream.requests} == {KEY}
        assert {request.header("authorization") for request in on.upstream.requests} == {None}


async def test_the_context_command_counts_tokens_at_the_vendor(stage):
    async with stage(json_reply(200, {"input_tokens": 4321}), vendor) as on:
        run = await on.run(
            "claude",
            *("-p", "/context", "--model", MODEL),
            ANTHROPIC_BASE_URL=on.url,
            ANTHROPIC_API_KEY=KEY,
            CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC="1",
        )
        assert run.code == 0, run
        await on.assert_passed_through()
        targets = {request.target for request in on.upstream.requests}
        assert targets == {"/v1/messages/count_tokens?beta=true"}
        assert "4.3k" in run.output


async def test_a_tool_loop_with_the_simulated_model(stage):
    call = {"name": "Bash", "arguments": {"command": COMMAND}}
    script = [{"text": "Let me see.", "tool_calls": [call]}, {"text": DONE}]

    def simulated(url):
        return {"providers": {"mock": {"mock": {"script": script}}}}

    async with stage([], simulated) as on:
        run = await claude(on, "--model", "mock/text", ANTHROPIC_AUTH_TOKEN="none")
        assert_done(run, on)
        assert len(on.tee.answers()) == 2


@pytest.mark.parametrize("kept", [1, 4], ids=["begun", "in the call"])
@pytest.mark.parametrize("end", ["clean", "cut", "reset"])
async def test_a_stream_that_ends_early_is_asked_for_again_whole(stage, end, kept):
    """Claude Code asks again because it is told; half a tool call is never run."""
    block = {"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {"command": COMMAND}}
    message = {
        "id": "msg_2",
        "type": "message",
        "role": "assistant",
        "model": MODEL,
        "content": [block],
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "usage": {"input_tokens": 10, "output_tokens": 9},
    }
    beginning = tool_call()[:kept]
    script = [sse_reply(beginning, end=end), json_reply(200, message), sse_reply(text(DONE))]
    async with stage(script, vendor) as on:
        run = await claude(on, "--model", MODEL, ANTHROPIC_API_KEY=KEY)
        assert_done(run, on)
        await on.assert_passed_through()
        streamed, whole, _ = (json.loads(request.body) for request in on.upstream.requests)
        assert streamed.pop("stream") is True
        assert "stream" not in whole
        assert streamed == whole
        broken = on.tee.answers()[0].body
        assert broken.startswith(b"".join(beginning))
        assert broken.removeprefix(b"".join(beginning)).startswith(b"event: error\ndata: {")


@pytest.mark.parametrize("end", ["clean", "cut", "reset"])
async def test_a_stream_without_any_event_is_a_failed_request_and_is_retried(stage, end):
    script = [sse_reply([], end=end), sse_reply(tool_call()), sse_reply(text(DONE))]
    async with stage(script, vendor) as on:
        run = await claude(on, "--model", MODEL, ANTHROPIC_API_KEY=KEY)
        assert_done(run, on)
        assert [answer.status for answer in on.tee.answers()] == [502, 200, 200]
        first, again, _ = on.upstream.requests
        assert first.body == again.body


async def test_an_answer_that_lacks_only_its_last_event_is_used_once(stage):
    """Its stop reason has arrived, so Claude Code ran the tool and goes on from there."""
    script = [sse_reply(tool_call()[:-1], end="cut"), sse_reply(text(DONE))]
    async with stage(script, vendor) as on:
        run = await claude(on, "--model", MODEL, ANTHROPIC_API_KEY=KEY)
        assert_done(run, on)
        assert b"event: error\n" in on.tee.answers()[0].body


@pytest.mark.parametrize("status", [429, 529])
async def test_a_busy_vendors_answer_arrives_unchanged_and_is_retried(stage, status):
    error = {"type": "rate_limit_error", "message": "Later,  please."}
    refusal = json.dumps({"type": "error", "error": error}, indent=1).encode()
    headers = (
        (b"retry-after", b"1"),
        (b"anthropic-ratelimit-requests-remaining", b"0"),
        (b"request-id", b"req_vendor"),
    )
    busy = json_reply(status, refusal, headers=headers)
    async with stage([busy, sse_reply(tool_call()), sse_reply(text(DONE))], vendor) as on:
        run = await claude(on, "--model", MODEL, ANTHROPIC_API_KEY=KEY)
        assert_done(run, on)
        await on.assert_passed_through()
        answer = on.tee.answers()[0]
        assert (answer.status, answer.body) == (status, refusal)
        arrived = [(name, answer.headers[name.decode()].encode()) for name, _ in headers]
        assert arrived == list(headers)


async def test_the_message_of_a_refused_request_is_shown(stage):
    error = {"type": "invalid_request_error", "message": "max_tokens: a made-up complaint"}
    async with stage(json_reply(400, {"type": "error", "error": error}), vendor) as on:
        run = await claude(on, "--model", MODEL, ANTHROPIC_API_KEY=KEY)
        assert run.code == 1
        assert "max_tokens: a made-up complaint" in run.output
        assert len(on.upstream.requests) == 1
