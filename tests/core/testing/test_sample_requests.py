import pytest

from lunaroute_core.model import TextBlock
from lunaroute_core.testing import chat_request, wire_request


def test_a_chat_request_is_normalized_only():
    request = chat_request("hello", model="m", stream=True, dialect="anthropic_messages")
    assert request.wire is None
    assert (request.model, request.stream) == ("m", True)
    assert request.context.client_dialect == "anthropic_messages"
    normalized = request.normalized
    assert (normalized.model, normalized.stream.enabled) == ("m", True)
    assert normalized.turns[0].blocks == [TextBlock(text="hello")]


@pytest.mark.usefixtures("toy_dialect")
def test_a_wire_request_is_as_a_client_posts_it():
    body = b'{"model":"m","prompt":"hi","stream":true}'
    headers = ((b"x-a", b"1"),)
    request = wire_request(body, dialect="acme_prompt", headers=headers, query=b"a=1")
    assert (request.model, request.stream) == ("m", True)
    assert request.context.client_dialect == "acme_prompt"
    wire = request.wire
    assert (wire.path, wire.body, wire.headers, wire.query) == (
        "/acme/prompt",
        body,
        headers,
        b"a=1",
    )
