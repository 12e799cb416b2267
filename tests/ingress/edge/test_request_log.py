import pytest
from structlog.testing import capture_logs

from lunaroute_core import TranslationWarning, UpstreamTimeoutError
from lunaroute_core.testing import FakeProvider


@pytest.fixture
def line_of(gateway_client):
    """The line that a request leaves in the log."""

    async def line(provider, method, target, body=b"", *, settings=None, **options):
        client = gateway_client(provider, **({"log_requests": True} | (settings or {})))
        with capture_logs() as lines:
            await client(method, target, body, **options)
        return next(one for one in lines if one["event"] == "request.completed")

    return line


async def test_a_request_leaves_one_line(line_of, path, body, dialect):
    line = await line_of(FakeProvider(), "POST", f"{path}?a=secret", body)
    assert line.pop("request_id").startswith("req_")
    assert 0 <= line.pop("duration_ms") < 5000
    assert line == {
        "event": "request.completed",
        "log_level": "info",
        "method": "POST",
        "path": path,
        "status": 200,
        "dialect": dialect,
        "model": "m-1",
        "provider": "fake",
        "attempts": 1,
        "outcome": "completed",
    }


async def test_a_stream_leaves_its_line_at_its_end(line_of, path, stream_body, dialect):
    line = await line_of(FakeProvider(), "POST", path, stream_body)
    assert (line["status"], line["outcome"], line["provider"]) == (200, "completed", "fake")


async def test_a_failure_says_what_went_wrong_and_with_whom(line_of, path, body):
    provider = FakeProvider(UpstreamTimeoutError(phase="idle", seconds=3, provider="openai"))
    line = await line_of(provider, "POST", path, body)
    assert line["status"] == 504
    assert line["outcome"] == "failed"
    assert line["error"] == "timeout"
    assert line["error_message"] == "upstream response timed out: idle deadline of 3 s"
    assert line["provider"] == "openai"


async def test_what_translation_lost_is_told(line_of, path, body):
    """All of it; the header has room for a few."""

    class Losing(FakeProvider):
        async def send(self, request):
            lost = [TranslationWarning(outcome="dropped", param=f"f{at}") for at in range(40)]
            request.context.warnings.extend(lost)
            return await super().send(request)

    line = await line_of(Losing(), "POST", path, body)
    assert line["warnings"] == [f"dropped f{at}" for at in range(40)]


async def test_a_request_that_was_refused_says_why(line_of, path):
    line = await line_of(FakeProvider(), "POST", path, b"{")
    assert (line["status"], line["outcome"], line["error"]) == (400, "failed", "invalid_request")


async def test_a_refusal_at_the_edge_says_why(line_of, path, body):
    line = await line_of(FakeProvider(), "POST", path, body, headers={"host": "evil.example"})
    assert (line["status"], line["outcome"], line["error"]) == (403, "failed", "permission")


async def test_what_is_not_known_is_left_out(line_of):
    line = await line_of(FakeProvider(), "GET", "/healthz")
    assert set(line) == {
        "event",
        "log_level",
        "request_id",
        "method",
        "path",
        "status",
        "duration_ms",
    }


async def test_a_client_that_left_is_told_from_a_failure(gateway_client, path, body):
    client = gateway_client(FakeProvider(), log_requests=True)
    with capture_logs() as lines:
        async with client.open("POST", path, pieces=[]) as call:
            call.disconnect()
    assert lines[0]["outcome"] == "client_gone"
    assert lines[0]["status"] is None


async def test_nothing_is_logged_unless_it_is_wanted(gateway_client, path, body):
    with capture_logs() as lines:
        await gateway_client(FakeProvider())("POST", path, body)
    assert lines == []


async def test_a_line_says_by_which_route_and_after_how_many_attempts(line_of, path, body):
    class Routing(FakeProvider):
        async def send(self, request):
            request.context.route = "cheap"
            request.context.attempts += 1
            return await super().send(request)

    line = await line_of(Routing(), "POST", path, body)
    assert (line["route"], line["attempts"]) == ("cheap", 2)
