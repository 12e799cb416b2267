import pytest

from lunaroute_core.headers import HOP_BY_HOP, end_to_end, find_header

HEADERS = ((b"Content-Type", b"a"), (b"x-a", b"1"), (b"X-A", b"2"), (b"x-latin", b"\xe9"))


@pytest.mark.parametrize(
    ("name", "value"),
    [(b"content-type", "a"), (b"x-a", "1"), (b"x-latin", "\xe9"), (b"content", None)],
)
def test_the_first_value_is_found_whatever_the_case_of_its_name(name, value):
    assert find_header(HEADERS, name) == value


def test_order_and_repetition_are_kept_and_names_come_in_lower_case():
    assert end_to_end([(b"X-B", b"1"), (b"x-a", b"Two"), (b"x-b", b"3")]) == [
        (b"x-b", b"1"),
        (b"x-a", b"Two"),
        (b"x-b", b"3"),
    ]


@pytest.mark.parametrize("name", sorted(HOP_BY_HOP))
def test_hop_by_hop_headers_are_dropped(name):
    assert end_to_end([(name.title(), b"close"), (b"x-a", b"1")]) == [(b"x-a", b"1")]


def test_what_connection_names_is_dropped_wherever_it_stands():
    headers = [
        (b"X-Before", b"1"),
        (b"Connection", b"keep-alive, x-before"),
        (b"connection", b" X-After ,close"),
        (b"x-after", b"2"),
        (b"x-kept", b"3"),
    ]
    assert end_to_end(headers) == [(b"x-kept", b"3")]


@pytest.mark.parametrize("value", [b"", b"keep-alive", b"close", b"Keep-Alive, Close"])
def test_the_usual_connection_header_drops_nothing_else(value):
    assert end_to_end([(b"connection", value), (b"x-a", b"1")]) == [(b"x-a", b"1")]
