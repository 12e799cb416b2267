import pytest

from lunaroute_core import ErrorKind
from lunaroute_ingress.edge.cors import Cors, is_preflight, preflight_answer

LOCAL = ["http://localhost:3000", "http://127.0.0.1", "https://app.localhost", "http://[::1]:5173"]
FOREIGN = [
    "https://evil.example",
    "https://localhost.evil.example",
    "http://192.168.1.5:3000",
    "null",
    "",
    "file://",
    "http://[broken",
]


@pytest.mark.parametrize("origin", LOCAL)
def test_pages_of_this_machine_may_call_and_read(origin):
    assert Cors().refusal(origin) is None
    headers = dict(Cors().answer_headers(origin))
    assert headers[b"access-control-allow-origin"] == origin.encode()
    assert headers[b"access-control-expose-headers"] == b"*"
    assert headers[b"vary"] == b"Origin"


@pytest.mark.parametrize("origin", FOREIGN)
def test_other_pages_may_neither(origin):
    refusal = Cors().refusal(origin)
    assert refusal.kind is ErrorKind.PERMISSION
    assert refusal.param == "Origin"
    assert "http_server.allowed_origins" in refusal.message
    assert Cors().answer_headers(origin) == ()


def test_further_origins_can_be_allowed_exactly():
    cors = Cors(allowed=frozenset({"https://app.example"}))
    assert cors.refusal("https://app.example") is None
    for other in ("http://app.example", "https://app.example:8443", "https://x.app.example"):
        assert cors.refusal(other) is not None


def test_a_star_allows_all():
    cors = Cors(allowed=frozenset({"*"}))
    assert cors.refusal("https://any.example") is None
    headers = dict(cors.answer_headers("https://any.example"))
    assert headers[b"access-control-allow-origin"] == b"https://any.example"


@pytest.mark.parametrize(
    ("method", "headers", "is_one"),
    [
        ("OPTIONS", {b"access-control-request-method": b"POST"}, True),
        ("OPTIONS", {}, False),
        ("POST", {b"access-control-request-method": b"POST"}, False),
    ],
)
def test_a_preflight_is_told_from_other_requests(method, headers, is_one):
    assert is_preflight(method, headers) is is_one


def test_a_preflight_is_granted_what_it_asks_for():
    answer = preflight_answer({b"access-control-request-headers": b"authorization, x-stainless-os"})
    headers = dict(answer.headers)
    assert answer.status == 204
    assert headers[b"access-control-allow-headers"] == b"authorization, x-stainless-os"
    assert b"POST" in headers[b"access-control-allow-methods"]


def test_one_that_asks_for_no_headers_is_granted_none():
    assert b"access-control-allow-headers" not in dict(preflight_answer({}).headers)
