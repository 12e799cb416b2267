"""OpenCode, as it is installed, with models behind other dialects than its packages speak."""

import json

import pytest

C, R, A = "openai_chat", "openai_responses", "anthropic_messages"
MODELS = {"gpt-some-model": "claude-sonnet-4-5", "claude-some-model": "gpt-4.1"}
COMMAND = "printf made >> made.txt && echo it-ran"
CALL = ("bash", {"command": COMMAND, "description": "Make a file"})
DONE = "The file is there; the last word was heard."
PACKAGES = {
    "@ai-sdk/openai-compatible": ("gpt-some-model", A),
    "@ai-sdk/openai": ("gpt-some-model", A),
    "@ai-sdk/anthropic": ("claude-some-model", R),
}


async def opencode(on, package, model):
    options = {"baseURL": f"{on.url}/v1", "apiKey": "none"}
    own = {"npm": package, "name": "LunaRoute", "options": options, "models": {model: {}}}
    settings = {"$schema": "https://opencode.ai/config.json", "provider": {"lunaroute": own}}
    (on.work / "opencode.json").write_text(json.dumps(settings))
    return await on.run(
        "opencode",
        *("run", "--model", f"lunaroute/{model}", "Make the file."),
        OPENCODE_DISABLE_AUTOUPDATE="1",
        OPENCODE_DISABLE_DEFAULT_PLUGINS="1",
        OPENCODE_DISABLE_LSP_DOWNLOAD="1",
        OPENCODE_DISABLE_MODELS_FETCH="1",
    )


@pytest.mark.parametrize(("package", "model", "dialect"), [(p, *it) for p, it in PACKAGES.items()])
async def test_a_tool_loop(stage, vendor, package, model, dialect):
    up = vendor(dialect)
    script = up.playing(up.calling(*CALL), up.saying())
    async with stage(script, lambda url: up.provider(url, models=MODELS)) as on:
        run = await opencode(on, package, model)
        assert up.complaints == []
        assert run.code == 0, run
        assert run.output.endswith(f"{DONE}\n")
        assert (on.work / "made.txt").read_text() == "made"
        assert "it-ran" in str(up.results(up.bodies[-1]))
