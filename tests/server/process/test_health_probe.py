import socket
from threading import Thread

import pytest

from lunaroute_server.process.health_probe import answers_health


@pytest.fixture
def answering():
    """A server that gives one answer, whatever it is asked."""
    threads = []

    def start(answer):
        listener = socket.create_server(("127.0.0.1", 0))

        def serve():
            connection, _ = listener.accept()
            with listener, connection:
                connection.recv(4096)
                connection.sendall(answer)

        threads.append(Thread(target=serve))
        threads[-1].start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    for thread in threads:
        thread.join()


def test_200_is_healthy(answering, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    url = answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    assert answers_health(url, timeout_secs=5)


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n", b"what?\r\n", b""]
)
def test_anything_else_is_not(answering, answer):
    assert not answers_health(answering(answer), timeout_secs=5)


def test_nobody_there_is_not_healthy():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert not answers_health(f"http://127.0.0.1:{port}", timeout_secs=1)
