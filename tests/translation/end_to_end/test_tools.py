"""Tools: called, answered and called again, whatever they are named and whatever they take."""

import json

import pytest

from lunaroute_core.testing import json_reply, sse_reply

C, R, A = "openai_chat", "openai_responses", "anthropic_messages"
HI = [{"role": "user", "content": "Hi"}]
LONG = "t" * 64
ODD = "mcp__files__read-it"
PATCH = 'say "it"\n\u2028\\n'


async def test_a_loop_with_parallel_calls(
    talk, reply, tools_of, results_of, client, upstream, stream
):
    calls = [("call_1", "add", '{"a":1}'), ("call_2", "add", '{"a":2}')]
    script = [
        reply(upstream, stream, text="let me see", calls=calls, finish="tool_calls"),
        reply(upstream, stream, calls=[("call_3", "add", '{"a":3}')], finish="tool_calls"),
        reply(upstream, stream, text="three"),
    ]
    history, heard = [*HI], []
    async with talk(client, upstream, script) as on:
        for _ in script:
            answer = await on.ask(history, stream=stream, tools=tools_of(client))
            heard.append(answer)
            history += answer.echo
            if answer.calls:
                results = [(it[0], f"out {it[2]['a']}") for it in answer.calls]
                history += results_of(client, results)
    assert [it.text for it in heard] == ["let me see", None, "three"]
    assert heard[0].calls == [("call_1", "add", {"a": 1}), ("call_2", "add", {"a": 2})]
    assert heard[1].calls == [("call_3", "add", {"a": 3})]
    first, second, third = (on.turns(at) for at in range(3))
    assert second[: len(first)] == first
    assert third[: len(second)] == second
    said = json.dumps(third)
    order = ("let me see", "call_1", "call_2", "out 1", "out 2", "call_3", "out 3")
    places = [said.index(it) for it in order]
    assert places == sorted(places)


async def test_a_choice_among_tools(talk, reply, tools_of, client, upstream):
    named = {
        C: {"type": "function", "function": {"name": "add"}},
        R: {"type": "function", "name": "add"},
        A: {"type": "tool", "name": "add"},
    }
    alone = {"disable_parallel_tool_use": True}
    asked = {"tool_choice": {**named[client], **(alone if client == A else {})}}
    asked |= {} if client == A else {"parallel_tool_calls": False}
    async with talk(client, upstream, reply(upstream, False, text="ok")) as on:
        await on.ask(HI, tools=tools_of(client, "add", "sub"), **asked)
    body = on.sent()
    if upstream == A:
        assert body["tool_choice"] == {**named[A], **alone}
    else:
        assert (body["tool_choice"], body["parallel_tool_calls"]) == (named[upstream], False)


@pytest.mark.parametrize("name", [LONG, ODD])
async def test_long_and_odd_names_are_the_clients_own(
    talk, reply, tools_of, results_of, client, upstream, stream, name
):
    """Here the upstream's limit is 16 characters."""
    sent = []

    def script(request):
        body = json.loads(request.body)
        tool = body["tools"][0]
        sent.append(tool.get("function", tool)["name"])
        calls = [("call_1", sent[0], '{"a":1}')]
        return reply(upstream, stream, calls=calls, finish="tool_calls")

    short = {"*": {"tool_name_length": 16}}
    async with talk(client, upstream, script, capabilities=short) as on:
        heard = await on.ask(HI, stream=stream, tools=tools_of(client, name))
        history = [*HI, *heard.echo, *results_of(client, [("call_1", "out")])]
        await on.ask(history, stream=stream, tools=tools_of(client, name))
    assert heard.calls == [("call_1", name, {"a": 1})]
    assert sent[0] == sent[1] != name
    assert len(sent[0]) <= 16
    assert name not in json.dumps(on.turns())
    assert sent[0] in json.dumps(on.turns())


