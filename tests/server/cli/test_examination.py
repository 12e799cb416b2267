"""Each thing `doctor` looks at, when it is right and when it is wrong."""

import socket

import pytest

from lunaroute_server.cli.examination import examine
from lunaroute_server.cli.reachability import Reached
from lunaroute_server.config import Config, LoadedConfig, ProviderConfig
from lunaroute_server.process import StateDirectory


@pytest.fixture
def look(tmp_path, free_port):
    def look(*, state=None, reach=None, warnings=(), **settings):
        config = Config(**{"port": free_port, **settings})
        loaded = LoadedConfig(config=config, warnings=warnings)
        findings = examine(loaded, StateDirectory(state or tmp_path), reach=reach)
        return {finding.check: (finding.status, finding.detail) for finding in findings}

    return look


def reached(base_url, ahead=0.0):
    return Reached(route="directly", clock_ahead_secs=ahead)


def test_nothing_is_wrong_with_the_defaults(look, free_port):
    findings = look(reach=reached)
    assert {status for status, _ in findings.values()} == {"ok"}
    assert findings["port"] == ("ok", f"{free_port} on 127.0.0.1 is free")
    assert findings["openai: credentials"][1] == "clients' own are passed on"
    assert findings["openai: reachable"][1] == "https://api.openai.com/v1 directly"
    assert findings["anthropic: reachable"][1] == "https://api.anthropic.com directly"
    assert findings["mock: credentials"][1] == "none needed"
    assert "extra uvicorn" in findings


def test_a_warning_of_the_configuration_is_passed_on(look):
    assert look(warnings=("X has no effect",))["configuration"] == ("warning", "X has no effect")


def test_a_taken_port(look):
    with socket.create_server(("127.0.0.1", 0)) as other:
        status, detail = look(port=other.getsockname()[1])["port"]
    assert status == "failed"
    assert "is taken by another program" in detail


def test_an_address_that_serve_would_refuse(look):
    status, detail = look(host="0.0.0.0")["port"]
    assert (status, "--insecure" in detail) == ("failed", True)


def test_a_state_directory_that_cannot_be_written(look, tmp_path):
    (tmp_path / "file").touch()
    status, detail = look(state=tmp_path / "file")["state directory"]
    assert (status, "LUNAROUTE_HOME" in detail) == ("failed", True)


def test_no_provider_is_enabled(look):
    providers = {"openai": ProviderConfig(type="openai", enabled=False)}
    assert look(providers=providers)["providers"] == ("failed", "none is enabled")


def test_keys_are_counted_and_not_shown(look):
    provider = ProviderConfig(type="openai", api_keys=("sk-one", "sk-two"))
    findings = look(providers={"mine": provider})
    assert findings["mine: credentials"] == ("ok", "2 from the configuration")


def test_a_provider_without_any_credentials(look):
    provider = ProviderConfig(type="openai", forward_client_credentials=False)
    assert look(providers={"mine": provider})["mine: credentials"][0] == "warning"


def test_a_provider_that_cannot_be_reached(look):
    def unreachable(base_url):
        raise ConnectionRefusedError(111, "Connection refused")

    provider = ProviderConfig(type="openai", base_url="http://127.0.0.1:9/v1")
    status, detail = look(providers={"mine": provider}, reach=unreachable)["mine: reachable"]
    assert status == "failed"
    assert detail == "http://127.0.0.1:9/v1: [Errno 111] Connection refused"


@pytest.mark.parametrize(
    ("ahead", "detail"),
    [(90.0, "90 s ahead of the providers'"), (-300.0, "300 s behind the providers'")],
)
def test_a_wrong_clock(look, ahead, detail):
    clock = look(reach=lambda base_url: reached(base_url, ahead))["clock"]
    assert clock == ("warning", detail)


def test_nobody_is_asked_offline(look):
    findings = look()
    assert "openai: reachable" not in findings
    assert findings["clock"][0] == "ok"
