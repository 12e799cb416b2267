import pytest

from lunaroute_core import StateStoreError
from lunaroute_storage import StateBounds

BOUNDS = StateBounds(max_entries=2, max_bytes=10)


def test_what_is_within_both_bounds_is_held():
    assert BOUNDS.hold(entries=2, size=10)
    assert not BOUNDS.hold(entries=3, size=10)
    assert not BOUNDS.hold(entries=2, size=11)


def test_one_record_larger_than_the_store_is_refused():
    BOUNDS.check(10)
    with pytest.raises(StateStoreError, match="11 bytes is larger than the store's 10"):
        BOUNDS.check(11)


@pytest.mark.parametrize("wrong", [{"max_entries": 0}, {"max_bytes": 0}])
def test_a_store_that_could_hold_nothing_is_refused(wrong):
    with pytest.raises(ValueError, match="must be >= 1"):
        StateBounds(**{"max_entries": 1, "max_bytes": 1} | wrong)
