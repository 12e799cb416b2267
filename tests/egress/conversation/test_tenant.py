import pytest

from lunaroute_egress.conversation import TenantNames

NAMES = TenantNames(b"secret")


def test_a_key_is_the_same_client_in_whichever_header():
    names = {
        NAMES.of(((b"authorization", b"Bearer sk-1"),)),
        NAMES.of(((b"authorization", b"bearer  sk-1 "), (b"accept", b"*/*"))),
        NAMES.of(((b"x-api-key", b"sk-1"), (b"authorization", b"Bearer sk-1"))),
        NAMES.of(((b"api-key", b"sk-1"),)),
    }
    assert len(names) == 1
    assert len(names.pop()) == 32


def test_other_keys_are_other_clients():
    one, other = (NAMES.of(((b"x-api-key", key),)) for key in (b"sk-1", b"sk-2"))
    assert one != other


def test_a_name_tells_nothing_without_the_secret():
    header = ((b"x-api-key", b"sk-1"),)
    assert TenantNames(b"another").of(header) != NAMES.of(header)
    assert "secret" not in repr(NAMES)


@pytest.mark.parametrize("headers", [(), ((b"accept", b"x"),), ((b"x-api-key", b" "),)])
def test_without_a_key_there_is_no_name(headers):
    assert NAMES.of(headers) == ""
