from typing import get_args

import pytest
from openai.types.chat.chat_completion import Choice

from lunaroute_core.dialects.openai_chat.finish import REASONS, finish_word, native_word
from lunaroute_core.model import Finish, FinishReason

R = FinishReason
WORDS = set(get_args(Choice.model_fields["finish_reason"].annotation))


def test_every_word_of_the_vendor_has_a_meaning():
    assert REASONS.keys() == WORDS


@pytest.mark.parametrize(
    ("reason", "without_calls", "with_calls"),
    [
        (R.STOP, "stop", "tool_calls"),
        (R.STOP_SEQUENCE, "stop", "tool_calls"),
        (R.TOOL_CALLS, "stop", "tool_calls"),
        (R.LENGTH, "length", "length"),
        (R.CONTEXT_WINDOW, "length", "length"),
        (R.REFUSAL, "stop", "tool_calls"),
        (R.CONTENT_FILTER, "content_filter", "content_filter"),
        (R.PAUSE, "stop", "tool_calls"),
        (R.STEERED, "stop", "tool_calls"),
        (R.MAX_MESSAGES, "stop", "tool_calls"),
        (R.ERROR, "length", "length"),
    ],
)
def test_the_word_agrees_with_the_content(reason, without_calls, with_calls):
    finish = Finish(reason=reason)
    assert finish_word(finish, calls=False, legacy=False) == without_calls
    assert finish_word(finish, calls=True, legacy=False) == with_calls


@pytest.mark.parametrize("reason", [*FinishReason, None])
@pytest.mark.parametrize("calls", [True, False])
@pytest.mark.parametrize("legacy", [True, False])
def test_every_reason_gives_one_of_the_vendors_words(reason, calls, legacy):
    finish = None if reason is None else Finish(reason=reason)
    assert finish_word(finish, calls=calls, legacy=legacy) in WORDS


def test_old_calls_have_their_own_word():
    finish = Finish(reason=R.TOOL_CALLS)
    assert finish_word(finish, calls=True, legacy=True) == "function_call"


@pytest.mark.parametrize("reason", [R.PAUSE, R.STEERED, R.MAX_MESSAGES])
def test_what_only_looks_like_the_end_has_the_upstreams_word_beside_it(reason):
    assert native_word(Finish(reason=reason, raw="its_word")) == "its_word"
    assert native_word(Finish(reason=reason)) == reason.value


@pytest.mark.parametrize("reason", [*{*R} - {R.PAUSE, R.STEERED, R.MAX_MESSAGES}, None])
def test_other_reasons_need_none(reason):
    finish = None if reason is None else Finish(reason=reason, raw="its_word")
    assert native_word(finish) is None
