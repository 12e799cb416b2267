import pytest

from lunaroute_core import Operation, WireRequest
from lunaroute_egress.model_list_request import model_list_request, own_list

REQUIRED = ((b"content-type", b"application/json"), (b"anthropic-version", b"2023-06-01"))
VERSION = REQUIRED[1:]


@pytest.mark.parametrize(
    ("dialect", "query"), [("anthropic_messages", b"limit=1000"), ("openai_chat", b"")]
)
def test_all_models_are_asked_for_at_once(dialect, query):
    request = model_list_request(dialect, REQUIRED)
    assert (request.operation, request.stream) == (Operation.LIST_MODELS, False)
    wire = request.wire
    assert (wire.method, wire.path, wire.query) == ("GET", "/v1/models", query)
    assert (wire.body, wire.headers) == (b"", VERSION)


def asked(dialect, path="/v1/models"):
    headers = ((b"user-agent", b"sdk/1"),)
    return WireRequest(
        dialect=dialect, path=path, body=b"", method="GET", query=b"limit=2", headers=headers
    )


def test_a_vendors_own_client_asks_as_it_likes():
    mine = asked("anthropic_messages")
    assert own_list(mine, "anthropic_messages", REQUIRED) is mine


def test_another_vendors_client_gets_all_of_it():
    own = own_list(asked("openai_chat"), "anthropic_messages", REQUIRED)
    assert (own.dialect, own.query) == ("anthropic_messages", b"limit=1000")
    assert own.headers == ((b"user-agent", b"sdk/1"), *VERSION)


def test_a_question_about_one_model_has_no_pages():
    own = own_list(asked("openai_chat", "/v1/models/claude"), "anthropic_messages", REQUIRED)
    assert (own.path, own.query) == ("/v1/models/claude", b"")
