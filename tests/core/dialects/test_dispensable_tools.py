import pytest

from lunaroute_core.dialects.dispensable_tools import is_dispensable
from lunaroute_core.model import (
    FunctionTool,
    HostedTool,
    NormalizedRequest,
    RequestSource,
    ToolChoice,
)

SEARCH = HostedTool(
    dialect="openai_responses", type="web_search_preview", config={}, name="web_search"
)


def request(*tools, choice=None):
    source = RequestSource(dialect="openai_responses")
    return NormalizedRequest(model="m", source=source, tools=[*tools], tool_choice=choice)


@pytest.mark.parametrize("mode", ["auto", "none", "required"])
def test_a_search_beside_a_function_is(mode):
    asked = request(FunctionTool(name="f"), SEARCH, choice=ToolChoice(mode=mode))
    assert is_dispensable(SEARCH, asked)
    assert is_dispensable(SEARCH, request(FunctionTool(name="f"), SEARCH))


def test_the_only_tool_is_not():
    assert not is_dispensable(SEARCH, request(SEARCH, SEARCH))


@pytest.mark.parametrize(
    "choice",
    [
        ToolChoice(mode="hosted", raw={"type": "web_search"}),
        ToolChoice(mode="named", names=["web_search"]),
        ToolChoice(mode="allowed"),
    ],
    ids=lambda choice: choice.mode,
)
def test_one_that_is_chosen_is_not(choice):
    assert not is_dispensable(SEARCH, request(FunctionTool(name="f"), SEARCH, choice=choice))


def test_a_tool_that_knows_what_nothing_else_does_is_not():
    files = HostedTool(dialect="openai_responses", type="file_search", config={})
    assert not is_dispensable(files, request(FunctionTool(name="f"), files))
