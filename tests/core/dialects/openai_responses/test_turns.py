from lunaroute_core.dialects.openai_responses.input_items import InputItem
from lunaroute_core.dialects.openai_responses.turns import Turns
from lunaroute_core.model import TextBlock


def turns(*items):
    """Items as `role:text` or `role/phase:text`, turns as `role/phase:texts`."""
    conversation = Turns()
    for item in items:
        side, _, text = item.partition(":")
        role, _, phase = side.partition("/")
        block = TextBlock(text=text)
        conversation.add(InputItem(role=role, blocks=[block], phase=phase or None))
    lines = [
        f"{turn.role}{'/' + turn.phase if turn.phase else ''}:"
        + " ".join(block.text for block in turn.blocks)
        for turn in conversation.turns
    ]
    return [block.text for block in conversation.instructions], lines


def test_only_leading_system_items_are_instructions():
    assert turns("system:A", "system:B", "user:c", "system:D", "user:e") == (
        ["A", "B"],
        ["user:c", "system:D", "user:e"],
    )


def test_assistant_and_tool_items_in_a_row_are_one_turn():
    assert turns("user:a", "user:b", "assistant:c", "assistant:d", "tool:e", "tool:f")[1] == [
        "user:a",
        "user:b",
        "assistant:c d",
        "tool:e f",
    ]


def test_a_phase_covers_the_items_around_its_message():
    assert turns("assistant:thought", "assistant/commentary:a", "assistant:call")[1] == [
        "assistant/commentary:thought a call"
    ]


def test_another_phase_is_another_turn():
    assert turns("assistant/commentary:a", "assistant/final_answer:b")[1] == [
        "assistant/commentary:a",
        "assistant/final_answer:b",
    ]


def test_an_empty_text_adds_no_turn():
    conversation = Turns()
    conversation.add_text("")
    assert conversation.turns == []
