import typing

import pytest
from anthropic.types import StopReason
from anthropic.types.beta import BetaStopReason

from lunaroute_core.dialects.anthropic_messages.finish import read_stop_reason, write_stop
from lunaroute_core.model import Finish, FinishReason

WORDS = typing.get_args(BetaStopReason)


@pytest.mark.parametrize("word", WORDS)
def test_every_word_of_the_vendor_is_read_and_written_back(word):
    reason = read_stop_reason(word)
    assert reason is not None
    finish = Finish(reason=reason, raw=word)
    assert write_stop(finish, calls=word == "tool_use")["stop_reason"] == word


@pytest.mark.parametrize("word", [None, "brand_new"])
def test_an_unknown_word_is_no_reason(word):
    assert read_stop_reason(word) is None


def test_a_refusal_of_the_vendor_is_a_content_filter():
    assert read_stop_reason("refusal") is FinishReason.CONTENT_FILTER


@pytest.mark.parametrize("reason", sorted(set(FinishReason) - {FinishReason.ERROR}))
@pytest.mark.parametrize("calls", [True, False])
def test_every_reason_has_a_word_of_the_vendor(reason, calls):
    stop = write_stop(Finish(reason=reason, raw="length"), calls=calls)
    assert stop["stop_reason"] in typing.get_args(StopReason)


def test_an_error_has_no_stop_reason():
    with pytest.raises(ValueError, match="error"):
        write_stop(Finish(reason=FinishReason.ERROR), calls=False)


@pytest.mark.parametrize(
    ("reason", "calls", "word"),
    [
        (FinishReason.STOP, True, "tool_use"),
        (FinishReason.TOOL_CALLS, False, "end_turn"),
        (FinishReason.LENGTH, True, "max_tokens"),
        (FinishReason.CONTENT_FILTER, True, "refusal"),
        (FinishReason.STEERED, False, "end_turn"),
        (FinishReason.MAX_MESSAGES, False, "end_turn"),
    ],
)
def test_calls_decide_between_a_turns_end_and_tool_use(reason, calls, word):
    assert write_stop(Finish(reason=reason), calls=calls)["stop_reason"] == word


def test_an_answer_of_which_no_finish_is_known_ended():
    assert write_stop(None, calls=False) == {
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "stop_details": None,
    }


def test_stop_sequence_and_details_are_kept():
    details = {"type": "refusal", "category": "bio", "explanation": "No."}
    finish = Finish(reason=FinishReason.CONTENT_FILTER, details=details)
    assert write_stop(finish, calls=False)["stop_details"] == details
    matched = Finish(reason=FinishReason.STOP_SEQUENCE, stop_sequence="END")
    assert write_stop(matched, calls=False) == {
        "stop_reason": "stop_sequence",
        "stop_sequence": "END",
        "stop_details": None,
    }


def test_another_vendors_details_are_left_out():
    finish = Finish(reason=FinishReason.LENGTH, details={"reason": "max_output_tokens"})
    assert write_stop(finish, calls=False)["stop_details"] is None


def test_a_model_that_refused_in_words_has_empty_details():
    stop = write_stop(Finish(reason=FinishReason.REFUSAL), calls=False)
    assert stop["stop_details"] == {"type": "refusal", "category": None, "explanation": None}
