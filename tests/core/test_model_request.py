import attrs
import msgspec
import pytest

from lunaroute_core import InvalidRequestError, ModelRequest, Operation, RequestContext, WireRequest
from lunaroute_core.dialects.registry import DIALECTS
from lunaroute_core.model import Message, TextBlock
from lunaroute_core.request_limits import RequestLimits
from lunaroute_core.testing import chat_request, wire_request

BODY = b'{ "model" : "m", "prompt": "hi",  "mood":"glad" }'
HEADERS = ((b"X-A", b"1"),)


class CountingRequests:
    """The toy's request codec, counting how often it decodes."""

    def __init__(self, codec):
        self.codec = codec
        self.decoded = []

    def __getattr__(self, name):
        return getattr(self.codec, name)

    def decode(self, body, **options):
        self.decoded.append((body, options))
        return self.codec.decode(body, **options)


@pytest.fixture(autouse=True)
def codec(toy_dialect, monkeypatch):
    counting = CountingRequests(toy_dialect.requests)
    counted = attrs.evolve(toy_dialect, requests=counting)
    monkeypatch.setitem(DIALECTS.loaded, toy_dialect.name, counted)
    return counting


@pytest.fixture
def request_():
    return wire_request(BODY, dialect="acme_prompt", headers=HEADERS, query=b"a=1")


def text_of(request):
    return request.normalized.turns[0].blocks[0].text


def test_a_request_that_nobody_inspects_is_not_decoded(request_, codec):
    assert request_.with_model("other").wire.headers == HEADERS
    assert codec.decoded == []


def test_a_request_is_decoded_once(request_, codec):
    assert request_.normalized is request_.normalized
    assert text_of(request_) == "hi"
    assert len(codec.decoded) == 1


def test_decoding_sees_the_headers_and_the_limits(request_, codec):
    request_.limits = RequestLimits(max_messages=7)
    assert text_of(request_) == "hi"
    assert codec.decoded == [(BODY, {"headers": HEADERS, "limits": request_.limits})]


def test_a_body_that_cannot_be_understood_names_the_field(toy_dialect):
    request = wire_request(b'{"model":"m","prompt":5}', dialect="acme_prompt")
    with pytest.raises(InvalidRequestError) as error:
        _ = request.normalized
    assert error.value.details.param == "prompt"


def test_a_request_with_neither_view_is_a_mistake():
    context = RequestContext(client_dialect="acme_prompt")
    with pytest.raises(ValueError, match="needs a wire or a normalized view"):
        _ = ModelRequest(model="m", stream=False, context=context).normalized


def test_another_model_changes_only_that_value_in_the_bytes(request_, codec):
    changed = request_.with_model("other")
    assert changed.model == "other"
    assert changed.wire.body == BODY.replace(b'"m"', b'"other"')
    assert (changed.wire.query, changed.context) == (b"a=1", request_.context)
    assert request_.wire.body == BODY


def test_the_same_model_changes_nothing(request_):
    assert request_.with_model("m") is request_


def test_another_model_is_not_decoded_again(request_, codec):
    turns = request_.normalized.turns
    changed = request_.with_model("other")
    assert changed.normalized.model == "other"
    assert changed.normalized.turns is turns
    assert request_.normalized.model == "m"
    assert len(codec.decoded) == 1


def test_in_other_circumstances_it_is_not_decoded_again(request_, codec):
    other = RequestContext(client_dialect="acme_prompt")
    moved = request_.with_model("other").with_context(other)
    assert moved.context is other
    assert request_.context is not other
    assert (moved.model, moved.normalized.model, moved.headers) == ("other", "other", HEADERS)
    assert moved.wire.body == BODY.replace(b'"m"', b'"other"')
    assert moved.normalized.turns is request_.normalized.turns
    assert len(codec.decoded) == 1


def test_a_request_without_bytes_gets_another_model_too():
    changed = chat_request(model="m", dialect="acme_prompt").with_model("other")
    assert (changed.model, changed.normalized.model, changed.wire) == ("other", "other", None)


@pytest.mark.parametrize(
    ("model", "path", "other", "changed"),
    [
        ("m", "/v1/models/m", "n", "/v1/models/n"),
        ("m", "/v1/models/m", "a b", "/v1/models/a%20b"),
        ("org/m", "/v1/models/org/m", "n", "/v1/models/n"),
        ("org/m", "/v1/models/org%2Fm", "n", "/v1/models/n"),
        ("ft:m:x", "/v1/models/ft:m:x", "ft:n", "/v1/models/ft:n"),
    ],
)
def test_a_question_about_one_model_names_it_in_its_path(model, path, other, changed):
    wire = WireRequest(dialect="acme_prompt", path=path, body=b"", method="GET")
    request = ModelRequest(
        model=model,
        stream=False,
        context=RequestContext(client_dialect="acme_prompt"),
        wire=wire,
        operation=Operation.LIST_MODELS,
    )
    assert request.with_model(other).wire == msgspec.structs.replace(wire, path=changed)


def test_other_bytes_are_decoded_anew(request_, codec):
    assert text_of(request_) == "hi"
    changed = request_.with_wire_body(b'{"model":"m","prompt":"ho"}')
    assert text_of(changed) == "ho"
    assert text_of(request_) == "hi"
    assert len(codec.decoded) == 2


def test_only_a_request_with_bytes_can_have_others():
    with pytest.raises(ValueError, match="no wire view"):
        chat_request(dialect="acme_prompt").with_wire_body(b"{}")


def test_other_content_drops_the_bytes_which_no_longer_say_it(request_):
    turns = [Message(role="user", blocks=[TextBlock(text="redacted")])]
    content = msgspec.structs.replace(request_.normalized, model="other", turns=turns)
    changed = request_.with_normalized(content)
    assert changed.wire is None
    assert changed.normalized is content
    assert changed.model == "other"
    assert request_.wire.body == BODY


def test_only_bytes_that_are_asked_for_are_given_another_model(request_, codec, monkeypatch):
    """A request that is translated goes on in other bytes; a client's may be megabytes."""
    replaced = []
    monkeypatch.setattr(codec, "replace_model", lambda body, model: replaced.append(model) or body)
    changed = request_.with_model("other").with_model("another")
    assert (changed.wire_dialect, changed.headers, replaced) == ("acme_prompt", HEADERS, [])
    assert changed.wire is changed.wire
    assert replaced == ["another"]


def test_a_tool_loop_is_seen_in_the_bytes_without_decoding_them(codec, request_):
    renamed = request_.with_model("other")
    assert renamed.continues_tool_loop is False
    assert codec.decoded == []


def test_a_tool_loop_is_seen_in_turns_where_there_are_no_bytes():
    request = chat_request("hi")
    assert request.continues_tool_loop is False
    request.normalized.turns.append(Message(role="tool", blocks=[TextBlock(text="ok")]))
    assert request.continues_tool_loop is True
    request.normalized.turns.append(Message(role="system", blocks=[TextBlock(text="Go on.")]))
    assert request.continues_tool_loop is True
    request.normalized.turns.append(Message(role="user", blocks=[TextBlock(text="Thanks.")]))
    assert request.continues_tool_loop is False


def test_a_tool_loop_is_seen_in_the_bytes_of_a_dialect_that_has_tools():
    result = b'{"role":"tool","tool_call_id":"c","content":"ok"}'
    assert wire_request(b'{"model":"m","messages":[%b]}' % result).continues_tool_loop is True
