import pytest

from lunaroute_core.dialects.openai_responses.finish import read_finish, written_finish
from lunaroute_core.model import FinishReason

LOSSY = {
    FinishReason.STOP_SEQUENCE: FinishReason.STOP,
    FinishReason.CONTEXT_WINDOW: FinishReason.LENGTH,
    FinishReason.PAUSE: None,
}


@pytest.mark.parametrize("reason", list(FinishReason))
def test_every_reason_is_written_and_read_back(reason):
    status, incomplete = written_finish(reason)
    read = read_finish(
        status,
        incomplete,
        called=reason is FinishReason.TOOL_CALLS,
        refused=reason is FinishReason.REFUSAL,
    )
    assert read is LOSSY.get(reason, reason)


def test_calls_count_only_in_a_completed_answer():
    read = read_finish("incomplete", "max_output_tokens", called=True, refused=False)
    assert read is FinishReason.LENGTH


@pytest.mark.parametrize("status", [None, "queued", "in_progress", "later"])
def test_a_running_response_has_no_reason(status):
    assert read_finish(status, None, called=True, refused=True) is None
