import pytest

from lunaroute_core.dialects.openai_responses.call_results import CallResults
from lunaroute_core.dialects.openai_vendor.adaptation import Adaptation
from lunaroute_core.dialects.tool_ids import ToolNames
from lunaroute_core.errors import InvalidRequestError
from lunaroute_core.model import Message, TextBlock, ToolCallBlock, ToolResultBlock
from lunaroute_core.translation import Translation


def call(identity, **fields):
    return ToolCallBlock(id=identity, name="f", **fields)


def result(identity, words="done"):
    return ToolResultBlock(call_id=identity, blocks=[TextBlock(text=words)])


def among(*blocks):
    roles = {ToolCallBlock: "assistant", ToolResultBlock: "tool"}
    turns = [Message(role=roles[type(block)], blocks=[block]) for block in blocks]
    translation = Translation()
    names = ToolNames(limit=64)
    adaptation = Adaptation(dialect="openai_chat", translation=translation, names=names)
    return CallResults.among(turns, adaptation), translation


def test_a_result_is_of_its_calls_kind():
    custom, function = result("a"), result("b")
    results, _ = among(call("a", tool_kind="custom"), call("b"), custom, function)
    assert (results.kind_of(custom), results.kind_of(function)) == ("custom", "function")


def test_a_used_id_may_be_used_again():
    first, second = result("a"), result("a")
    results, translation = among(call("a"), first, call("a", tool_kind="custom"), second)
    assert (results.kind_of(first), results.kind_of(second)) == ("function", "custom")
    assert not results.is_superseded(first)
    assert translation.warnings == []


def test_of_two_results_for_a_call_the_last_counts():
    old, new = result("a", "old"), result("a", "new")
    results, translation = among(call("a"), old, new)
    assert results.is_superseded(old)
    assert not results.is_superseded(new)
    assert [(it.outcome, it.param) for it in translation.warnings] == [("dropped", "messages")]


@pytest.mark.parametrize(
    "blocks",
    [
        [call("a")],
        [result("a")],
        [result("a"), call("a")],
        [call("a"), call("a"), result("a")],
        [call("a"), result("b")],
    ],
)
def test_calls_without_results_and_results_without_calls_are_rejected(blocks):
    with pytest.raises(InvalidRequestError) as caught:
        among(*blocks)
    assert caught.value.details.param == "messages"
