"""The servers, and that they treat requests the same."""

import pytest

from lunaroute_core.errors import ConfigurationError
from lunaroute_server.serving import http_server
from lunaroute_server.serving.http_server import SERVERS, server_named


def test_a_missing_extra_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr(http_server, "find_spec", lambda name: None)
    with pytest.raises(ConfigurationError) as caught:
        server_named("uvicorn")
    assert str(caught.value) == (
        "server: uvicorn is not installed: pip install 'lunaroute[uvicorn]'"
    )


def test_an_unknown_server_is_refused_with_those_there_are():
    with pytest.raises(ConfigurationError, match="there are hypercorn, uvicorn, granian"):
        server_named("gunicorn")


@pytest.fixture(params=sorted(SERVERS))
def server(request, served):
    pytest.importorskip(request.param)
    return served("--server", request.param)


def test_headers_of_a_hundred_kilobytes_are_accepted(server, read_until):
    with server.request("/pid", [f"x-metadata-{n}: {'x' * 10_000}" for n in range(10)]) as client:
        assert read_until(client, b"0\r\n\r\n").startswith(b"HTTP/1.1 200")


def test_a_connection_is_kept_for_the_next_request(server, read_until):
    with server.request("/pid") as client:
        for _ in range(3):
            assert read_until(client, b"0\r\n\r\n").startswith(b"HTTP/1.1 200")
            client.sendall(b"GET /pid HTTP/1.1\r\nHost: localhost\r\n\r\n")


def test_nothing_is_added_to_the_applications_own_headers(served, read_until):
    """A relayed answer has the vendor's Date and Server already."""
    for name in ("hypercorn", "uvicorn"):
        with served("--server", name).request("/pid") as client:
            head = read_until(client, b"0\r\n\r\n").partition(b"\r\n\r\n")[0].lower()
        assert [line.partition(b":")[0] for line in head.split(b"\r\n")[1:]] == [
            b"content-type",
            b"transfer-encoding",
        ]
