import pytest

from lunaroute_core import (
    ModelResponse,
    ModelStream,
    RequestContext,
    TranslationWarning,
)
from lunaroute_core.finish_warning import warn_of_unsaid_finish
from lunaroute_core.model import Finish, FinishReason
from lunaroute_core.testing import FakeProvider, chat_request, text_response

C, R, A = "openai_chat", "openai_responses", "anthropic_messages"
R_ = FinishReason


@pytest.mark.parametrize(
    ("dialect", "field"), [(C, "finish_reason"), (R, "status"), (A, "stop_reason")]
)
def test_the_warning_names_the_clients_field(dialect, field):
    context = RequestContext(client_dialect=dialect)
    warn_of_unsaid_finish(R_.STEERED, context)
    warn_of_unsaid_finish(R_.STEERED, context)
    assert context.warnings == [
        TranslationWarning(
            outcome="dropped",
            param=field,
            message="the answer ended for the reason 'steered', which has no word there",
        )
    ]


@pytest.mark.parametrize(
    ("dialect", "reasons"),
    [(C, set()), (R, {R_.PAUSE}), (A, {R_.STEERED, R_.MAX_MESSAGES})],
)
@pytest.mark.parametrize("reason", [it for it in R_ if it is not R_.ERROR])
@pytest.mark.parametrize("stream", [False, True])
async def test_a_client_is_told_whose_dialect_has_no_word(dialect, reasons, reason, stream):
    answer = text_response()
    answer.finish = Finish(reason=reason)
    request = chat_request(dialect=dialect, stream=stream)
    if stream:
        async with await FakeProvider(answer).stream(request) as streamed:
            async for _ in streamed.blocks(request):
                pass
    else:
        ModelResponse(provider="p", model="m", normalized=answer).wire_for(request)
    told = [(it.outcome, it.message) for it in request.context.warnings]
    assert len(told) == (reason in reasons)
    assert all(reason.value in message for _, message in told)


async def test_a_stream_that_breaks_off_ended_for_no_reason():
    request = chat_request(dialect=A, stream=True)
    stream = ModelStream(provider="p", model="m", events=nothing())
    with pytest.raises(Exception, match="before its terminal event"):
        async with stream:
            pass
    assert request.context.warnings == []


async def nothing():
    return
    yield
