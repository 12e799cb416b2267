import pytest

from lunaroute_core.errors import InvalidRequestError

SEARCH = {"type": "web_search_20250305", "name": "web_search"}
PLACE = {"type": "approximate", "city": "Bern", "country": "CH"}


def test_chats_options_make_a_tool(chat):
    place = {"type": "approximate", "approximate": {"city": "Bern", "country": "CH"}}
    body, warnings = chat(web_search_options={"user_location": place, "search_context_size": None})
    assert body["tools"] == [{**SEARCH, "user_location": PLACE}]
    assert warnings == []
    assert chat(web_search_options={}).body["tools"] == [SEARCH]


@pytest.mark.parametrize("kind", ["web_search", "web_search_2025_08_26", "web_search_preview"])
def test_responses_tool_is_mapped(responses, kind):
    tool = {"type": kind, "user_location": PLACE, "filters": {"allowed_domains": ["x.org"]}}
    body, warnings = responses(tools=[tool])
    assert body["tools"] == [{**SEARCH, "allowed_domains": ["x.org"], "user_location": PLACE}]
    assert warnings == []


def test_other_options_are_dropped(responses, chat):
    tool = {"type": "web_search", "search_context_size": "low", "external_web_access": True}
    assert responses(tools=[tool]).warnings == [
        ("dropped", "tools[0].search_context_size"),
        ("dropped", "tools[0].external_web_access"),
    ]
    options = {"search_context_size": "low"}
    assert chat(web_search_options=options).warnings == [
        ("dropped", "web_search_options.search_context_size")
    ]


def test_no_search_of_the_live_web_is_made_of_one_that_is_not(responses):
    tool = {"type": "web_search", "external_web_access": False}
    with pytest.raises(InvalidRequestError, match="live web"):
        responses(tools=[tool])
    f = {"type": "function", "name": "f", "parameters": {"type": "object"}}
    body, warnings = responses(tools=[tool, f])
    assert [it["name"] for it in body["tools"]] == ["f"]
    assert warnings == [("dropped", "tools[0]")]


def test_other_filters_are_rejected(responses):
    tool = {"type": "web_search", "filters": {"blocked_domains": ["x.org"]}}
    with pytest.raises(InvalidRequestError) as caught:
        responses(tools=[tool])
    assert caught.value.details.param == "tools[0].filters.blocked_domains"


def test_models_without_a_search_reject_it(chat, responses):
    for client, fields, param in (
        (chat, {"web_search_options": {}}, "web_search_options"),
        (responses, {"tools": [{"type": "web_search"}]}, "tools[0]"),
    ):
        with pytest.raises(InvalidRequestError) as caught:
            client(known={"web_search": False}, **fields)
        assert caught.value.details.param == param
