import msgspec
import pytest

from lunaroute_core.answer_stages import staged_response
from lunaroute_core.dialects.openai_responses.namespaces import (
    read_tools,
    write_answer_tools,
    write_request_tools,
)
from lunaroute_core.dialects.registry import dialect_named
from lunaroute_core.errors import InvalidRequestError
from lunaroute_core.model import (
    CustomTool,
    FunctionTool,
    HostedTool,
    NormalizedResponse,
    ToolCallBlock,
    ToolNamespace,
)
from lunaroute_core.translation import Translation

SPAWN = {"type": "function", "name": "spawn", "strict": False, "parameters": {"type": "object"}}
NOTE = {"type": "custom", "name": "note"}
AGENTS = {
    "type": "namespace",
    "name": "agents",
    "description": "Others.",
    "tools": [SPAWN, NOTE],
    "new": 1,
}


def test_the_tools_of_a_namespace_are_tools_that_know_it():
    spawn, note = read_tools([AGENTS])
    namespace = ToolNamespace(
        name="agents", description="Others.", extensions={"openai_responses": {"new": 1}}
    )
    assert spawn == FunctionTool(
        name="spawn", schema={"type": "object"}, strict=False, namespace=namespace
    )
    assert note == CustomTool(name="note", namespace=namespace)


def test_namespaces_are_written_as_they_were_and_where_they_were():
    bare = {"type": "namespace", "name": "b", "description": None, "tools": [SPAWN]}
    tools = [SPAWN, AGENTS, bare, NOTE, {"type": "web_search"}]
    assert write_request_tools(read_tools(tools)) == tools


def test_answers_echo_namespaces_but_no_other_vendors_tools():
    tools = read_tools([AGENTS, {"type": "web_search"}])
    tools.append(HostedTool(dialect="other", type="x", config={"type": "x"}))
    agents, search = write_answer_tools(tools)
    assert (agents["name"], [tool["name"] for tool in agents["tools"]]) == (
        "agents",
        ["spawn", "note"],
    )
    assert search == {"type": "web_search"}


@pytest.mark.parametrize("tools", [[], [SPAWN, {"type": "new"}]])
def test_what_holds_no_or_not_only_a_clients_tools_is_kept_whole(tools):
    raw = {"type": "namespace", "name": "n", "description": "d", "tools": tools}
    (tool,) = read_tools([raw])
    assert tool == HostedTool(dialect="openai_responses", type="namespace", config=raw, name="n")
    assert write_request_tools([tool]) == [raw]


@pytest.mark.parametrize(
    ("raw", "param"),
    [
        ({"type": "namespace", "tools": []}, "tools[0].name"),
        ({"type": "namespace", "name": "n", "tools": {}}, "tools[0].tools"),
        ({"type": "namespace", "name": "n", "tools": [{"x": 1}]}, "tools[0].tools[0].type"),
        ({"x": 1}, "tools[0].type"),
    ],
)
def test_a_malformed_tool_is_named(raw, param):
    with pytest.raises(InvalidRequestError) as caught:
        read_tools([raw])
    assert caught.value.details.param == param


CODEX = {
    "tools": [AGENTS],
    "input": [
        {"role": "user", "content": "hi"},
        {
            "type": "function_call",
            "call_id": "c",
            "name": "spawn",
            "namespace": "agents",
            "arguments": "{}",
        },
        {"type": "function_call_output", "call_id": "c", "output": "done"},
    ],
}


def test_calls_name_their_namespace(decode, rewritten):
    request = decode(CODEX)
    assert request.turns[1].blocks[0].namespace == "agents"
    assert rewritten(request) == {"model": "gpt-5", **CODEX}


@pytest.mark.parametrize("upstream", ["openai_chat", "anthropic_messages"])
def test_other_dialects_get_the_namespace_in_the_name_and_clients_get_it_back(
    decode, answers, upstream
):
    request = decode(CODEX)
    translation = Translation()
    body = dialect_named(upstream).requests.encode(request, translation)
    assert body.count(b'"agents__spawn"') == 2
    call = ToolCallBlock(id="c2", name="agents__spawn", raw_arguments="{}")
    answer = NormalizedResponse(id="a", model="m", blocks=[call])
    answer = staged_response(answer, translation.stages)
    (item,) = msgspec.json.decode(answers.encode(answer, request=request))["output"]
    assert (item["name"], item["namespace"]) == ("spawn", "agents")
