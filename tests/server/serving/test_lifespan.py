"""Failures to start and to stop must come out as what they are."""

import pytest

from lunaroute_server.serving.lifespan import Lifespan, LifespanError


async def test_the_application_is_open_inside():
    events = []

    async def app(scope, receive, send):
        assert scope["type"] == "lifespan"
        events.append((await receive())["type"])
        await send({"type": "lifespan.startup.complete"})
        events.append((await receive())["type"])
        await send({"type": "lifespan.shutdown.complete"})

    async with Lifespan(app=app):
        events.append("serving")
    assert events == ["lifespan.startup", "serving", "lifespan.shutdown"]


async def test_a_failure_to_start_is_the_applications_own_exception():
    async def app(scope, receive, send):
        await receive()
        raise KeyError("model")

    with pytest.raises(KeyError, match="model"):
        await Lifespan(app=app).__aenter__()


async def test_a_failure_that_is_only_reported_keeps_its_reason():
    async def app(scope, receive, send):
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no database"})

    with pytest.raises(LifespanError, match="did not start: no database"):
        await Lifespan(app=app).__aenter__()


async def test_the_application_is_closed_when_serving_fails():
    closed = []

    async def app(scope, receive, send):
        await receive()
        await send({"type": "lifespan.startup.complete"})
        closed.append((await receive())["type"])

    with pytest.raises(ZeroDivisionError):
        async with Lifespan(app=app):
            raise ZeroDivisionError
    assert closed == ["lifespan.shutdown"]


async def test_a_failure_to_stop_is_not_swallowed():
    async def app(scope, receive, send):
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.failed", "message": "still open"})

    with pytest.raises(LifespanError, match="did not stop: still open"):
        async with Lifespan(app=app):
            pass
