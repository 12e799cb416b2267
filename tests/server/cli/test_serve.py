"""`serve` as it is used: a process, a port, a signal."""

import json
import os
import signal
import socket
from http.client import HTTPConnection

import pytest


def ask(port, path="/healthz", method="GET", body=None):
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, body, {"content-type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    except ConnectionError:
        return None
    finally:
        connection.close()


CHAT = json.dumps({"model": "mock/echo", "messages": [{"role": "user", "content": "hello"}]})


@pytest.mark.parametrize("server", ["hypercorn", "uvicorn", "granian"])
def test_it_answers_and_stops_in_order(started, eventually, free_port, home, server):
    pytest.importorskip(server)
    process = started("serve", "--port", str(free_port), "--server", server)
    eventually(lambda: ask(free_port))
    status, body = ask(free_port, "/v1/chat/completions", "POST", CHAT)
    assert status == 200
    assert json.loads(body)["choices"][0]["message"]["content"] == "hello"
    process.send_signal(signal.SIGTERM)
    output, log = process.communicate(timeout=20)
    assert (process.returncode, output) == (0, "")
    (line,) = [it for it in map(json.loads, log.splitlines()) if it["event"] == "listening"]
    assert (line["url"], line["server"]) == (f"http://127.0.0.1:{free_port}", server)
    assert list((home / "state" / "run").iterdir()) == []


def test_it_starts_within_its_budget(started, eventually, free_port):
    """1.5 s of processor time, as a busy machine says nothing about us in seconds."""
    process = started("serve", "--port", str(free_port))
    eventually(lambda: ask(free_port))
    process.send_signal(signal.SIGTERM)
    _, _, used = os.wait4(process.pid, 0)
    process.returncode = 0
    assert used.ru_utime + used.ru_stime < 1.5


def test_a_taken_port_is_one_line_and_exit_code_2(lunaroute):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        result = lunaroute("serve", "--port", str(port))
    assert result.returncode == 2
    assert result.stderr == (
        f"error: port: {port} on 127.0.0.1 is taken by another program: "
        "choose another with --port\n"
    )


def test_other_interfaces_need_to_be_meant(lunaroute, started, eventually, free_port):
    refused = lunaroute("serve", "--host", "0.0.0.0", "--port", str(free_port))
    assert refused.returncode == 2
    assert "--insecure" in refused.stderr
    started("serve", "--host", "0.0.0.0", "--port", str(free_port), "--insecure")
    assert eventually(lambda: ask(free_port))


def test_a_state_directory_that_cannot_be_written_does_not_keep_it_from_serving(
    started, eventually, free_port, home
):
    (home / "state").write_text("no directory")
    assert started("serve", "--port", str(free_port))
    assert eventually(lambda: ask(free_port))


def test_request_lines_are_written_on_demand(started, eventually, free_port):
    process = started("serve", "--port", str(free_port), "--log-requests")
    eventually(lambda: ask(free_port))
    ask(free_port, "/v1/chat/completions", "POST", CHAT)
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=20)
    events = [json.loads(line)["event"] for line in log.splitlines()]
    assert "request.completed" in events


def test_settings_in_vain_are_warned_of_in_the_log(started, eventually, free_port, monkeypatch):
    monkeypatch.setenv("LUNAROUTE_UI_PORT", "1")
    process = started("serve", "--port", str(free_port))
    eventually(lambda: ask(free_port))
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=20)
    first = json.loads(log.splitlines()[0])
    assert (first["level"], first["event"]) == ("warning", "configuration")
    assert "LUNAROUTE_UI_PORT" in first["reason"]
