"""Codex, as it is installed, in whole conversations through the gateway."""

import json

import pytest

from lunaroute_core.testing import json_reply, sse_reply

MODEL = "gpt-5.5"
KEY = "sk-made-up-test-key"
COMMAND = "printf made >> made.txt && echo it-ran"
DONE = "The file is there; the last word was heard."
QUIET = """
[features]
plugins = false

[analytics]
enabled = false
"""


def stream(item, *deltas):
    """A Responses stream of one output item."""
    response = {"id": "resp_1", "object": "response", "created_at": 1, "model": MODEL}
    usage = {
        "input_tokens": 10,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": 9,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 19,
    }
    begun = {**response, "status": "in_progress", "output": []}
    ended = {**response, "status": "completed", "output": [item], "usage": usage}
    events = [
        {"type": "response.created", "response": begun},
        {"type": "response.output_item.added", "item": {**item, "status": "in_progress"}},
        *({"item_id": item["id"], **delta} for delta in deltas),
        {"type": "response.output_item.done", "item": {**item, "status": "completed"}},
        {"type": "response.completed", "response": ended},
    ]
    return [
        frame({**event, "sequence_number": n, "output_index": 0}) for n, event in enumerate(events)
    ]


def frame(event):
    return f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()


def tool_call():
    raw = json.dumps({"cmd": COMMAND})
    item = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "exec_command"}
    delta = {"type": "response.function_call_arguments.delta", "delta": raw}
    return stream({**item, "arguments": raw}, delta)


def text(words):
    part = {"type": "output_text", "text": words, "annotations": []}
    item = {"type": "message", "id": "msg_1", "role": "assistant", "content": [part]}
    halves = (words[:7], words[7:])
    deltas = [
        {"type": "response.output_text.delta", "content_index": 0, "delta": half} for half in halves
    ]
    return stream(item, *deltas)


def tool_outputs(request):
    items = json.loads(request.body)["input"]
    return [item for item in items if item.get("type") == "function_call_output"]


def tool_loop(request):
    return sse_reply(text(DONE) if tool_outputs(request) else tool_call())


def vendor(url):
    dialects = ["openai_responses", "openai_chat"]
    return {"providers": {"openai": {"base_url": f"{url}/v1", "dialects": dialects}}}


def own_provider(on):
    return f"""
model_provider = "lunaroute"

[model_providers.lunaroute]
name = "LunaRoute"
base_url = "{on.url}/v1"
env_key = "OPENAI_API_KEY"
wire_api = "responses"
"""


