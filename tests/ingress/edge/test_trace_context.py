import pytest

from lunaroute_ingress.edge.trace_context import continued_trace

TRACE = "0af7651916cd43dd8448eb211c80319c"
SPAN = "b7ad6b7169203331"


@pytest.mark.parametrize("flags", ["00", "01"])
def test_the_trace_goes_on_with_the_gateway_as_the_parent(flags):
    version, trace, span, sampled = continued_trace(f"00-{TRACE}-{SPAN}-{flags}".encode()).split(
        "-"
    )
    assert (version, trace, sampled) == ("00", TRACE, flags)
    assert len(span) == 16
    assert int(span, 16)
    assert span != SPAN


def test_each_request_is_a_span_of_its_own():
    received = f"00-{TRACE}-{SPAN}-01".encode()
    assert continued_trace(received) != continued_trace(received)


def test_a_later_version_is_read_as_far_as_it_is_known():
    assert continued_trace(f"cc-{TRACE}-{SPAN}-01-what-the-future-brings".encode()).startswith(
        f"00-{TRACE}-"
    )


@pytest.mark.parametrize(
    "received",
    [
        "",
        "nonsense",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}",
        f"00-{TRACE[1:]}-{SPAN}-01",
    ],
)
def test_one_that_the_standard_says_to_ignore_is(received):
    assert continued_trace(received.encode()) is None