async def test_ids_that_an_upstream_would_refuse(talk, reply, tools_of, results_of):
    """They are those of another server's calls, from a history that began there."""
    ids = ("functions.add:0", "a.b", "a:b", "x" * 90)
    for client, upstream in ((C, A), (R, A), (A, C), (C, R)):
        calls = [
            {"id": it, "type": "function", "function": {"name": "add", "arguments": "{}"}}
            for it in ids
        ]
        echo = [{"role": "assistant", "tool_calls": calls}]
        if client == R:
            call = {"type": "function_call", "name": "add", "arguments": "{}"}
            echo = [{**call, "call_id": it} for it in ids]
        if client == A:
            use = {"type": "tool_use", "name": "add", "input": {}}
            echo = [{"role": "assistant", "content": [{**use, "id": it} for it in ids]}]
        history = [*HI, *echo, *results_of(client, [(it, f"out {it[:2]}") for it in ids])]
        async with talk(client, upstream, reply(upstream, False, text="ok")) as on:
            await on.ask(history, tools=tools_of(client))
        places = [json.dumps(on.turns()).index(f"out {it[:2]}") for it in ids]
        assert places == sorted(places)


def as_free_form(said):
    """An OpenAI answer whose calls are of free-form tools."""
    text = json.dumps(said).replace("function_call_arguments", "custom_tool_call_input")
    for function, custom in (
        ('"function_call"', '"custom_tool_call"'),
        ('"function"', '"custom"'),
        ('"arguments"', '"input"'),
    ):
        text = text.replace(function, custom)
    return json.loads(text)


@pytest.mark.parametrize(
    ("client", "upstream", "server"),
    [(R, A, None), (R, C, "openai"), (R, C, "vllm"), (C, A, None), (C, R, "openai")],
)
async def test_a_free_form_tool(talk, vendors, frames, client, upstream, stream, server):
    """Its input is text for the client, whatever the upstream makes of it."""
    tool = {"name": "patch", "description": "Patches."}
    tools = [{"type": "custom", "custom": tool} if client == C else {"type": "custom", **tool}]
    wrapped = server != "openai"
    raw = json.dumps({"input": PATCH}) if wrapped else PATCH
    given = {} if server is None else {"server": server}

    def saying(**answer):
        said = (vendors.stream if stream else vendors.whole)(upstream, **answer)
        said = said if wrapped else as_free_form(said)
        return sse_reply([frames(said)]) if stream else json_reply(200, said)

    script = [saying(calls=[("call_1", "patch", raw)], finish="tool_calls"), saying(text="ok")]
    output = {"type": "custom_tool_call_output", "call_id": "call_1", "output": "done"}
    if client == C:
        output = {"role": "tool", "tool_call_id": "call_1", "content": "done"}
    async with talk(client, upstream, script, **given) as on:
        heard = await on.ask(HI, stream=stream, tools=tools)
        await on.ask([*HI, *heard.echo, output], stream=stream, tools=tools)
    assert heard.calls == [("call_1", "patch", PATCH)]
    *_, result = on.turns()
    assert "done" in json.dumps(result)
    assert given_back(upstream, on.turns()) == (PATCH if not wrapped else {"input": PATCH})


def given_back(upstream, turns):
    """The input of the call in a history."""
    if upstream == A:
        return turns[1]["content"][0]["input"]
    if upstream == R:
        return turns[1]["input"]
    (call,) = turns[1]["tool_calls"]
    if call["type"] == "custom":
        return call["custom"]["input"]
    return json.loads(call["function"]["arguments"])


async def test_arguments_that_are_no_json_reach_the_client(talk, reply, tools_of):
    """The program sees what the model wrote, and its history can be sent on."""
    calls = [("call_1", "add", "{'a': 1}")]
    script = [reply(C, True, calls=calls, finish="tool_calls"), reply(C, True, text="ok")]
    async with talk(A, C, script) as on:
        heard = await on.ask(HI, stream=True, tools=tools_of(A))
        result = {"type": "tool_result", "tool_use_id": "call_1", "content": "bad"}
        history = [*HI, *heard.echo, {"role": "user", "content": [{**result, "is_error": True}]}]
        await on.ask(history, stream=True, tools=tools_of(A))
    assert "{'a': 1}" in str(heard.calls)
    assert "[tool_error]" in json.dumps(on.turns()[-1])
