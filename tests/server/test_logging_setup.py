"""One form for all lines, on standard error, and no secrets in any of them."""

import io
import json
import logging

import pytest
import structlog

from lunaroute_server.logging_setup import configure_logging, scrub_text


@pytest.fixture
def output():
    """Where the lines go. What was configured before is put back."""
    root = logging.getLogger()
    before = root.handlers, root.level
    yield io.StringIO()
    structlog.reset_defaults()
    root.handlers, root.level = before


def lines(output):
    return [json.loads(line) for line in output.getvalue().splitlines()]


def test_our_own_lines_have_their_logger_level_and_time(output):
    configure_logging("info", stream=output)
    structlog.get_logger("lunaroute.request").info("request.completed", status=200)
    (line,) = lines(output)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "request.completed",
        "level": "info",
        "logger": "lunaroute.request",
        "status": 200,
    }


def test_the_libraries_lines_look_the_same(output):
    configure_logging("info", stream=output)
    logging.getLogger("hypercorn.error").warning("odd %s", "thing")
    (line,) = lines(output)
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "odd thing", "level": "warning", "logger": "hypercorn.error"}


def test_libraries_chatter_only_when_debugging(output):
    configure_logging("info", stream=output)
    logging.getLogger("uvicorn.error").info("Started server process")
    assert lines(output) == []
    configure_logging("debug", stream=output)
    logging.getLogger("uvicorn.error").info("Started server process")
    assert len(lines(output)) == 1


@pytest.mark.parametrize(
    ("level", "written"), [("debug", 4), ("info", 3), ("warning", 2), ("error", 1)]
)
def test_the_level_is_the_least_severe_that_is_written(output, level, written):
    configure_logging(level, stream=output)
    for severity in ("debug", "info", "warning", "error"):
        getattr(structlog.get_logger("mine"), severity)("event")
        logging.getLogger("someone").log(logging.getLevelNamesMapping()[severity.upper()], "x")
    assert len(lines(output)) == 2 * written


def test_auto_is_for_people_on_a_terminal(output):
    output.isatty = lambda: True
    configure_logging("info", stream=output)
    structlog.get_logger("mine").info("listening", port=8081)
    assert "listening" in output.getvalue()
    assert "\x1b[" in output.getvalue()


def test_a_form_can_be_chosen(output):
    configure_logging("info", form="console", stream=output)
    structlog.get_logger("mine").info("listening", port=8081)
    assert "port=8081" in output.getvalue()
    assert "\x1b[" not in output.getvalue()


CANARY = "canary0123456789abcdef"


@pytest.mark.parametrize("form", ["json", "console"])
@pytest.mark.parametrize(
    "fields",
    [
        {"x-api-key": CANARY},
        {"Authorization": f"Bearer {CANARY}"},
        {"key": f"sk-ant-{CANARY}"},
        {"headers": [(b"x-api-key", CANARY.encode())]},
        {"headers": {"api-key": CANARY, "cookie": CANARY}},
        {"nested": [{"deep": ({"api_key": CANARY},)}]},
        {"url": f"https://user:{CANARY}@proxy.test/v1"},
        {"url": f"https://vendor.test/v1/models?key={CANARY}&alt=sse"},
        {"reason": ValueError(f"401 for Bearer {CANARY}")},
        {"headers": "{'api-key': '" + CANARY + "'}"},
    ],
)
def test_secrets_are_taken_out_wherever_they_are(output, form, fields):
    configure_logging("info", form=form, stream=output)
    structlog.get_logger("mine").warning("upstream failed", **fields)
    logging.getLogger("aiohttp").warning("upstream failed: %r", fields)
    assert "upstream failed" in output.getvalue()
    assert CANARY not in output.getvalue()


@pytest.mark.parametrize("form", ["json", "console"])
def test_tracebacks_have_neither_secrets_nor_local_variables(output, form):
    configure_logging("info", form=form, stream=output)

    def fail(prompt):
        raise RuntimeError(f"invalid key sk-{CANARY}")

    try:
        fail("what the user " + "typed")
    except RuntimeError:
        structlog.get_logger("mine").exception("it failed")
        logging.getLogger("aiohttp").exception("it failed there")
    assert output.getvalue().count("RuntimeError: invalid key [redacted]") == 2
    assert CANARY not in output.getvalue()
    assert "what the user typed" not in output.getvalue()


@pytest.mark.parametrize(
    "text",
    [
        "task-runner and risk-assessment finished",
        "input_tokens=12345, output_tokens: 67890",
        "the bearer of the news",
        "basic auth is off",
        "http://127.0.0.1:8081/v1/messages?beta=true",
        "anthropic/claude-sonnet-4-5",
        "req_0123456789abcdef",
    ],
)
def test_ordinary_text_is_left_alone(text):
    assert scrub_text(text) == text


def test_writing_to_a_client_that_has_left_is_not_worth_a_line(output):
    configure_logging("info", stream=output)
    logging.getLogger("asyncio").warning("socket.send() raised exception.")
    assert lines(output) == []
