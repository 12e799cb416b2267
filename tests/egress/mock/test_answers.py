"""What each simulated model says, as a readable list of conversations."""

import jsonschema
import msgspec
import pytest

from lunaroute_core.model import (
    CustomTool,
    FinishReason,
    FunctionTool,
    HostedTool,
    ImageBlock,
    Limits,
    Message,
    NormalizedRequest,
    ReasoningBlock,
    RequestSource,
    StreamOptions,
    TextBlock,
    ToolCallBlock,
    ToolChoice,
    ToolResultBlock,
    UrlSource,
)
from lunaroute_egress.mock.answers import (
    DEFAULT_TEXT,
    NO_TOOLS_TEXT,
    THINKING_TEXT,
    call_tools,
    echo,
    fingerprint,
    scripted,
    think,
)
from lunaroute_egress.mock.options import MockOptions, ScriptedAnswer, ScriptedCall

WEATHER = FunctionTool(
    name="weather",
    schema={
        "type": "object",
        "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 2}},
        "required": ["city", "days"],
        "additionalProperties": False,
    },
)
PATCH = CustomTool(name="patch")
SEARCH = HostedTool(dialect="openai_responses", type="web_search", config={})
NOTHING = MockOptions()


def said(role, text):
    return Message(role=role, blocks=[TextBlock(text=text)])


def result(call_id, text):
    return ToolResultBlock(call_id=call_id, blocks=[TextBlock(text=text)])


def conversation(*turns, **fields):
    source = RequestSource(dialect="openai_chat")
    return NormalizedRequest(model="m", source=source, turns=list(turns), **fields)


def texts(answer):
    return [block.text for block in answer.blocks if isinstance(block, TextBlock)]


def calls(answer):
    return [block.name for block in answer.blocks if isinstance(block, ToolCallBlock)]


def test_echo_repeats_the_last_user_text():
    asked = conversation(said("user", "one"), said("assistant", "two"), said("user", "three"))
    assert texts(echo(asked, NOTHING)) == ["three"]


def test_echo_joins_texts_and_passes_over_images():
    image = ImageBlock(source=UrlSource(url="https://example.com/a.png"))
    turn = Message(role="user", blocks=[TextBlock(text="a"), image, TextBlock(text="b")])
    assert texts(echo(conversation(turn), NOTHING)) == ["a\nb"]


def test_echo_of_nothing_is_empty():
    assert texts(echo(conversation(said("system", "be kind")), NOTHING)) == [""]


def test_text_without_a_script_says_its_sentence():
    answer = scripted(conversation(said("user", "hi")), NOTHING)
    assert texts(answer) == [DEFAULT_TEXT]
    assert answer.finish.reason is FinishReason.STOP


@pytest.mark.parametrize(
    ("history", "text"),
    [
        ("u", "first"),
        ("uau", "second"),
        ("uaau", "second"),
        ("uauau", "first"),
    ],
)
def test_the_script_follows_the_number_of_answers_given(history, text):
    roles = {"u": "user", "a": "assistant"}
    turns = [said(roles[letter], "…") for letter in history]
    options = MockOptions(script=[ScriptedAnswer(text="first"), ScriptedAnswer(text="second")])
    assert texts(scripted(conversation(*turns), options)) == [text]


def test_a_scripted_answer_holds_thinking_text_and_calls_in_order():
    answer = ScriptedAnswer(
        thinking="hm",
        text="one moment",
        tool_calls=[ScriptedCall(name="weather", arguments={"city": "Oslo"})],
    )
    blocks = scripted(conversation(said("user", "hi")), MockOptions(script=[answer])).blocks
    assert [type(block) for block in blocks] == [ReasoningBlock, TextBlock, ToolCallBlock]
    assert blocks[0].parts == ["hm"]
    assert blocks[2].arguments == msgspec.json.decode(blocks[2].raw_arguments) == {"city": "Oslo"}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (ScriptedAnswer(text="a"), FinishReason.STOP),
        (ScriptedAnswer(tool_calls=[ScriptedCall(name="t")]), FinishReason.TOOL_CALLS),
        (ScriptedAnswer(text="a", finish_reason=FinishReason.REFUSAL), FinishReason.REFUSAL),
    ],
)
def test_a_scripted_finish_follows_from_the_content_unless_given(answer, reason):
    finish = scripted(conversation(said("user", "hi")), MockOptions(script=[answer])).finish
    assert finish.reason is reason


