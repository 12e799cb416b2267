import pytest
from hypothesis import given
from hypothesis import strategies as st

from lunaroute_core.dialects.block_order import BlockOrder
from lunaroute_core.model import BlockEnd, BlockStart, TextBlock, TextDelta


def run(script):
    """A script of `1<` (block 1 opens), `1x` (text x), `1>` (it closes) and `.` (the
    answer is over), in its new order."""
    order = BlockOrder()
    out = []
    for step in script.split():
        if step == ".":
            out += order.rest()
            continue
        index = int(step[0])
        match step[1]:
            case "<":
                event = BlockStart(index=index, block=TextBlock(text=""))
            case ">":
                event = BlockEnd(index=index)
            case text:
                event = TextDelta(index=index, text=text)
        out += order.push(event)
    marks = {BlockStart: "<", BlockEnd: ">"}
    return " ".join(f"{it.index}{marks.get(type(it)) or it.text}" for it in out)


def test_blocks_one_after_the_other_pass():
    script = "0< 0a 0> 1< 1b 1>"
    assert run(script) == script


def test_a_later_block_waits_for_the_first_to_close():
    assert run("0< 1< 1b 0a 1> 0>") == "0< 0a 0> 1< 1b 1>"


def test_once_it_speaks_a_later_block_does_not_wait_any_more():
    order = BlockOrder()
    for event in (
        BlockStart(index=0, block=TextBlock(text="")),
        BlockStart(index=1, block=TextBlock(text="")),
        BlockEnd(index=0),
    ):
        list(order.push(event))
    delta = TextDelta(index=1, text="x")
    assert list(order.push(delta)) == [delta]


def test_several_waiting_blocks_follow_in_the_order_they_opened():
    assert run("0< 2< 1< 1b 2c 1> 2> 0>") == "0< 0> 2< 2c 2> 1< 1b 1>"


def test_blocks_left_open_are_closed_at_the_end():
    assert run("0< 1< 1b 0a 2< 2> .") == "0< 0a 0> 1< 1b 1> 2< 2>"


def test_waiting_blocks_that_are_complete_pass_together():
    assert run("0< 1< 1> 2< 2> 3< 0> 3a") == "0< 0> 1< 1> 2< 2> 3< 3a"


def test_a_block_waits_even_when_the_answer_goes_on():
    assert run("0< 1< 1a 0b") == "0< 0b"


def test_an_answer_without_blocks_ends_with_nothing():
    assert run(".") == ""


def test_nothing_is_left_after_the_end():
    assert run("0< 1< 1x 1> 2< . .") == "0< 0> 1< 1x 1> 2< 2>"


@pytest.mark.parametrize("event", ["5x", "5>"])
def test_events_of_a_block_that_is_not_open_are_dropped(event):
    assert run(f"{event} 0< {event} 0a 0> {event}") == "0< 0a 0>"


@given(st.data())
def test_any_overlap_comes_out_serial_and_whole(data):
    scripts = {
        index: [f"{index}<", *(f"{index}{text}" for text in texts), f"{index}>"]
        for index, texts in enumerate(data.draw(st.lists(st.text("abc", max_size=4), max_size=4)))
    }
    wanted, mixed, opened = dict(scripts), [], []
    left = {index: list(script) for index, script in scripts.items()}
    while left:
        index = data.draw(st.sampled_from(sorted(left)))
        mixed.append(left[index].pop(0))
        if index not in opened:
            opened.append(index)
        if not left[index]:
            del left[index]
    assert run(" ".join(mixed)).split() == [step for index in opened for step in wanted[index]]
