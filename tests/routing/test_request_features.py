import pytest

from lunaroute_core import InvalidRequestError
from lunaroute_core.model import (
    DocumentBlock,
    FunctionTool,
    ImageBlock,
    Message,
    TextBlock,
    ToolResultBlock,
    UrlSource,
)
from lunaroute_core.testing import chat_request, wire_request
from lunaroute_core.token_estimate import estimate_tokens
from lunaroute_routing import request_features
from lunaroute_routing.request_features import RequestFeatures

IMAGE = ImageBlock(source=UrlSource(url="https://example.com/a.png"))
BODY = b'{"model":"m","messages":[{"role":"user","content":"hi"}]}'


def features_of(*blocks):
    request = chat_request()
    request.normalized.turns = [Message(role="user", blocks=list(blocks))]
    return RequestFeatures(request)


def test_headers_have_all_their_values_under_their_name_in_lower_case():
    request = wire_request(BODY, headers=((b"X-Team", b"a"), (b"x-team", b"b")))
    assert RequestFeatures(request).headers == {b"x-team": [b"a", b"b"]}


def test_query_parameters_have_all_their_values():
    features = RequestFeatures(wire_request(BODY, query=b"a=1&a=%C3%A4&b=&c"))
    assert features.query == {"a": ["1", "ä"], "b": [""], "c": [""]}


def test_the_path_is_the_vendors():
    assert RequestFeatures(wire_request(BODY)).path == "/v1/chat/completions"


def test_a_request_that_did_not_come_over_the_wire_has_neither_path_nor_query():
    features = RequestFeatures(chat_request())
    assert (features.path, features.query, features.headers) == (None, {}, {})


def test_an_image_is_found_where_it_is_said():
    assert features_of(TextBlock(text="see"), IMAGE).has_images


def test_an_image_is_found_in_the_instructions():
    features = features_of(TextBlock(text="hi"))
    features.request.normalized.instructions = [IMAGE]
    assert features.has_images


@pytest.mark.parametrize(
    "block",
    [
        ToolResultBlock(call_id="c", blocks=[TextBlock(text="a"), IMAGE]),
        ToolResultBlock(call_id="c", blocks=[DocumentBlock(blocks=[IMAGE])]),
    ],
)
def test_an_image_is_found_in_the_result_of_a_tool(block):
    assert features_of(block).has_images


def test_text_alone_is_no_image():
    result = ToolResultBlock(call_id="c", blocks=[TextBlock(text="a")])
    assert not features_of(TextBlock(text="hi"), result).has_images


def test_tools_are_those_that_are_declared():
    features = features_of(TextBlock(text="hi"))
    assert not features.has_tools
    features.request.normalized.tools = [FunctionTool(name="f")]
    assert features.has_tools


def test_tokens_are_estimated_once_however_many_rules_ask(monkeypatch):
    estimates = []
    monkeypatch.setattr(
        request_features, "estimate_tokens", lambda it: estimates.append(it) or estimate_tokens(it)
    )
    features = features_of(TextBlock(text="some words to count"))
    assert features.input_tokens == features.input_tokens == estimate_tokens(estimates[0])
    assert len(estimates) == 1


@pytest.mark.parametrize("name", ["has_tools", "has_images", "input_tokens"])
def test_a_body_that_cannot_be_understood_is_the_clients_error(name):
    request = wire_request(b'{"model":"m","messages":5}')
    with pytest.raises(InvalidRequestError):
        getattr(RequestFeatures(request), name)
