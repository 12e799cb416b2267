"""The background server from start to stop, in a state directory of its own."""

import json
import os
import signal
import socket

import psutil
import pytest


@pytest.fixture
def cleared(home):
    """Ends what a failed test has left running."""
    yield
    for path in (home / "state" / "run").glob("server-*.json"):
        os.kill(json.loads(path.read_bytes())["pid"], signal.SIGKILL)


def test_the_whole_cycle(lunaroute, free_port, cleared):
    port, url = str(free_port), f"http://127.0.0.1:{free_port}"
    exports = f"export ANTHROPIC_BASE_URL={url}\nexport OPENAI_BASE_URL={url}/v1\n"

    first = lunaroute("env", "--port", port, "--shell", "bash")
    assert (first.returncode, first.stdout) == (0, exports), first.stderr
    assert f"LunaRoute runs on {url}" in first.stderr

    (server,) = json.loads(lunaroute("status", "--json").stdout)
    assert (server["url"], server["healthy"]) == (url, True)
    process = psutil.Process(server["pid"])
    assert os.getsid(server["pid"]) == server["pid"], "it must survive the terminal"

    again = lunaroute("env", "--port", port, "--json")
    assert json.loads(again.stdout) == {
        "url": url,
        "pid": server["pid"],
        "log_file": server["log_file"],
    }
    assert "already" in again.stderr

    assert url in lunaroute("status").stdout
    assert "listening" in lunaroute("logs").stdout
    assert json.loads(lunaroute("logs", "--json", "-n", "1").stdout.splitlines()[0])["event"]

    stopped = lunaroute("stop", "--json")
    assert stopped.returncode == 0
    assert json.loads(stopped.stdout) == [{"url": url, "pid": server["pid"], "stopped": True}]
    assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    assert lunaroute("status").returncode == 1
    assert "listening" in lunaroute("logs").stdout, "the log outlives its server"


def test_a_port_of_another_program_prints_no_exports_but_the_log(lunaroute):
    with socket.create_server(("127.0.0.1", 0)) as other:
        result = lunaroute("env", "--port", str(other.getsockname()[1]))
    assert (result.returncode, result.stdout) == (1, "")
    assert "exit code 2" in result.stderr
    assert "is taken by another program" in result.stderr


def test_a_server_that_does_not_come_up_in_time_is_not_left_behind(lunaroute, free_port):
    result = lunaroute("env", "--port", str(free_port), "--timeout", "0")
    assert (result.returncode, result.stdout) == (1, "")
    assert "did not answer within 0 s" in result.stderr
    assert json.loads(lunaroute("status", "--json").stdout) == []


def test_the_configuration_decides_where_and_arguments_win(lunaroute, free_port, home, cleared):
    """The original printed its flags' address while variables moved the server."""
    (home / "lr.yaml").write_text("port: 1\napi_dialect: openai\n")
    result = lunaroute("env", "-c", str(home / "lr.yaml"), "--port", str(free_port))
    assert f"export OPENAI_BASE_URL=http://127.0.0.1:{free_port}/v1" in result.stdout
    (server,) = json.loads(lunaroute("status", "--json").stdout)
    assert server["config_file"] == str(home / "lr.yaml")
    assert lunaroute("stop", "--now").returncode == 0
