import time

import pytest

from lunaroute_core import (
    ModelResponse,
    ModelStream,
    Timings,
    TranslationWarning,
    UpstreamUnavailableError,
)
from lunaroute_core.testing import chat_request
from lunaroute_ingress.exchange import Exchange
from lunaroute_ingress.outcome_headers import _NAMES, header_value, outcome_headers


@pytest.fixture
def exchange():
    return Exchange(headers=(), first={})


@pytest.fixture
def request_sent():
    request = chat_request(model="public-name")
    request.context.attempts = 2
    return request


def told(request, outcome, exchange):
    headers = outcome_headers(request, outcome, exchange)
    assert len(dict(headers)) == len(headers)
    return {name.decode().removeprefix("x-lunaroute-"): value.decode() for name, value in headers}


def test_an_answer_tells_who_gave_it(request_sent, exchange):
    response = ModelResponse(provider="openai", model="vendor-name")
    assert told(request_sent, response, exchange) == {
        "provider": "openai",
        "model": "vendor-name",
        "attempts": "2",
    }


def test_a_failure_tells_who_was_asked_for_what(request_sent, exchange):
    error = UpstreamUnavailableError("refused", provider="openai")
    assert told(request_sent, error, exchange) == {
        "provider": "openai",
        "model": "public-name",
        "attempts": "2",
    }


@pytest.mark.parametrize(
    ("first_byte", "finished", "upstream_took"), [(2.0, 3.0, 3.0), (2.0, None, 2.0)]
)
def test_the_gateways_own_time_leaves_out_the_upstreams(
    request_sent, exchange, first_byte, finished, upstream_took
):
    now = time.monotonic()
    exchange.received_at = now - 5.0
    timings = Timings(
        started=now,
        first_byte=now + first_byte,
        finished=None if finished is None else now + finished,
    )
    response = ModelResponse(provider="openai", model="m", timings=timings)
    overhead = float(told(request_sent, response, exchange)["overhead-ms"])
    assert overhead == pytest.approx(1000 * (5.0 - upstream_took), abs=100)


def test_upstreams_that_failed_are_not_the_gateways_own_time(request_sent, exchange):
    now = time.monotonic()
    exchange.received_at = now - 5.0
    request_sent.context.waited = 3.0
    timings = Timings(started=now, first_byte=now + 1.0)
    response = ModelResponse(provider="openai", model="m", timings=timings)
    overhead = float(told(request_sent, response, exchange)["overhead-ms"])
    assert overhead == pytest.approx(1000, abs=100)


def test_nor_is_the_wait_for_a_streams_content(request_sent, exchange):
    now = time.monotonic()
    exchange.received_at = now - 5.0
    stream = ModelStream(
        provider="openai", model="m", timings=Timings(started=now, first_byte=now + 1.0)
    )
    stream.first_content.at = now + 4.0
    overhead = float(told(request_sent, stream, exchange)["overhead-ms"])
    assert overhead == pytest.approx(1000, abs=100)


def test_the_session_is_told(request_sent, exchange):
    request_sent.context.session_id = "s-1"
    response = ModelResponse(provider="p", model="m")
    assert told(request_sent, response, exchange)["session-id"] == "s-1"


def test_what_translation_lost_is_told(request_sent, exchange):
    request_sent.context.warnings += [
        TranslationWarning(outcome="dropped", param="top_k", message="no such thing"),
        TranslationWarning(outcome="emulated", param="n\r\nx: y", message="asked twice"),
    ]
    response = ModelResponse(provider="p", model="m")
    assert told(request_sent, response, exchange)["warnings"] == "dropped top_k, emulated n??x: y"


def test_more_warnings_than_a_header_can_hold_are_counted(request_sent, exchange):
    """Clients and proxies refuse headers of more than some 8 kB."""
    request_sent.context.warnings += [
        TranslationWarning(outcome="dropped", param=f"{number}{'x' * 300}") for number in range(500)
    ]
    warnings = told(request_sent, ModelResponse(provider="p", model="m"), exchange)["warnings"]
    assert warnings.startswith("dropped 0x")
    assert warnings.endswith(", and 484 more")
    assert len(warnings) < 5_000


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("gpt-5", b"gpt-5"),
        ("a\r\nset-cookie: x=1", b"a??set-cookie: x=1"),
        ("a\x00\x7fb", b"a??b"),
        ("modèle-☃", b"mod?le-?"),
        ("x" * 999, b"x" * 256),
    ],
)
def test_nothing_slips_into_a_header(text, value):
    assert header_value(text) == value


@pytest.mark.parametrize("model", ["m\r\n", "x" * 999])
def test_a_model_is_told_the_same_each_time(request_sent, exchange, model):
    response = ModelResponse(provider="p", model=model)
    first, again = (told(request_sent, response, exchange)["model"] for _ in range(2))
    assert first == again == header_value(model).decode()
    assert "x" * 999 not in _NAMES
