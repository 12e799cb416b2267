"""Items of blocks that were not read from items: reading is the other tests' way to writing."""

from lunaroute_core.dialects.openai_responses.input_items import read_item
from lunaroute_core.dialects.openai_responses.input_writer import write_items
from lunaroute_core.dialects.openai_responses.turns import Turns
from lunaroute_core.model import (
    CacheMark,
    ImageBlock,
    Message,
    TextBlock,
    ToolCallBlock,
    ToolResultBlock,
    UrlSource,
)
from lunaroute_core.request_limits import DEFAULT_LIMITS


def text(words, **fields):
    return TextBlock(text=words, **fields)


def message(role, *words):
    kind = "output_text" if role == "assistant" else "input_text"
    parts = [{"type": kind, "text": word} for word in words]
    return {"type": "message", "role": role, "content": parts}


def read(*items):
    turns = Turns()
    for item in items:
        turns.add(read_item(item, param="input", limits=DEFAULT_LIMITS))
    return turns


def test_parts_without_an_item_are_a_message_of_their_turn():
    turns = [
        Message(role="user", blocks=[text("a"), text("b")]),
        Message(role="user", blocks=[text("c")]),
        Message(role="system", blocks=[text("d")]),
        Message(role="assistant", blocks=[text("e")]),
    ]
    assert write_items([text("s")], turns) == [
        message("developer", "s"),
        message("user", "a", "b"),
        message("user", "c"),
        message("developer", "d"),
        {"type": "message", "role": "assistant", "content": "e"},
    ]


def test_parts_do_not_cross_calls_and_outputs():
    call = ToolCallBlock(id="c", name="f", raw_arguments="{}")
    result = ToolResultBlock(call_id="c", blocks=[text("r")])
    turns = [
        Message(role="assistant", blocks=[text("a"), call, text("b")]),
        Message(role="tool", blocks=[result, text("c")]),
    ]
    assert write_items([], turns) == [
        {"type": "message", "role": "assistant", "content": "a"},
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
        {"type": "message", "role": "assistant", "content": "b"},
        {
            "type": "function_call_output",
            "call_id": "c",
            "output": [{"type": "input_text", "text": "r"}],
        },
        message("user", "c"),
    ]


def test_what_is_added_to_a_message_that_was_a_string_makes_it_a_list():
    """As a layer does that puts a note behind what the user wrote."""
    turns = read({"role": "user", "content": "a"}).turns
    turns[0].blocks.append(text("b"))
    assert write_items([], turns) == [
        {"role": "user", "content": message("user", "a", "b")["content"]}
    ]


def test_a_turn_that_is_put_between_is_a_message_of_its_own():
    turns = read({"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}).turns
    turns.insert(1, Message(role="user", blocks=[text("x")]))
    assert write_items([], turns)[1] == message("user", "x")
    assert len(write_items([], turns)) == 3


def test_a_string_that_is_marked_or_no_text_any_more_is_a_list():
    turns = read({"role": "user", "content": "a"}).turns
    block = turns[0].blocks[0]
    block.cache = CacheMark(ttl="30m")
    (item,) = write_items([], turns)
    mark = {"mode": "explicit", "ttl": "30m"}
    assert item["content"] == [{"type": "input_text", "text": "a", "prompt_cache_breakpoint": mark}]
    image = ImageBlock(source=UrlSource(url="https://a"), extensions=block.extensions)
    turns[0].blocks = [image]
    (item,) = write_items([], turns)
    assert item["content"] == [{"type": "input_image", "image_url": "https://a"}]


def test_an_output_that_is_marked_is_a_list():
    item = {"type": "function_call_output", "call_id": "c", "output": "a"}
    turns = read(item).turns
    assert write_items([], turns) == [item]
    turns[0].blocks[0].blocks[0].cache = CacheMark()
    (written,) = write_items([], turns)
    assert written["output"][0]["prompt_cache_breakpoint"] == {"mode": "explicit"}
