"""The rules by which upstreams in tests refuse requests do refuse."""

import pytest

C, R, A = "openai_chat", "openai_responses", "anthropic_messages"
HI = {"role": "user", "content": "Hi"}
OPEN = {"type": "object", "properties": {"a": {"type": "string"}}}
CLOSED = {**OPEN, "required": ["a"], "additionalProperties": False}


def chat(*messages, **fields):
    return {"model": "m", "messages": [HI, *messages], **fields}


def chat_tool(schema=OPEN, name="f", **fields):
    return {"type": "function", "function": {"name": name, "parameters": schema, **fields}}


def chat_call(*ids):
    function = {"name": "f", "arguments": "{}"}
    calls = [{"id": it, "type": "function", "function": function} for it in ids]
    return {"role": "assistant", "tool_calls": calls}


def chat_result(call_id):
    return {"role": "tool", "tool_call_id": call_id, "content": "ok"}


def responses(*items, **fields):
    return {"model": "m", "input": [HI, *items], **fields}


def item(kind, **fields):
    return {"type": kind, **fields}


CALL = item("function_call", call_id="c", name="f", arguments="{}")
RESULT = item("function_call_output", call_id="c", output="ok")
REASONING = item("reasoning", id="rs_1", summary=[], encrypted_content="x")


def response_tool(schema=OPEN, **fields):
    return item("function", name="f", parameters=schema, **fields)


def messages(*turns, **fields):
    return {"model": "m", "max_tokens": 2048, "messages": [HI, *turns], **fields}


def said(*blocks, role="assistant"):
    return {"role": role, "content": [*blocks]}


USE = item("tool_use", id="c", name="f", input={})
TOLD = item("tool_result", tool_use_id="c", content="ok")
TEXT = item("text", text="Hi")
TOOL = {"name": "f", "input_schema": OPEN}
MARK = {"cache_control": {"type": "ephemeral"}}

FINE = {
    C: [
        chat(chat_call("a", "b"), chat_result("b"), chat_result("a"), tools=[chat_tool()]),
        chat(tools=[chat_tool(CLOSED, strict=True)], tool_choice="auto"),
    ],
    R: [
        responses(REASONING, CALL, RESULT, tools=[response_tool(strict=False)]),
        responses(tools=[response_tool(CLOSED, strict=True)], max_output_tokens=16),
    ],
    A: [
        messages(said(TEXT, USE), said(TOLD, TEXT, role="user"), tools=[TOOL]),
        messages({"role": "system", "content": "Now."}, thinking={"type": "adaptive"}),
    ],
}
WRONG = {
    C: {
        "unknown field": chat(madness=1),
        "Input should be": chat({"role": "tester", "content": "Hi"}),
        "had no result": chat(chat_call("a"), HI),
        "a result of no call": chat(chat_result("a")),
        "two calls with one id": chat(chat_call("a", "a"), chat_result("a"), chat_result("a")),
        "id ": chat(chat_call("a" * 41), chat_result("a" * 41)),
        "no content": chat({"role": "assistant", "content": None}),
        "a tool choice without tools": chat(tool_choice="auto"),
        "tool name": chat(tools=[chat_tool(name="a b")]),
        "two tools": chat(tools=[chat_tool(), chat_tool()]),
        "the schema is not strict": chat(tools=[chat_tool(strict=True)]),
        "stream_options": chat(stream_options={"include_usage": True}),
        "more than four": chat(stop=list("abcde")),
    },
    R: {
        "unknown field": responses(stop=["a"]),
        "had no result": responses(CALL),
        "a result of no call": responses(RESULT),
        "begins with": responses({**CALL, "id": "call_1"}, RESULT),
        "longer than 64": responses({**CALL, "call_id": "c" * 65}),
        "of assistant": responses(said(item("input_text", text="a"))),
        "nobody stored": responses({**REASONING, "encrypted_content": None}, CALL, RESULT),
        "without the item": responses(REASONING, HI),
        "the schema is not strict": responses(tools=[response_tool(strict=True)]),
        "below 16": responses(max_output_tokens=15),
    },
    A: {
        "unknown field": messages(madness=1),
        "of calls": messages(said(USE), HI),
        "had no result": messages(said(USE)),
        "do not come first": messages(said(USE), said(TEXT, TOLD, role="user")),
        "not the user's": {**messages(), "messages": [said(TEXT)]},
        "id ": messages(
            said({**USE, "id": "a.b"}), said({**TOLD, "tool_use_id": "a.b"}, role="user")
        ),
        "an empty text": messages(said({**TEXT, "text": " "})),
        "empty content": messages({"role": "assistant", "content": ""}),
        "no object": messages(tools=[{**TOOL, "input_schema": {**OPEN, "anyOf": []}}]),
        "supported subset": messages(
            output_config={"format": {"type": "json_schema", "schema": OPEN}}
        ),
        "cache_control: more": messages(said(*[{**TEXT, **MARK}] * 5)),
        "only white space": messages(stop_sequences=["\n"]),
        "between 1024": messages(thinking={"type": "enabled", "budget_tokens": 4096}),
        "forces a tool": messages(
            tools=[TOOL],
            tool_choice={"type": "any"},
            thinking={"type": "enabled", "budget_tokens": 1024},
        ),
        "none may be": messages({"role": "system", "content": "Now."}, HI),
        "above 1": messages(temperature=1.5),
    },
}


def refused(refusals, dialect, body):
    version = "2023-06-01" if dialect == A else None
    return refusals(dialect, body, version=version)


@pytest.mark.parametrize(("dialect", "body"), [(it, one) for it in FINE for one in FINE[it]])
def test_what_is_fine_is_accepted(refusals, dialect, body):
    assert refused(refusals, dialect, body) == []


@pytest.mark.parametrize(("dialect", "why"), [(it, why) for it in WRONG for why in WRONG[it]])
def test_what_is_wrong_is_refused(refusals, dialect, why):
    assert any(why in it for it in refused(refusals, dialect, WRONG[dialect][why]))


def test_the_version_is_anthropics(refusals):
    assert refusals(A, messages()) == ["anthropic-version: None"]
    assert refusals(C, chat(), version="2023-06-01") == ["anthropic-version: 2023-06-01"]
    newer = refusals(A, messages(temperature=1), version="2026-10-21")
    assert newer == [".temperature: unknown field"]
