import msgspec
import pytest

from lunaroute_core.testing import chat_request, wire_request
from lunaroute_routing.conditions import (
    HeaderMatches,
    KeyIs,
    NamesProvider,
    PathBegins,
    QueryIs,
    Speaks,
    Streams,
    Tagged,
    TenantIs,
)
from lunaroute_routing.request_features import RequestFeatures

BODY = b'{"model":"m","messages":[]}'


def of(**context):
    request = chat_request()
    request.context = msgspec.structs.replace(request.context, **context)
    return RequestFeatures(request)


def over_wire(**parts):
    path = parts.pop("path", None)
    request = wire_request(BODY, **parts)
    if path is not None:
        request._wire = msgspec.structs.replace(request.wire, path=path)
    return RequestFeatures(request)


HEADERS = ((b"X-Team", b"red"), (b"x-team", b"blue"), (b"authorization", b"Bearer secret"))

CASES = [
    (Streams(True), RequestFeatures(chat_request(stream=True)), None),
    (Streams(True), of(), "no stream is asked for"),
    (Streams(False), of(), None),
    (Streams(False), RequestFeatures(chat_request(stream=True)), "a stream is asked for"),
    (NamesProvider(True), of(provider_override="azure"), None),
    (NamesProvider(True), of(), "the client names no provider"),
    (NamesProvider(False), of(provider_override="azure"), 'the client names "azure"'),
    (Speaks(("openai_chat",)), of(), None),
    (Speaks(("anthropic", "openai")), of(), None),
    (Speaks(("anthropic",)), of(), 'dialect "openai_chat" is not "anthropic"'),
    (KeyIs(("a", "b")), of(key="b"), None),
    (KeyIs(("a",)), of(key="b"), 'key "b" is not "a"'),
    (KeyIs(("a",)), of(), "the client has no key"),
    (TenantIs(("a",)), of(tenant="a"), None),
    (TenantIs(("a", "b")), of(tenant="c"), 'tenant "c" is none of "a", "b"'),
    (TenantIs(("a",)), of(), "there is no tenant"),
    (Tagged(("a", "b")), of(tags=("c", "b")), None),
    (Tagged(("a",)), of(tags=("c", "b")), 'tag "c" is not "a"; tag "b" is not "a"'),
    (Tagged(("a",)), of(), "there are no tags"),
    (PathBegins(("/v1/audio",)), over_wire(path="/v1/audio/speech"), None),
    (PathBegins(("/v1/files", "/v1/audio/")), over_wire(path="/v1/audio"), None),
    (PathBegins(("/",)), over_wire(path="/v1/audio"), None),
    (
        PathBegins(("/v1/audio", "/v2")),
        over_wire(path="/v1/audios"),
        'path "/v1/audios" does not begin with "/v1/audio" or "/v2"',
    ),
    (PathBegins(("/",)), of(), "the request has no path"),
    (QueryIs("tier", "a b"), over_wire(query=b"tier=x&tier=a+b"), None),
    (QueryIs("tier", "a"), over_wire(query=b"tier=ab"), 'query parameter "tier" is "ab", not "a"'),
    (QueryIs("tier", ""), over_wire(), 'there is no query parameter "tier"'),
    (HeaderMatches("x-team", "^bl"), over_wire(headers=HEADERS), None),
    (HeaderMatches("X-Team", "lu"), over_wire(headers=HEADERS), None),
    (
        HeaderMatches("x-team", "^lu"),
        over_wire(headers=HEADERS),
        'header x-team "red", "blue" does not match "^lu"',
    ),
    (HeaderMatches("x-team", ""), over_wire(), "there is no header x-team"),
    (HeaderMatches("x-name", "^Zoë$"), over_wire(headers=((b"x-name", b"Zo\xeb"),)), None),
]


@pytest.mark.parametrize(("condition", "features", "mismatch"), CASES)
def test_a_condition_holds_or_says_with_the_values_why_not(condition, features, mismatch):
    assert condition.holds(features) is (mismatch is None)
    if mismatch is not None:
        assert condition.mismatch(features) == mismatch


@pytest.mark.parametrize("name", ["authorization", "Authorization"])
def test_a_credential_is_not_shown(name):
    condition = HeaderMatches(name, "^Basic")
    assert condition.mismatch(over_wire(headers=HEADERS)) == (
        f'header {name} does not match "^Basic"'
    )


@pytest.mark.parametrize(("name", "pattern"), [("x-team", "(?=a)"), ("x-größe", "a")])
def test_a_header_that_cannot_be_asked_for_is_refused(name, pattern):
    with pytest.raises(ValueError):
        HeaderMatches(name, pattern)


def test_a_long_header_that_a_backtracking_engine_despairs_of_is_searched():
    headers = ((b"x-team", b"a" * 10_000 + b"!"),)
    assert not HeaderMatches("x-team", "(a+)+$").holds(over_wire(headers=headers))
