import pytest

from lunaroute_ingress.session_id import session_id_of


@pytest.mark.parametrize(
    "name", [b"x-claude-code-session-id", b"session-id", b"session_id", b"x-session-id"]
)
def test_each_clients_header_is_read(name):
    assert session_id_of({name: b"0198-Ab_c"}) == "0198-Ab_c"


def test_the_more_telling_header_goes_first():
    headers = {b"x-session-id": b"other", b"x-claude-code-session-id": b"claude"}
    assert session_id_of(headers) == "claude"


def test_an_id_that_is_none_is_passed_over():
    assert session_id_of({b"session-id": b"a/../b", b"x-session-id": b"good"}) == "good"


@pytest.mark.parametrize(
    "value", [b"", b"..", b"a b", b"a/b", b"a\\b", b"a.json", b"a\n", b"\xc3\xa9", b"x" * 256]
)
def test_what_could_touch_a_path_or_a_log_is_no_id(value):
    assert session_id_of({b"x-session-id": value}) is None


def test_without_a_header_there_is_none():
    assert session_id_of({}) is None
