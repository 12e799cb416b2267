"""A server whose configuration changes while it answers."""

import json
import os
import signal
from contextlib import closing, contextmanager
from http.client import HTTPConnection

import psutil
import pytest

LONG = "a b c d e f g h i j k l m n o p"
CONFIG = """\
providers:
  first: {type: mock, mock: {script: [{text: one}]}}
  second: {type: mock, mock: {script: [{text: two}]}}
  slow:
    type: mock
    mock: {tokens_per_second: 2, script: [{text: "LONG"}]}
routing:
  rules:
    - {name: slow, priority: 20, match: {model: slow}, primary: slow/text}
    - {name: main, primary: first/text}
""".replace("LONG", LONG)
CHAT = {"messages": [{"role": "user", "content": "hello"}]}


def text_of(stream):
    """The text in some lines of a stream."""
    data = [line[6:] for line in stream.decode().splitlines() if line.startswith("data: {")]
    deltas = [choice["delta"] for it in data for choice in json.loads(it)["choices"]]
    return "".join(delta.get("content") or "" for delta in deltas)


class Server:
    """A process that serves a file; what it logs is in another one."""

    def __init__(self, started, eventually, home, port):
        self.file, self.port = home / "lr.yaml", port
        self.log_file = home / "log"
        self.file.write_text(CONFIG)
        self.started, self.eventually = started, eventually

    def start(self, *arguments):
        with self.log_file.open("w") as log:
            self.process = self.started(
                "serve", "-c", str(self.file), "--port", str(self.port), *arguments, stderr=log
            )
        self.eventually(lambda: self.logged("listening"))

    @contextmanager
    def post(self, model="m", **more):
        body = json.dumps({"model": model, **CHAT, **more})
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=20)) as connection:
            connection.request("POST", "/v1/chat/completions", body)
            yield connection.getresponse()

    def answer(self):
        with self.post() as response:
            return json.loads(response.read())["choices"][0]["message"]["content"]

    def logged(self, event):
        lines = self.log_file.read_text().split("\n")[:-1]
        return [it for it in map(json.loads, lines) if it["event"] == event]

    def edit(self, old, new):
        """As an editor saves: a new file in the place of the old one."""
        text = self.file.read_text()
        assert old in text
        draft = self.file.with_suffix(".new")
        draft.write_text(text.replace(old, new))
        draft.replace(self.file)

    @property
    def workers(self):
        return {child.pid for child in psutil.Process(self.process.pid).children()}

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


@pytest.fixture
def server(started, eventually, home, free_port):
    return Server(started, eventually, home, free_port)


def test_an_edited_file_reroutes_and_an_open_stream_goes_on(server, eventually):
    server.start()
    assert server.answer() == "one"
    with server.post("slow", stream=True) as stream:
        head = stream.readline()
        server.edit("first/text", "second/text")
        server.edit("primary: slow/text", "primary: first/text")
        (reloaded,) = eventually(lambda: server.logged("config.reloaded"))
        assert server.answer() == "two"
        rest = stream.read()
    assert text_of(head + rest) == LONG
    assert text_of(rest) != ""
    assert reloaded["changed"] == ["routing.rules[0].primary", "routing.rules[1].primary"]
    assert server.stop() == 0


def test_a_bad_file_changes_nothing_and_says_why(server, eventually):
    server.start()
    server.edit("primary: first/text}", "primary: nobody}\n  rule: 3\n  commit_after_secs: x")
    (failed,) = eventually(lambda: server.logged("config.reload_failed"))
    assert failed["level"] == "error"
    assert len(failed["problems"]) == 2
    assert f"{server.file}:" in failed["problems"][0]
    assert server.answer() == "one"
    server.file.write_text(CONFIG.replace("first/text", "second/text"))
    eventually(lambda: server.answer() == "two")
    assert server.stop() == 0


def test_what_takes_a_restart_is_said_and_the_rest_is_done(server, eventually):
    server.start()
    server.edit("providers:\n", "logging: {level: debug}\nproviders:\n  third: {type: mock}\n")
    (warning,) = eventually(lambda: server.logged("config.restart_needed"))
    assert warning["keys"] == ["providers.third", "logging.level"]
    server.edit("first/text", "second/text")
    eventually(lambda: server.answer() == "two")
    assert server.stop() == 0


@pytest.mark.parametrize("arguments", [(), ("--workers", "2")], ids=["alone", "workers"])
def test_sighup_has_the_file_read_again(server, eventually, arguments):
    """The file is not watched here. The terminal has nothing to do with it either."""
    server.file.write_text(CONFIG.replace("routing:\n", "routing:\n  watch: false\n"))
    server.start(*arguments)
    processes = len(arguments) or 1
    if arguments:
        eventually(lambda: len(server.workers) == 2)
    server.edit("first/text", "second/text")
    eventually(lambda: server.process.send_signal(signal.SIGHUP) or server.answer() == "two")
    eventually(lambda: len({it["process"] for it in server.logged("config.reloaded")}) == processes)
    assert {server.answer() for _ in range(10)} == {"two"}
    assert server.stop() == 0


def test_a_file_changes_for_all_workers_and_those_to_come(server, eventually):
    server.start("--workers", "2")
    before = eventually(lambda: len(server.workers) == 2 and server.workers)
    server.edit("first/text", "second/text")
    eventually(lambda: len({it["process"] for it in server.logged("config.reloaded")}) == 2)
    os.kill(min(before), signal.SIGKILL)
    eventually(lambda: len(server.workers) == 2 and server.workers != before)
    eventually(lambda: len({it["process"] for it in server.logged("config.reloaded")}) == 3)
    assert {server.answer() for _ in range(10)} == {"two"}
    assert server.stop() == 0
