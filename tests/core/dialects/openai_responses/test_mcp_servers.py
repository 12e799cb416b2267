import pytest

SERVER = {"type": "url", "name": "docs", "url": "https://docs.example/mcp"}
TOOLSET = {"type": "mcp_toolset", "mcp_server_name": "docs"}
WRITTEN = {
    "type": "mcp",
    "server_label": "docs",
    "server_url": "https://docs.example/mcp",
    "require_approval": "never",
}
FUNCTION = {"name": "f", "input_schema": {"type": "object", "properties": {}}}


def hosted(body):
    return [tool for tool in body["tools"] if tool["type"] == "mcp"]


def test_a_toolset_and_its_server_are_one_tool_in_its_place(anthropic):
    server = {**SERVER, "authorization_token": "t0ken"}
    body, warnings = anthropic(mcp_servers=[server], tools=[TOOLSET, FUNCTION])
    assert [tool["type"] for tool in body["tools"]] == ["mcp", "function"]
    assert body["tools"][0] == {**WRITTEN, "authorization": "t0ken"}
    assert warnings == []


@pytest.mark.parametrize(
    ("configuration", "offered"),
    [
        (None, [WRITTEN]),
        ({"enabled": True}, [WRITTEN]),
        ({"allowed_tools": ["a", "b"]}, [{**WRITTEN, "allowed_tools": ["a", "b"]}]),
    ],
)
def test_servers_of_the_first_beta_say_themselves_what_they_offer(
    anthropic, configuration, offered
):
    server = {**SERVER, "tool_configuration": configuration}
    assert hosted(anthropic(mcp_servers=[server])[0]) == offered


def test_a_server_that_is_turned_off_offers_nothing(anthropic):
    server = {**SERVER, "tool_configuration": {"enabled": False}}
    assert "tools" not in anthropic(mcp_servers=[server])[0]


OFF, ON = {"enabled": False}, {"enabled": True}
LISTING = [{"name": name, "input_schema": {}} for name in "abc"]


@pytest.mark.parametrize(
    ("toolset", "allowed"),
    [
        ({"default_config": OFF, "configs": {"a": ON, "b": OFF, "c": {}}}, ["a"]),
        ({"default_config": OFF}, []),
        ({"tools": LISTING}, ["a", "b", "c"]),
        ({"tools": LISTING, "configs": {"b": OFF}}, ["a", "c"]),
        ({"tools": LISTING, "default_config": OFF, "configs": {"b": ON, "z": ON}}, ["b"]),
    ],
)
def test_the_tools_of_a_server_that_are_offered(anthropic, toolset, allowed):
    body, warnings = anthropic(mcp_servers=[SERVER], tools=[{**TOOLSET, **toolset}])
    assert hosted(body) == [{**WRITTEN, "allowed_tools": allowed}]
    assert warnings == []


def test_all_tools_but_some_cannot_be_offered(anthropic, refusal):
    toolset = {**TOOLSET, "configs": {"a": OFF}}
    assert refusal(anthropic, mcp_servers=[SERVER], tools=[toolset]) == "tools[0].configs"


@pytest.mark.parametrize("place", ["default_config", "configs"])
def test_deferred_tools_are_offered_at_once(anthropic, place):
    deferred = {"defer_loading": True}
    toolset = {**TOOLSET, place: deferred if place == "default_config" else {"a": deferred}}
    body, warnings = anthropic(mcp_servers=[SERVER], tools=[toolset])
    assert hosted(body) == [WRITTEN]
    assert warnings == [("dropped", "tools[0].defer_loading")]


def test_labels_have_names_that_openai_takes(anthropic):
    label = hosted(anthropic(mcp_servers=[{**SERVER, "name": "My docs (β)"}])[0])[0]["server_label"]
    assert label.startswith("My_docs")
    assert label.replace("_", "").isalnum()
    assert label.isascii()


@pytest.mark.parametrize(
    "servers", [["docs"], [{**SERVER, "type": "stdio"}], [{"type": "url", "name": "docs"}], "docs"]
)
def test_what_is_no_server_is_rejected(anthropic, refusal, servers):
    assert refusal(anthropic, mcp_servers=servers) == "mcp_servers[0]"


def test_a_toolset_without_its_server_is_rejected(anthropic, refusal):
    assert refusal(anthropic, tools=[FUNCTION, TOOLSET]) == "tools[1]"
    assert refusal(anthropic, mcp_servers=[SERVER], tools=[TOOLSET, TOOLSET]) == "tools[1]"
