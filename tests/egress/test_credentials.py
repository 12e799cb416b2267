"""Whose key goes upstream."""

import pytest

from lunaroute_core import ModelRequest, RequestContext, WireRequest
from lunaroute_egress import KeyRing
from lunaroute_egress.credentials import client_credentials


def request(dialect, *headers):
    return ModelRequest(
        model="m",
        stream=False,
        context=RequestContext(client_dialect=dialect),
        wire=WireRequest(dialect=dialect, path="/", body=b"{}", headers=headers),
    )


def test_keys_are_used_in_turn():
    ring = KeyRing(("a", "b"))
    assert [ring.next() for _ in range(5)] == ["a", "b", "a", "b", "a"]


def test_no_keys_is_no_key():
    assert KeyRing().next() is None
    assert not KeyRing()


@pytest.mark.parametrize("dialect", ["openai_chat", "openai_responses"])
def test_a_clients_key_goes_to_its_own_vendor(dialect):
    own = (b"authorization", b"Bearer sk-client")
    assert client_credentials(request(dialect, own), vendor="openai") == (own,)


def test_a_clients_key_never_goes_to_another_vendor():
    own = (b"x-api-key", b"sk-ant-client")
    assert client_credentials(request("anthropic_messages", own), vendor="openai") == ()


@pytest.mark.parametrize(
    ("dialect", "vendor", "value"),
    [
        ("openai_chat", "openai", b"Bearer sk-ant-client"),
        ("anthropic_messages", "anthropic", b"sk-proj-client"),
        ("anthropic_messages", "anthropic", b"bearer  sk-svcacct-client"),
    ],
)
def test_a_key_whose_shape_names_its_vendor_never_goes_to_another(dialect, vendor, value):
    """A key that a client was given by mistake stays here."""
    own = (b"authorization", value)
    assert client_credentials(request(dialect, own), vendor=vendor) == ()


def test_cookies_are_passed_on_where_the_key_is():
    cookie = (b"cookie", b"session=secret")
    assert client_credentials(request("openai_chat", cookie), vendor="openai") == (cookie,)
    assert client_credentials(request("openai_chat", cookie), vendor="anthropic") == ()
