"""The pooled client and the proxy it uses."""

import aiohttp
import pytest
from multidict import CIMultiDict
from yarl import URL

from lunaroute_egress import HttpClient
from lunaroute_egress.http_client import proxy_for


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def test_the_proxy_of_the_scheme_is_used(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
    assert proxy_for("https://api.openai.com/v1") == URL("http://proxy:3128")
    assert proxy_for("http://example.com") is None


def test_all_proxy_is_the_last_resort(monkeypatch):
    monkeypatch.setenv("ALL_PROXY", "http://proxy:3128")
    assert proxy_for("http://example.com") == URL("http://proxy:3128")


def test_no_proxy_and_loopback_go_direct(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
    monkeypatch.setenv("HTTP_PROXY", "http://proxy:3128")
    monkeypatch.setenv("NO_PROXY", ".openai.com")
    assert proxy_for("https://api.openai.com/v1") is None
    assert proxy_for("http://127.0.0.1:11434/v1") is None
    assert proxy_for("http://localhost:11434/v1") is None


async def test_a_client_that_is_not_open_says_so():
    url = URL("http://127.0.0.1:1/")
    with pytest.raises(RuntimeError, match="not open"):
        await HttpClient().request(
            "GET",
            url,
            server=url,
            headers=CIMultiDict(),
            body=b"",
            deadline=aiohttp.ClientTimeout(),
        )
