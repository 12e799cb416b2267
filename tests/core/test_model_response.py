import json

import pytest

from lunaroute_core import (
    ErrorKind,
    ModelResponse,
    UpstreamAnsweredError,
    UpstreamProtocolError,
    WireResponse,
)
from lunaroute_core.testing import chat_request, text_response

pytestmark = pytest.mark.usefixtures("toy_dialect")

WIRE = WireResponse(
    dialect="acme_prompt", status=201, headers=((b"x-a", b"1"),), body=b"\x1f\x8b", content=b"{}"
)


def test_a_client_of_the_same_dialect_gets_the_very_bytes():
    response = ModelResponse(
        provider="p", model="m", wire=WIRE, normalized=text_response("not this")
    )
    assert response.wire_for(chat_request(dialect="acme_prompt")) is WIRE


def test_a_normalized_answer_is_written_in_the_client_s_dialect():
    response = ModelResponse(provider="p", model="m", normalized=text_response("Hi!"))
    wire = response.wire_for(chat_request(dialect="acme_prompt"))
    assert (wire.dialect, wire.status) == ("acme_prompt", 200)
    assert wire.headers == ((b"content-type", b"application/json"),)
    assert json.loads(wire.body)["said"] == "Hi!"
    assert wire.content == wire.body


def test_the_client_s_dialect_counts_and_not_the_request_s():
    """A redirected request may have been re-encoded for another upstream."""
    request = chat_request(dialect="openai_chat")
    request.context.client_dialect = "acme_prompt"
    response = ModelResponse(provider="p", model="m", normalized=text_response("Hi!"))
    assert response.wire_for(request).dialect == "acme_prompt"


def test_bytes_of_another_dialect_are_not_passed_off_as_the_client_s():
    response = ModelResponse(provider="p", model="m", wire=WIRE)
    with pytest.raises(UpstreamProtocolError, match="the answer is not acme_prompt"):
        response.wire_for(chat_request(dialect="openai_chat"))


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"code": "rate_limit_exceeded", "message": "slow down"}, ErrorKind.RATE_LIMIT),
        ({"code": "server_error", "message": "oops"}, ErrorKind.SERVER),
        (None, ErrorKind.SERVER),
    ],
)
def test_an_answer_that_says_it_failed_is_an_error(error, kind):
    """Other dialects have no answer for it, and a client would take it for one."""
    body = json.dumps({"id": "r", "object": "response", "status": "failed", "error": error})
    wire = WireResponse(dialect="openai_responses", status=200, headers=(), body=body.encode())
    response = ModelResponse(provider="p", model="m", wire=wire)
    with pytest.raises(UpstreamAnsweredError) as raised:
        response.wire_for(chat_request(dialect="anthropic_messages"))
    assert raised.value.details.kind is kind
    assert (error or {}).get("message", "ended in an error") in raised.value.details.message
