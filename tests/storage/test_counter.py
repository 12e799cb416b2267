import pytest

from lunaroute_core import StateStoreError
from lunaroute_storage.counter import increased


@pytest.mark.parametrize(
    ("value", "amount", "total"),
    [
        (None, 1, 1),
        (b"41", 1, 42),
        (b"-3", 5, 2),
        (b"0", -7, -7),
        (b"9223372036854775806", 1, 2**63 - 1),
        (b"-9223372036854775807", -1, -(2**63)),
    ],
)
def test_an_amount_is_added(value, amount, total):
    assert increased(value, amount) == total


@pytest.mark.parametrize("value", [b"", b"word", b" 1", b"1_0", b"+1", b"1.0", b"1\n", b"-"])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(StateStoreError, match="not a number"):
        increased(value, 1)


@pytest.mark.parametrize(("value", "amount"), [(b"9223372036854775807", 1), (None, -(2**63) - 1)])
def test_what_does_not_fit_is_refused(value, amount):
    with pytest.raises(StateStoreError, match="64 bits"):
        increased(value, amount)
