import msgspec
import pytest

from lunaroute_core.dialects.anthropic_messages import ANTHROPIC_MESSAGES
from lunaroute_core.errors import InvalidRequestError
from lunaroute_core.model import (
    FunctionTool,
    Message,
    NormalizedRequest,
    Origin,
    Reasoning,
    ReasoningBlock,
    RequestSource,
    TextBlock,
    ToolCallBlock,
    ToolResultBlock,
)
from lunaroute_core.translation import Translation

FOREIGN = ReasoningBlock(opaque="e", origin=Origin(dialect="openai_responses"))


def encoded(*turns, strict=False):
    request = NormalizedRequest(
        model="m", source=RequestSource(dialect="anthropic_messages"), turns=list(turns)
    )
    translation = Translation(strict=strict)
    body = msgspec.json.decode(ANTHROPIC_MESSAGES.requests.encode(request, translation))
    return body["messages"], [warning.param for warning in translation.warnings]


def test_reasoning_of_another_origin_does_not_go_to_anthropic():
    said = Message(role="assistant", blocks=[FOREIGN, TextBlock(text="x")])
    messages, warnings = encoded(said, Message(role="assistant", blocks=[FOREIGN]))
    assert messages == [{"role": "assistant", "content": [{"type": "text", "text": "x"}]}]
    assert warnings == ["messages[].content"]
    assert said.blocks[0] is FOREIGN


def test_strict_translation_refuses_it():
    with pytest.raises(InvalidRequestError) as caught:
        encoded(Message(role="assistant", blocks=[FOREIGN]), strict=True)
    assert caught.value.details.param == "messages[].content"


def test_reasoning_without_an_origin_is_the_clients_own():
    block = ReasoningBlock(parts=["Hm."], opaque="s")
    messages, warnings = encoded(Message(role="assistant", blocks=[block]))
    assert messages[0]["content"] == [{"type": "thinking", "thinking": "Hm.", "signature": "s"}]
    assert warnings == []


@pytest.mark.parametrize("dialect", ["anthropic_messages", "openai_chat"])
def test_a_request_that_is_nested_too_deeply_is_refused(dialect):
    schema = {"type": "object"}
    for _ in range(5000):
        schema = {"type": "object", "properties": {"a": schema}}
    request = NormalizedRequest(
        model="m",
        source=RequestSource(dialect=dialect),
        turns=[Message(role="user", blocks=[TextBlock(text="x")])],
        tools=[FunctionTool(name="f", schema=schema, strict=True)],
    )
    with pytest.raises(InvalidRequestError, match="nested too deeply"):
        ANTHROPIC_MESSAGES.requests.encode(request, Translation())


@pytest.mark.parametrize(
    ("said", "reasoning", "kept"),
    [
        ([FOREIGN], Reasoning(mode="enabled", budget_tokens=2048), False),
        ([], Reasoning(mode="enabled", budget_tokens=2048), False),
        ([], Reasoning(mode="adaptive"), True),
        ([ReasoningBlock(opaque="s")], Reasoning(mode="enabled", budget_tokens=2048), True),
    ],
    ids=["foreign", "none", "adaptive", "own"],
)
def test_a_budget_for_thinking_goes_with_the_thinking_before_calls(said, reasoning, kept):
    """Anthropic refuses the one without the other; that the client was given other reasoning to
    keep is no fault of its."""
    call = ToolCallBlock(id="c", name="f", raw_arguments="{}", arguments={})
    request = NormalizedRequest(
        model="m",
        source=RequestSource(dialect="anthropic_messages"),
        turns=[
            Message(role="assistant", blocks=[*said, call]),
            Message(role="tool", blocks=[ToolResultBlock(call_id="c")]),
        ],
        reasoning=reasoning,
    )
    translation = Translation()
    body = msgspec.json.decode(ANTHROPIC_MESSAGES.requests.encode(request, translation))
    assert ("thinking" in body) is kept
    warned = [warning.param for warning in translation.warnings]
    assert ("thinking" in warned) is not kept
