import ssl
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
import trustme

from lunaroute_server.cli.reachability import UNREACHABLE, NetworkReach

NOW = 1_800_000_000.0


class Vendor(BaseHTTPRequestHandler):
    def do_HEAD(self):
        self.server.seen.append(dict(self.headers))
        self.send_response_only(404)
        self.send_header("Date", formatdate(NOW, usegmt=True))
        self.end_headers()

    def log_message(self, *arguments):
        pass


@contextmanager
def vendor(tls=None):
    server = HTTPServer(("127.0.0.1", 0), Vendor)
    server.seen = []
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def authority():
    return trustme.CA()


@pytest.fixture
def reach(authority, monkeypatch):
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    tls = ssl.create_default_context()
    authority.configure_trust(tls)
    return NetworkReach(tls=tls, clock=lambda: NOW + 90)


def test_any_answer_is_reached_and_tells_the_time(reach):
    with vendor() as server:
        reached = reach(f"http://127.0.0.1:{server.server_port}/v1")
    assert (reached.route, reached.clock_ahead_secs) == ("directly", 90)
    assert "authorization" not in {name.lower() for name in server.seen[0]}


def test_certificates_are_checked(reach, authority):
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    with vendor(tls) as server:
        url = f"https://127.0.0.1:{server.server_port}"
        assert reach(url).clock_ahead_secs == 90
        with pytest.raises(ssl.SSLCertVerificationError):
            NetworkReach(tls=ssl.create_default_context())(url)


def test_the_environments_proxy_is_used(reach, monkeypatch):
    with vendor() as proxy:
        monkeypatch.setenv("http_proxy", f"http://me:se%3Acret@127.0.0.1:{proxy.server_port}")
        monkeypatch.setenv("no_proxy", "internal.test")
        assert reach("http://vendor.test").route == "through 127.0.0.1"
    (headers,) = proxy.seen
    assert headers["Host"] == "vendor.test"
    assert headers["Proxy-Authorization"] == "Basic bWU6c2U6Y3JldA=="


def test_nobody_there_is_unreachable(reach):
    with vendor() as server:
        url = f"http://127.0.0.1:{server.server_port}"
    with pytest.raises(UNREACHABLE):
        reach(url)
