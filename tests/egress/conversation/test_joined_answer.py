import pytest

from lunaroute_core.model import (
    Finish,
    FinishReason,
    NormalizedResponse,
    ReasoningBlock,
    TextBlock,
    Usage,
)
from lunaroute_egress.conversation.joined_answer import (
    ended,
    is_paused,
    joined,
    says_something,
)

PAUSE = Finish(reason=FinishReason.PAUSE, raw="pause_turn")
STOP = Finish(reason=FinishReason.STOP, raw="end_turn")


def part(number, finish, **fields):
    blocks = [TextBlock(text=str(number))]
    return NormalizedResponse(
        id=f"msg_{number}", model=f"m{number}", blocks=blocks, finish=finish, **fields
    )


@pytest.mark.parametrize(("finish", "paused"), [(PAUSE, True), (STOP, False), (None, False)])
def test_a_paused_answer_says_so(finish, paused):
    assert is_paused(part(1, finish)) is paused


@pytest.mark.parametrize(
    ("blocks", "says"),
    [
        ([], False),
        ([TextBlock(text="")], False),
        ([TextBlock(text=""), TextBlock(text=" ")], False),
        ([TextBlock(text=" "), TextBlock(text="a")], True),
        ([ReasoningBlock(variant="redacted", opaque="x")], True),
    ],
)
def test_an_answer_of_blank_texts_says_nothing(blocks, says):
    answer = part(1, PAUSE)
    answer.blocks = blocks
    assert says_something(answer) is says


def test_it_begins_as_the_first_and_ends_as_the_last():
    one, two = part(1, PAUSE, created=1), part(2, STOP, created=2)
    both = joined(one, two)
    assert (both.id, both.model, both.created) == ("msg_1", "m1", 1)
    assert both.finish == STOP
    assert both.blocks == [TextBlock(text="1"), TextBlock(text="2")]
    assert one.blocks == [TextBlock(text="1")]


ONE = Usage(input_tokens=1, output_tokens=2)
TWO = Usage(input_tokens=3, reasoning_tokens=1)


@pytest.mark.parametrize(
    ("one", "two", "both"),
    [
        (ONE, TWO, Usage(input_tokens=4, output_tokens=2, reasoning_tokens=1)),
        (None, TWO, TWO),
        (ONE, None, ONE),
        (None, None, None),
    ],
)
def test_what_was_used_is_added_up(one, two, both):
    assert joined(part(1, PAUSE, usage=one), part(2, STOP, usage=two)).usage == both


def test_of_other_fields_the_last_word_counts_if_there_is_one():
    one = {"a": {"container": {"id": "c"}, "tier": "x"}, "b": {"k": 1}}
    two = {"a": {"container": None, "tier": "y"}}
    both = joined(part(1, PAUSE, extensions=one), part(2, STOP, extensions=two))
    assert both.extensions == {"a": {"container": {"id": "c"}, "tier": "y"}, "b": {"k": 1}}


def test_one_that_does_not_go_on_ends_with_the_vendors_word_kept():
    assert ended(PAUSE) == Finish(reason=FinishReason.STOP, raw="pause_turn")
