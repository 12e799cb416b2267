"""What a Router does, in the log."""

import pytest
from structlog.testing import capture_logs

from lunaroute_core import ErrorKind
from lunaroute_routing import (
    BreakerChanged,
    CooledDown,
    FellBack,
    HealthChanged,
    RequestEnded,
)
from lunaroute_server.routing_log import RoutingLog

LIMITED = ErrorKind.RATE_LIMIT


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (
            BreakerChanged(provider="a", before="closed", after="open"),
            {
                "event": "provider.breaker_changed",
                "log_level": "warning",
                "provider": "a",
                "before": "closed",
                "after": "open",
            },
        ),
        (
            BreakerChanged(provider="a", before="half_open", after="closed"),
            {
                "event": "provider.breaker_changed",
                "log_level": "info",
                "provider": "a",
                "before": "half_open",
                "after": "closed",
            },
        ),
        (
            HealthChanged(provider="a", before="healthy", after="degraded"),
            {
                "event": "provider.health_changed",
                "log_level": "info",
                "provider": "a",
                "before": "healthy",
                "after": "degraded",
            },
        ),
        (
            CooledDown(provider="a", model="m", seconds=7.00049, kind=LIMITED),
            {
                "event": "provider.cooled_down",
                "log_level": "warning",
                "provider": "a",
                "model": "m",
                "seconds": 7.0,
                "reason": "rate_limit",
            },
        ),
        (
            CooledDown(provider="a", model=None, seconds=60.0, kind=ErrorKind.BILLING),
            {
                "event": "provider.cooled_down",
                "log_level": "warning",
                "provider": "a",
                "seconds": 60.0,
                "reason": "billing",
            },
        ),
        (
            FellBack(
                request_id="req_1", route="r", from_provider="a", to_provider="b", reason="server"
            ),
            {
                "event": "request.fell_back",
                "log_level": "info",
                "request_id": "req_1",
                "route": "r",
                "from_provider": "a",
                "to_provider": "b",
                "reason": "server",
            },
        ),
    ],
)
def test_a_line_says_what_happened(event, line):
    with capture_logs() as lines:
        RoutingLog().observe(event)
    assert lines == [line]


def test_the_end_of_a_request_is_the_request_logs():
    ended = RequestEnded(
        request_id="req_1", route="r", provider="a", outcome="completed", attempts=1
    )
    with capture_logs() as lines:
        RoutingLog().observe(ended)
    assert lines == []
