import json

import pytest

from lunaroute_core import ConfigurationError
from lunaroute_core.dialects.registry import DIALECTS
from lunaroute_server.route_trial import DescribedRequest


@pytest.mark.parametrize("stream", [True, False, None])
@pytest.mark.parametrize("dialect", list(DIALECTS))
def test_a_question_is_made_in_every_dialect(dialect, stream):
    described = DescribedRequest(model="m", dialect=dialect, stream=stream)
    spoken = described.spoken()
    peek = spoken.requests.peek(described.http_body(spoken))
    assert (spoken.name, peek.model, peek.stream) == (dialect, "m", bool(stream))


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({}, "openai_chat"),
        ({"dialect": "anthropic"}, "anthropic_messages"),
        ({"dialect": "openai"}, "openai_chat"),
        ({"path": "/v1/responses"}, "openai_responses"),
        ({"path": "/v1/responses", "dialect": "openai"}, "openai_responses"),
        ({"path": "/v1/messages/count_tokens"}, "anthropic_messages"),
    ],
)
def test_the_dialect_follows_from_what_is_given(given, name):
    assert DescribedRequest(**given).spoken().name == name


def test_a_path_of_no_dialect_has_none_and_an_empty_body():
    described = DescribedRequest(path="/v1/embeddings")
    assert described.spoken() is None
    assert described.http_body(None) == b""


def test_an_unknown_dialect_is_told_with_those_there_are():
    known = "openai_chat, openai_responses, anthropic_messages, openai, anthropic"
    with pytest.raises(ConfigurationError, match=f'"gopher", only {known}'):
        DescribedRequest(dialect="gopher").spoken()


@pytest.mark.parametrize("path", ["/v1/responses", "/v1/embeddings"])
def test_a_dialect_that_is_not_spoken_at_the_path_is_told(path):
    with pytest.raises(ConfigurationError, match=f'"anthropic" is not what is spoken at {path}'):
        DescribedRequest(dialect="anthropic", path=path).spoken()


def test_a_body_is_sent_as_it_is_but_for_the_model():
    body = {"model": "one", "messages": [], "stream": True}
    described = DescribedRequest(body=body)
    assert json.loads(described.http_body(described.spoken())) == body
    renamed = DescribedRequest(body=body, model="two")
    assert json.loads(renamed.http_body(renamed.spoken())) == {**body, "model": "two"}


@pytest.mark.parametrize(
    ("given", "path"), [({}, "model"), ({"body": {"model": "m"}, "stream": True}, "stream")]
)
def test_what_is_missing_or_said_twice_is_told(given, path):
    described = DescribedRequest(**given)
    with pytest.raises(ConfigurationError) as caught:
        described.http_body(described.spoken())
    assert caught.value.path == path


def test_provider_and_tags_are_the_headers_that_clients_send():
    headers = dict(
        DescribedRequest(headers={"X-Mine": "1"}, provider="p", tags=("a", "b")).http_headers()
    )
    assert headers == {
        b"host": b"localhost",
        b"x-mine": b"1",
        b"x-luna-provider": b"p",
        b"x-luna-tags": b"a,b",
    }
