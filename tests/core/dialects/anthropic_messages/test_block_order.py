import pytest
from hypothesis import given
from hypothesis import strategies as st

from lunaroute_core.dialects.anthropic_messages.block_order import BlockOrder
from lunaroute_core.model import BlockEnd, BlockStart, TextBlock, TextDelta


def start(index: int) -> BlockStart:
    return BlockStart(index=index, block=TextBlock(text=""))


def text(index: int, words: str) -> TextDelta:
    return TextDelta(index=index, text=words)


def end(index: int) -> BlockEnd:
    return BlockEnd(index=index)


def test_the_first_open_block_passes_at_once_and_the_next_when_it_is_closed():
    order = BlockOrder()
    assert order.push(start(0)) == [start(0)]
    assert order.push(start(1)) == []
    assert order.push(text(1, "b")) == []
    assert order.push(text(0, "a")) == [text(0, "a")]
    assert order.push(end(0)) == [end(0), start(1), text(1, "b")]
    assert order.push(text(1, "c")) == [text(1, "c")]
    assert order.push(end(1)) == [end(1)]


def test_blocks_that_closed_while_waiting_are_released_together():
    order = BlockOrder()
    order.push(start(0))
    for event in (start(2), end(2), start(1), text(1, "x")):
        assert order.push(event) == []
    assert order.push(end(0)) == [end(0), start(2), end(2), start(1), text(1, "x")]


def test_closing_ends_every_open_block():
    order = BlockOrder()
    for event in (start(0), start(1), text(1, "x"), end(1), start(2)):
        order.push(event)
    assert order.close() == [end(0), start(1), text(1, "x"), end(1), start(2), end(2)]
    assert order.close() == []


@pytest.mark.parametrize("event", [text(5, "x"), end(5)])
def test_events_of_a_block_that_is_not_open_are_dropped(event):
    order = BlockOrder()
    order.push(start(0))
    assert order.push(event) == []


@given(st.permutations([0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]))
def test_any_interleaving_comes_out_block_by_block_with_nothing_lost(turns):
    script = {index: iter([start(index), text(index, "x"), end(index)]) for index in range(4)}
    order, events = BlockOrder(), []
    for index in turns:
        events += order.push(next(script[index]))
    opened = list(dict.fromkeys(turns))
    assert events == [e for index in opened for e in (start(index), text(index, "x"), end(index))]
