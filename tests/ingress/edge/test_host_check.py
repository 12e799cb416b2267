import pytest

from lunaroute_core import ErrorKind
from lunaroute_ingress.edge.host_check import HostCheck, host_name, is_local


@pytest.mark.parametrize(
    "host",
    [
        b"localhost",
        b"localhost:8081",
        b"LocalHost:8081",
        b"app.localhost:8081",
        b"127.0.0.1:8081",
        b"127.8.9.1",
        b"[::1]:8081",
        b"[::1]",
    ],
)
def test_names_of_this_machine_are_accepted(host):
    assert HostCheck().refusal(host) is None


@pytest.mark.parametrize(
    "host",
    [
        b"",
        b"evil.example",
        b"evil.example:8081",
        b"localhost.evil.example",
        b"127.0.0.1.evil.example",
        b"evil-localhost",
        b"192.168.1.5:8081",
        b"[::2]:8081",
        b"\xff\xfe",
    ],
)
def test_other_names_are_refused(host):
    refusal = HostCheck().refusal(host)
    assert refusal.kind is ErrorKind.PERMISSION
    assert refusal.param == "Host"
    assert "http_server.allowed_hosts" in refusal.message


def test_further_names_can_be_allowed():
    check = HostCheck(allowed=frozenset({"gateway.example"}))
    assert check.refusal(b"Gateway.Example:443") is None
    assert check.refusal(b"127.0.0.1") is None
    assert check.refusal(b"other.example") is not None


def test_nothing_is_checked_where_everything_is_allowed():
    assert HostCheck(allowed=None).refusal(b"evil.example") is None


@pytest.mark.parametrize(
    ("authority", "name"),
    [("A.example:80", "a.example"), ("[::1]:80", "::1"), ("[::1]", "::1"), ("b", "b"), ("", "")],
)
def test_a_hosts_name_is_found_in_an_authority(authority, name):
    assert host_name(authority) == name


def test_no_name_is_not_local():
    assert not is_local("")


def test_only_what_was_accepted_is_remembered_and_nothing_long():
    check, long = HostCheck(), b"a" * 600 + b".localhost"
    for _ in range(2):
        assert check.refusal(b"localhost:8081") is None
        assert check.refusal(long) is None
        assert check.refusal(b"evil.example") is not None
    assert list(check._accepted) == [b"localhost:8081"]