async def codex(on, settings, *, model=MODEL, **environment):
    folder = on.home / ".codex"
    folder.mkdir()
    (folder / "config.toml").write_text(settings + QUIET)
    return await on.run(
        "codex",
        *("exec", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox"),
        *("--model", model, "Make the file."),
        **environment,
    )


def assert_done(run, on):
    assert (run.code, run.output.strip()) == (0, DONE), run
    assert (on.work / "made.txt").read_text() == "made"


async def test_a_tool_loop_passes_through_untouched(stage):
    async with stage(tool_loop, vendor) as on:
        run = await codex(on, own_provider(on), OPENAI_API_KEY=KEY)
        assert_done(run, on)
        await on.assert_passed_through()
        first, second = on.upstream.requests
        assert first.target == "/v1/responses"
        assert first.header("authorization") == f"Bearer {KEY}"
        assert "turn_id" in first.header("x-codex-turn-metadata")
        assert len(first.body) > 30_000
        assert "it-ran" in str(tool_outputs(second))
        streams = [b"".join(tool_call()), b"".join(text(DONE))]
        assert [answer.body for answer in on.tee.answers()] == streams
        session = first.header("session-id")
        assert [a.headers["x-lunaroute-session-id"] for a in on.tee.answers()] == [session] * 2
        assert on.elsewhere.requests == []


@pytest.mark.parametrize("model", ["mock/text", "gpt-5.5"], ids=["mock/text", "an alias"])
async def test_a_tool_loop_with_the_simulated_model(stage, model):
    call = {"name": "exec_command", "arguments": {"cmd": COMMAND}}
    script = [{"text": "Let me see.", "tool_calls": [call]}, {"text": DONE}]

    def simulated(url):
        mock = {"script": script, "models": {"gpt-5.5": "text"}}
        return {"providers": {"mock": {"mock": mock}}}

    async with stage([], simulated) as on:
        run = await codex(on, own_provider(on), model=model, OPENAI_API_KEY="none")
        assert_done(run, on)
        assert len(on.tee.answers()) == 2


async def test_a_refused_websocket_leads_to_http_at_once(stage):
    """The built-in provider tries one first; the upstream is not asked for it."""
    async with stage(tool_loop, vendor) as on:
        run = await codex(on, f'openai_base_url = "{on.url}/v1"\n', CODEX_API_KEY=KEY)
        assert_done(run, on)
        handshake, *asked = await on.tee.requests()
        assert (handshake.method, handshake.header("upgrade")) == ("GET", "websocket")
        assert [answer.status for answer in on.tee.answers()] == [426, 200, 200]
        await on.assert_passed_through()
        assert {request.header("authorization") for request in asked} == {f"Bearer {KEY}"}


@pytest.mark.parametrize("kept", [1, 3], ids=["begun", "in the call"])
@pytest.mark.parametrize("end", ["clean", "cut", "reset"])
async def test_a_stream_that_ends_early_is_asked_for_again(stage, end, kept):
    """Codex asks again because it is told; half a tool call is never run."""
    beginning = tool_call()[:kept]
    script = [sse_reply(beginning, end=end), sse_reply(tool_call()), sse_reply(text(DONE))]
    async with stage(script, vendor) as on:
        run = await codex(on, own_provider(on), OPENAI_API_KEY=KEY)
        assert_done(run, on)
        assert "Reconnecting... 1/5" in run.errors
        await on.assert_passed_through()
        broken = on.tee.answers()[0].body
        assert broken.startswith(b"".join(beginning))
        assert broken.removeprefix(b"".join(beginning)).startswith(b"event: response.failed\n")


@pytest.mark.parametrize("end", ["clean", "cut", "reset"])
async def test_a_stream_without_any_event_is_a_failed_request_and_is_retried(stage, end):
    script = [sse_reply([], end=end), sse_reply(tool_call()), sse_reply(text(DONE))]
    async with stage(script, vendor) as on:
        run = await codex(on, own_provider(on), OPENAI_API_KEY=KEY)
        assert_done(run, on)
        assert [answer.status for answer in on.tee.answers()] == [502, 200, 200]


async def test_an_answer_that_lacks_only_its_last_event_is_used_once(stage):
    """The tool call is whole, so Codex has run it and goes on from there."""
    script = [sse_reply(tool_call()[:-1], end="cut"), sse_reply(text(DONE))]
    async with stage(script, vendor) as on:
        run = await codex(on, own_provider(on), OPENAI_API_KEY=KEY)
        assert_done(run, on)
        assert "Reconnecting... 1/5" in run.errors
        assert "it-ran" in str(tool_outputs(on.upstream.requests[1]))


async def test_a_rate_limit_arrives_unchanged_and_is_retried(stage):
    refusal = b'{ "error": {"message": "Later,  please.", "code": "rate_limit_exceeded"} }'
    headers = ((b"retry-after", b"1"), (b"x-ratelimit-remaining-requests", b"0"))
    busy = json_reply(429, refusal, headers=headers)
    async with stage([busy, sse_reply(tool_call()), sse_reply(text(DONE))], vendor) as on:
        run = await codex(on, own_provider(on), OPENAI_API_KEY=KEY)
        assert_done(run, on)
        await on.assert_passed_through()
        answer = on.tee.answers()[0]
        assert (answer.status, answer.body) == (429, refusal)
        arrived = [(name, answer.headers[name.decode()].encode()) for name, _ in headers]
        assert arrived == list(headers)


async def test_a_rate_limit_without_a_time_stays_without_one_and_ends_the_turn(stage):
    async with stage(json_reply(429, {"error": {"message": "Never again."}}), vendor) as on:
        run = await codex(on, own_provider(on), OPENAI_API_KEY=KEY)
        assert run.code == 1, run
        assert len(on.upstream.requests) == 1
        assert on.tee.answers()[0].headers["retry-after"] is None


async def test_the_message_of_a_refused_request_is_shown(stage):
    error = {"type": "invalid_request_error", "message": "input[1]: a made-up complaint"}
    async with stage(json_reply(400, {"error": error}), vendor) as on:
        run = await codex(on, own_provider(on), OPENAI_API_KEY=KEY)
        assert run.code == 1, run
        assert "input[1]: a made-up complaint" in run.errors
        assert len(on.upstream.requests) == 1
