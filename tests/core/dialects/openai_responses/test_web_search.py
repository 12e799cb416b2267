import pytest

SEARCH = {"type": "web_search_20250305", "name": "web_search"}
SERVER = {"type": "url", "name": "x", "url": "https://x"}


def test_a_search_with_its_domains_and_a_place(anthropic):
    place = {"type": "approximate", "city": "Rome", "country": "IT", "region": None}
    body, warnings = anthropic(
        tools=[{**SEARCH, "allowed_domains": ["a.b"], "user_location": place}]
    )
    assert body["tools"] == [
        {
            "type": "web_search",
            "filters": {"allowed_domains": ["a.b"]},
            "user_location": {"type": "approximate", "city": "Rome", "country": "IT"},
        }
    ]
    assert warnings == []


def test_chats_search_options_are_a_tool(chat):
    place = {"type": "approximate", "approximate": {"city": "Rome"}}
    body, warnings = chat(web_search_options={"search_context_size": "low", "user_location": place})
    assert body["tools"] == [
        {
            "type": "web_search",
            "search_context_size": "low",
            "user_location": {"type": "approximate", "city": "Rome"},
        }
    ]
    assert warnings == []
    empty = chat(web_search_options={"search_context_size": None, "user_location": None})
    assert empty[0]["tools"] == [{"type": "web_search"}]


def test_domains_that_are_to_be_left_out_are_rejected(anthropic, refusal):
    tools = [{**SEARCH, "blocked_domains": ["a.b"]}]
    assert refusal(anthropic, tools=tools) == "tools[0].blocked_domains"


def test_options_that_openai_does_not_have_are_dropped(anthropic, chat):
    assert anthropic(tools=[{**SEARCH, "strict": True}])[1] == [("dropped", "tools[0].strict")]
    assert chat(web_search_options={"new": 1})[1] == [("dropped", "web_search_options.new")]


def test_the_uses_of_the_only_hosted_tool_are_limited(anthropic):
    tool = {"name": "f", "input_schema": {"type": "object"}}
    body, warnings = anthropic(tools=[tool, {**SEARCH, "max_uses": 3}])
    assert body["max_tool_calls"] == 3
    assert warnings == []


def test_a_limit_would_count_the_calls_of_other_tools_too(anthropic):
    body, warnings = anthropic(tools=[{**SEARCH, "max_uses": 3}], mcp_servers=[SERVER])
    assert "max_tool_calls" not in body
    assert warnings == [("dropped", "tools[0].max_uses")]


@pytest.mark.parametrize("model", ["llama-4", "gpt-oss-120b", "gpt-4.1-nano"])
def test_models_without_web_search_reject_it(anthropic, chat, refusal, model):
    assert refusal(anthropic, tools=[SEARCH], model=model) == "tools[0]"
    assert refusal(chat, web_search_options={}, model=model) == "web_search_options"
