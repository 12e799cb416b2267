"""Codex, as it is installed, with models behind Anthropic's API and behind Chat."""

import json

import pytest

from lunaroute_core.testing import sse_reply

C, A = "openai_chat", "anthropic_messages"
MODELS = {"gpt-5.5": "claude-opus-4-8", "some-model": "claude-sonnet-4-5"}
COMMAND = "printf made >> made.txt && echo it-ran"
CALL = ("exec_command", {"cmd": COMMAND})
DONE = "The file is there; the last word was heard."
BOTH = pytest.mark.parametrize("dialect", [C, A])
SETTINGS = """
model_provider = "lunaroute"

[model_providers.lunaroute]
name = "LunaRoute"
base_url = "{url}/v1"
env_key = "OPENAI_API_KEY"
wire_api = "responses"

[features]
plugins = false

[analytics]
enabled = false
"""


async def codex(on, *, model):
    folder = on.home / ".codex"
    folder.mkdir()
    (folder / "config.toml").write_text(SETTINGS.format(url=on.url))
    return await on.run(
        "codex",
        *("exec", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox"),
        *("--model", model, "Make the file."),
        OPENAI_API_KEY="none",
    )


def assert_done(run, on, up):
    assert up.complaints == []
    assert (run.code, run.output.strip()) == (0, DONE), run
    assert (on.work / "made.txt").read_text() == "made"


@BOTH
@pytest.mark.parametrize("model", MODELS)
async def test_a_tool_loop(stage, vendor, dialect, model):
    up = vendor(dialect)
    script = up.playing(up.calling(*CALL), up.saying())
    async with stage(script, lambda url: up.provider(url, models=MODELS)) as on:
        run = await codex(on, model=model)
        assert_done(run, on, up)
        first, second = up.bodies
        assert first["model"] == MODELS[model]
        assert "it-ran" in str(up.results(second))
        assert on.elsewhere.requests == []


PATCH = """*** Begin Patch
*** Add File: made.txt
+made "it"\t\u2028
*** End Patch
"""


@pytest.mark.parametrize(("dialect", "server"), [(A, None), (C, "openai"), (C, "vllm")])
async def test_a_free_form_tool(stage, vendor, dialect, server):
    """Its text is wrapped in JSON for a model that knows only functions, and unwrapped again."""
    up = vendor(dialect)
    given = {} if server is None else {"server": server}
    script = up.playing(up.calling("apply_patch", {"input": PATCH}), up.saying())
    if server == "openai":
        script = up.playing(up.calling_free("apply_patch", PATCH), up.saying())
    async with stage(script, lambda url: up.provider(url, models=MODELS, **given)) as on:
        run = await codex(on, model="gpt-5.5")
        assert up.complaints == []
        assert (run.code, run.output.strip()) == (0, DONE), run
        assert (on.work / "made.txt").read_text() == 'made "it"\t\u2028\n'
        _, again = [json.loads(request.body) for request in await on.tee.requests()]
        (call,) = [it for it in again["input"] if it.get("type") == "custom_tool_call"]
        assert (call["name"], call["input"]) == ("apply_patch", PATCH)
        (tool,) = [it for it in up.tools(up.bodies[0]) if it["name"] == "apply_patch"]
        if server != "openai":
            assert "start: begin_patch hunk+ end_patch" in tool["description"]
        assert len(up.results(up.bodies[1])) == 1


@BOTH
async def test_a_tool_in_a_namespace(stage, vendor, dialect):
    up = vendor(dialect)
    name = "multi_agent_v1__close_agent"
    script = up.playing(up.calling(name, {"target": "nobody"}), up.saying())
    async with stage(script, lambda url: up.provider(url, models=MODELS)) as on:
        run = await codex(on, model="some-model")
        assert up.complaints == []
        assert (run.code, run.output.strip()) == (0, DONE), run
        *_, again = [json.loads(request.body) for request in await on.tee.requests()]
        (call,) = [it for it in again["input"] if it.get("type") == "function_call"]
        assert (call["namespace"], call["name"]) == ("multi_agent_v1", "close_agent")
        assert name in str(up.bodies[1])
        assert len(up.results(up.bodies[1])) == 1


async def test_what_it_asks_for_beside_the_conversation(stage, vendor):
    up = vendor(A)
    script = up.playing(up.calling(*CALL), up.saying())
    async with stage(script, lambda url: up.provider(url, models=MODELS)) as on:
        run = await codex(on, model="gpt-5.5")
        assert_done(run, on, up)
        asked, _ = [json.loads(request.body) for request in await on.tee.requests()]
        first, second = up.bodies
        assert first["thinking"]["type"] == "adaptive"
        assert first["output_config"]["effort"] == asked["reasoning"]["effort"] == "medium"
        assert second["messages"][: len(first["messages"])] == first["messages"]
        assert second["system"] == first["system"]
        (thinking,) = [it for it in second["messages"][-2]["content"] if it["type"] == "thinking"]
        assert thinking["thinking"] == "A shell can do it."
        assert thinking["signature"] == "EqQB+/opaque=="
        texts = [part["text"] for item in asked["input"] for part in item["content"]]
        sent = [*first["system"], *(it for turn in first["messages"] for it in turn["content"])]
        assert [block["text"] for block in sent] == texts
        assert "dropped tools" in on.tee.answers()[0].headers["x-lunaroute-warnings"]


@BOTH
@pytest.mark.parametrize(("kind", "status"), [("rate", 429), ("load", 503)])
async def test_a_busy_vendor_is_asked_again(stage, vendor, dialect, kind, status):
    up = vendor(dialect)
    script = up.playing(up.busy(kind), up.calling(*CALL), up.saying())
    async with stage(script, lambda url: up.provider(url, models=MODELS)) as on:
        run = await codex(on, model="some-model")
        assert_done(run, on, up)
        answers = on.tee.answers()
        assert [answer.status for answer in answers] == [status, 200, 200]
        assert answers[0].headers["retry-after"] == "1"


@BOTH
@pytest.mark.parametrize("kept", [2, -4], ids=["begun", "in the call"])
async def test_a_stream_that_ends_early_is_asked_for_again(stage, vendor, dialect, kept):
    """Codex asks again because it is told; half a tool call is never run."""
    up = vendor(dialect)
    broken = sse_reply(up.stream(*CALL)[:kept])
    script = up.playing(broken, up.calling(*CALL), up.saying())
    async with stage(script, lambda url: up.provider(url, models=MODELS)) as on:
        run = await codex(on, model="some-model")
        assert_done(run, on, up)
        assert "Reconnecting... 1/5" in run.errors
        assert b"event: response.failed\n" in on.tee.answers()[0].body


@BOTH
async def test_the_message_of_a_refused_request_is_shown(stage, vendor, dialect):
    up = vendor(dialect)
    script = up.playing(up.refusing("a made-up complaint"))
    async with stage(script, lambda url: up.provider(url, models=MODELS)) as on:
        run = await codex(on, model="some-model")
        assert run.code == 1, run
        assert "a made-up complaint" in run.errors
        assert len(up.bodies) == 1