def test_tools_calls_the_first_client_tool_with_conforming_arguments():
    asked = conversation(said("user", "hi"), tools=[SEARCH, WEATHER, PATCH])
    answer = call_tools(asked, NOTHING)
    (call,) = answer.blocks
    assert call.name == "weather"
    jsonschema.validate(msgspec.json.decode(call.raw_arguments), WEATHER.schema)
    assert answer.finish.reason is FinishReason.TOOL_CALLS


def test_a_custom_tool_gets_free_text():
    (call,) = call_tools(conversation(said("user", "hi"), tools=[PATCH]), NOTHING).blocks
    assert (call.tool_kind, call.raw_arguments) == ("custom", "input for patch")


def test_a_tool_without_a_schema_is_called_with_no_arguments():
    asked = conversation(said("user", "hi"), tools=[FunctionTool(name="now")])
    assert call_tools(asked, NOTHING).blocks[0].raw_arguments == "{}"


@pytest.mark.parametrize(
    ("choice", "names"),
    [
        (ToolChoice(mode="auto"), ["weather"]),
        (ToolChoice(mode="required"), ["weather"]),
        (ToolChoice(mode="named", names=["patch"]), ["patch"]),
        (ToolChoice(mode="allowed", names=["patch"]), ["patch"]),
        (ToolChoice(mode="none"), []),
        (ToolChoice(mode="hosted", raw={"type": "web_search"}), []),
    ],
)
def test_the_tool_choice_is_respected(choice, names):
    asked = conversation(said("user", "hi"), tools=[WEATHER, PATCH], tool_choice=choice)
    assert calls(call_tools(asked, NOTHING)) == names


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({}, ["weather", "patch", "weather"]),
        ({"parallel_tool_calls": False}, ["weather"]),
        ({"limits": Limits(max_tool_calls=2)}, ["weather", "patch"]),
    ],
)
def test_parallel_calls_take_the_tools_in_turn(fields, names):
    asked = conversation(said("user", "hi"), tools=[WEATHER, PATCH], **fields)
    answer = call_tools(asked, MockOptions(parallel_calls=3))
    assert calls(answer) == names
    assert len({block.id for block in answer.blocks}) == len(names)


def test_a_tool_loop_ends_with_text_that_quotes_every_result():
    asked = conversation(
        said("user", "hi"),
        Message(role="assistant", blocks=[ToolCallBlock(id="a", name="weather")]),
        Message(role="tool", blocks=[result("a", "rain"), result("b", "sun")]),
        tools=[WEATHER],
    )
    assert texts(call_tools(asked, NOTHING)) == ["The tool answered: rain\nsun"]


def test_the_next_question_starts_another_tool_loop():
    asked = conversation(
        Message(role="tool", blocks=[result("a", "rain")]),
        said("assistant", "It rains."),
        said("user", "and tomorrow?"),
        tools=[WEATHER],
    )
    assert calls(call_tools(asked, NOTHING)) == ["weather"]


def test_without_tools_it_says_so():
    assert texts(call_tools(conversation(said("user", "hi")), NOTHING)) == [NO_TOOLS_TEXT]


def test_thinking_comes_before_the_text_and_is_signed():
    thought, text = think(conversation(said("user", "hi")), NOTHING).blocks
    assert thought.parts == [THINKING_TEXT]
    assert thought.opaque
    assert thought.origin.dialect == "openai_chat"
    assert text.text == DEFAULT_TEXT


def test_scripted_thinking_is_not_doubled():
    options = MockOptions(script=[ScriptedAnswer(thinking="hm", text="a")])
    blocks = think(conversation(said("user", "hi")), options).blocks
    assert [type(block) for block in blocks] == [ReasoningBlock, TextBlock]


def test_equal_requests_have_one_fingerprint_streamed_or_not():
    whole = conversation(said("user", "hi"))
    streamed = conversation(said("user", "hi"), stream=StreamOptions(enabled=True))
    assert fingerprint(whole) == fingerprint(streamed)
    assert fingerprint(whole) != fingerprint(conversation(said("user", "hi!")))
