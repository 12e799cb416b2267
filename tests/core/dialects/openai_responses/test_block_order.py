from lunaroute_core.dialects.openai_responses.block_order import BlockOrder
from lunaroute_core.model import BlockEnd, BlockStart, TextBlock, TextDelta


def replay(script):
    """`0( 0a 0)` opens block 0, adds `a`, ends it; `.` ends the answer."""
    order, written = BlockOrder(), []
    for word in script.split():
        if word == ".":
            events = order.rest()
        elif word.endswith("("):
            events = order.take(BlockStart(index=int(word[0]), block=TextBlock(text="")))
        elif word.endswith(")"):
            events = order.take(BlockEnd(index=int(word[0])))
        else:
            events = order.take(TextDelta(index=int(word[0]), text=word[1:]))
        written += [short(event) for event in events]
    return " ".join(written)


def short(event):
    match event:
        case BlockStart():
            return f"{event.index}("
        case BlockEnd():
            return f"{event.index})"
        case _:
            return f"{event.index}{event.text}"


def test_blocks_in_order_pass_at_once():
    assert replay("0( 0a 0) 1( 1b") == "0( 0a 0) 1( 1b"


def test_a_block_that_overlaps_waits():
    assert replay("0( 1( 1a 0b") == "0( 0b"
    assert replay("0( 1( 1a 0b 0) 1c 1)") == "0( 0b 0) 1( 1a 1c 1)"


def test_waiting_blocks_that_are_complete_pass_together():
    assert replay("0( 1( 1) 2( 2) 3( 0) 3a") == "0( 0) 1( 1) 2( 2) 3( 3a"


def test_at_the_end_everything_is_ended():
    assert replay("0( 1( 1a 2( 2) .") == "0( 0) 1( 1a 1) 2( 2)"
    assert replay(".") == ""
