"""Claude Code, as it is installed, with models behind Chat and behind Responses."""

import json

import pytest

from lunaroute_core.testing import json_reply, sse_reply

C, R = "openai_chat", "openai_responses"
MODELS = {"claude-sonnet-4-5": "gpt-4.1", "claude-opus-4-8": "gpt-5.5"}
COMMAND = "printf made >> made.txt && echo it-ran"
CALL = ("Bash", {"command": COMMAND, "description": "Make a file"})
DONE = "The file is there; the last word was heard."
BOTH = pytest.mark.parametrize("dialect", [C, R])


async def claude(on, *arguments, prompt="Make the file.", **environment):
    return await on.run(
        "claude",
        *("-p", prompt, "--allowedTools", "Bash", *arguments),
        ANTHROPIC_BASE_URL=on.url,
        ANTHROPIC_AUTH_TOKEN="none",
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC="1",
        **environment,
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
        run = await claude(on, "--model", model)
        assert_done(run, on, up)
        first, second = up.bodies
        assert first["model"] == MODELS[model]
        assert "it-ran" in str(up.results(second))
        assert on.elsewhere.requests == []
        assert {answer.status for answer in on.tee.answers()} == {200}


@BOTH
async def test_what_it_asks_for_beside_the_conversation_is_kept(stage, vendor, dialect):
    """The newer models' body: effort, a system message between the others, tools' schemas."""
    up = vendor(dialect)
    script = up.playing(up.calling(*CALL), up.saying())
    async with stage(script, lambda url: up.provider(url, models=MODELS)) as on:
        run = await claude(on, "--model", "claude-opus-4-8")
        assert_done(run, on, up)
        asked, *_ = [json.loads(request.body) for request in await on.tee.requests()]
        first, second = up.bodies
        key = "messages" if dialect == C else "input"
        assert second[key][: len(first[key])] == first[key]
        roles = [item["role"] for item in first[key]]
        assert roles == ["developer", "user", "developer"]
        names = [tool.get("name") or tool["function"]["name"] for tool in first["tools"]]
        assert names == [tool["name"] for tool in asked["tools"]]
        if dialect == R:
            assert first["reasoning"]["effort"] == asked["output_config"]["effort"]
            assert first["store"] is False
            (reasoning,) = [it for it in second["input"] if it.get("type") == "reasoning"]
            assert reasoning["encrypted_content"] == "gAAAA+/opaque=="
            assert reasoning["summary"][0]["text"] == "A shell can do it."
        said = json.dumps(first[key])
        (system,) = [it for it in asked["messages"] if it["role"] == "system"]
        for block in [*asked["system"], *asked["messages"][0]["content"]]:
            assert json.dumps(block["text"])[1:-1] in said
        assert json.dumps(system["content"])[1:40] in said


async def test_a_server_that_only_speaks_like_openai(stage, vendor):
    up = vendor(C)
    script = up.playing(up.calling(*CALL), up.saying())
    async with stage(script, lambda url: up.provider(url, server=None)) as on:
        run = await claude(on, "--model", "up/some-model")
        assert_done(run, on, up)
        first, _ = up.bodies
        assert first["model"] == "some-model"
        assert "max_tokens" in first
        assert {"store", "safety_identifier", "prompt_cache_key"} & set(first) == set()


@BOTH
@pytest.mark.parametrize(("kind", "status"), [("rate", 429), ("load", 529)])
async def test_a_busy_vendor_is_asked_again(stage, vendor, dialect, kind, status):
    up = vendor(dialect)
    script = up.playing(up.busy(kind), up.calling(*CALL), up.saying())
    async with stage(script, lambda url: up.provider(url, models=MODELS)) as on:
        run = await claude(on, "--model", "claude-sonnet-4-5")
        assert_done(run, on, up)
        answers = on.tee.answers()
        assert [answer.status for answer in answers] == [status, 200, 200]
        assert answers[0].headers["retry-after"] == "1"
        error = json.loads(answers[0].body)
        assert error["type"] == "error"
        assert error["error"]["type"] in ("rate_limit_error", "overloaded_error")


@BOTH
@pytest.mark.parametrize("end", ["clean", "cut"])
async def test_a_stream_that_ends_early_is_asked_for_again_whole(stage, vendor, dialect, end):
    """Claude Code does so as long as no block has been finished."""
    up = vendor(dialect)
    broken = sse_reply(up.stream(*CALL)[:3], end=end)
    script = up.playing(broken, json_reply(200, up.whole(*CALL)), up.saying())
    async with stage(script, lambda url: up.provider(url, models=MODELS)) as on:
        run = await claude(on, "--model", "claude-sonnet-4-5")
        assert_done(run, on, up)
        assert [body.get("stream", False) for body in up.bodies] == [True, False, True]
        assert b"event: error\ndata: {" in on.tee.answers()[0].body
        assert b"message_stop" not in on.tee.answers()[0].body


@BOTH
async def test_half_a_tool_call_is_never_run(stage, vendor, dialect):
    up = vendor(dialect)
    script = up.playing(sse_reply(up.stream(*CALL)[:-4]))
    async with stage(script, lambda url: up.provider(url, models=MODELS)) as on:
        run = await claude(on, "--model", "claude-sonnet-4-5")
        assert run.code == 1
        assert "the stream ended before" in run.output
        assert not (on.work / "made.txt").exists()


@BOTH
async def test_the_message_of_a_refused_request_is_shown(stage, vendor, dialect):
    up = vendor(dialect)
    script = up.playing(up.refusing("a made-up complaint"))
    async with stage(script, lambda url: up.provider(url, models=MODELS)) as on:
        run = await claude(on, "--model", "claude-sonnet-4-5")
        assert run.code == 1
        assert "a made-up complaint" in run.output
        assert len(up.bodies) == 1


async def test_the_context_command_gets_estimates(stage, vendor):
    """These vendors count no tokens, so they are not asked."""
    up = vendor(R)
    async with stage(up.playing(), lambda url: up.provider(url, models=MODELS)) as on:
        run = await claude(on, "--model", "claude-sonnet-4-5", prompt="/context")
        assert run.code == 0, run
        counted = [json.loads(answer.body)["input_tokens"] for answer in on.tee.answers()]
        assert len(counted) > 1
        assert max(counted) > 5000
        assert up.bodies == []


@BOTH
async def test_a_tool_loop_goes_on_with_the_vendor_that_took_over(stage, vendor, dialect):
    """Anthropic is out of reach; nothing of that is seen but in the headers."""
    up = vendor(dialect)
    script = up.playing(up.calling(*CALL), up.saying())

    def config(url):
        made = up.provider(url, models=MODELS)
        made["providers"]["down"] = {
            "type": "anthropic",
            "base_url": "http://127.0.0.1:9",
            "api_key": "sk-down",
        }
        made["routing"] = {"rules": [{"name": "all", "primary": "down", "fallbacks": ["up"]}]}
        return made

    async with stage(script, config) as on:
        run = await claude(on, "--model", "claude-opus-4-8")
        assert_done(run, on, up)
        assert len(up.bodies) == 2
        asked = [answer.headers["x-lunaroute-provider"] for answer in on.tee.answers()]
        assert set(asked) == {"up"}
