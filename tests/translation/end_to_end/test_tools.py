"""Tools: called, answered and called again, whatever they are named and whatever they take."""

import json

import pytest

from lunaroute_core.testing import json_reply, sse_reply

C, R, A = "openai_chat", "openai_responses", "anthropic_messages"
HI = [{"role": "user", "content": "Hi"}]
LONG = "t" * 64
ODD = "mcp__files__read-it"
URL = "https://example.com/found"
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


def searched(upstream, said):
    """An answer for which the vendor has searched the web, and which says what it found."""
    if upstream == A:
        found = {"type": "web_search_result", "title": "T", "url": URL, "encrypted_content": "x"}
        use = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search"}
        result = {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": [found]}
        cited = {"type": "web_search_result_location", "url": URL, "title": "T"}
        cited |= {"cited_text": "a word", "encrypted_index": "y"}
        text = {**said["content"][0], "citations": [cited]}
        return {**said, "content": [{**use, "input": {"query": "q"}}, result, text]}
    call = {"type": "web_search_call", "id": "ws_1", "status": "completed"}
    call["action"] = {"type": "search", "query": "q"}
    (message,) = said["output"]
    cited = {"type": "url_citation", "url": URL, "title": "T", "start_index": 0, "end_index": 5}
    message = {**message, "content": [{**message["content"][0], "annotations": [cited]}]}
    return {**said, "output": [call, message]}


SEARCHES = {
    A: {
        "tools": [{"type": "web_search_20250305", "name": "web_search", "max_uses": 3}],
        "tool_choice": {"type": "tool", "name": "web_search"},
    },
    R: {"tools": [{"type": "web_search"}], "tool_choice": "required"},
    C: {"web_search_options": {}},
}


def search_streamed(upstream, said, events):
    """The same as a stream, which `events` is without the search."""
    if upstream == A:
        use, result, text = said["content"]
        asked = {"type": "input_json_delta", "partial_json": json.dumps(use["input"])}
        cited = {"type": "citations_delta", "citation": text["citations"][0]}
        stop = next(at for at, it in enumerate(events) if it["type"] == "content_block_stop")
        start = "content_block_start"
        return [
            events[0],
            {"type": start, "index": 0, "content_block": {**use, "input": {}}},
            {"type": "content_block_delta", "index": 0, "delta": asked},
            {"type": "content_block_stop", "index": 0},
            {"type": start, "index": 1, "content_block": result},
            {"type": "content_block_stop", "index": 1},
            *({**it, "index": 2} if "index" in it else it for it in events[1:stop]),
            {"type": "content_block_delta", "index": 2, "delta": cited},
            *({**it, "index": 2} if "index" in it else it for it in events[stop:]),
        ]
    call, message = said["output"]
    place = {"output_index": 0, "item_id": call["id"]}
    kinds = "response.web_search_call."
    (cited,) = message["content"][0]["annotations"]
    begun = {"output_index": 0, "item": {**call, "status": "in_progress"}}
    part = {"output_index": 1, "item_id": message["id"], "content_index": 0}
    annotation = {**part, "annotation_index": 0, "annotation": cited}
    done = next(at for at, it in enumerate(events) if it["type"] == "response.output_text.done")
    whole = [
        *events[:2],
        {"type": "response.output_item.added", **begun},
        *({"type": f"{kinds}{it}", **place} for it in ("in_progress", "searching", "completed")),
        {"type": "response.output_item.done", "output_index": 0, "item": call},
        *({**it, "output_index": 1} for it in events[2:done]),
        {"type": "response.output_text.annotation.added", **annotation},
        {**events[done], "output_index": 1},
        {**events[done + 1], "output_index": 1, "part": message["content"][0]},
        {**events[done + 2], "output_index": 1, "item": message},
        {**events[-1], "response": said},
    ]
    return [{**event, "sequence_number": n} for n, event in enumerate(whole)]


@pytest.mark.parametrize(("client", "upstream"), [(A, R), (C, R), (R, A), (C, A)])
async def test_a_search_that_the_vendor_makes(talk, vendors, frames, client, upstream, stream):
    """The program gets what was found, and no call that it should answer."""
    said = searched(upstream, vendors.whole(upstream, text="found it"))
    script = json_reply(200, said)
    if stream:
        events = search_streamed(upstream, said, vendors.stream(upstream, text="found it"))
        script = sse_reply([frames(events)])
    async with talk(client, upstream, script) as on:
        heard = await on.ask(HI, stream=stream, **SEARCHES[client])
    (tool,) = on.sent()["tools"]
    assert tool["type"].startswith("web_search")
    assert (heard.text, heard.calls) == ("found it", [])
    if client == C:
        (cited,) = heard.answer.choices[0].message.to_dict(warnings=False)["annotations"]
        assert cited["url_citation"]["url"] == URL
    if client == R:
        (cited,) = heard.answer.output[-1].content[0].annotations
        assert cited.url == URL
    ending = {C: "stop", R: "completed", A: "end_turn"}[client]
    assert ending in json.dumps(heard.answer.to_dict(warnings=False))
