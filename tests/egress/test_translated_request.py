import msgspec

from lunaroute_core.capabilities import Capabilities
from lunaroute_core.model import NormalizedResponse, Sampling, TextBlock
from lunaroute_core.testing import chat_request
from lunaroute_egress.translated_request import translated

C, R, A = "openai_chat", "openai_responses", "anthropic_messages"


def translated_to(dialect, request):
    return translated(request, dialect=dialect, strict=False, capabilities=Capabilities())


def stopping(dialect):
    """A request of which Responses upstreams cannot do all."""
    request = chat_request(dialect=dialect)
    request.normalized.sampling = Sampling(stop=["x"])
    return request


def test_it_is_in_the_upstreams_words_and_says_what_is_to_be_done_to_the_answer():
    wire, stages = translated_to(R, stopping(C))
    assert (wire.dialect, wire.path) == (R, "/v1/responses")
    assert len(stages) == 1


def test_without_anything_to_be_done_an_answer_in_the_clients_dialect_may_go_as_it_is():
    assert translated_to(C, chat_request(dialect=C))[1] is None
    assert translated_to(A, chat_request(dialect=C))[1] == []


def test_what_is_to_be_done_to_an_answer_that_goes_on_is_known_already():
    request = stopping(C)
    paused = NormalizedResponse(id="i", model="m", blocks=[TextBlock(text="a")])
    going_on = request.with_normalized(msgspec.structs.replace(request.normalized, paused=paused))
    _, stages = translated_to(R, going_on)
    assert stages == []
