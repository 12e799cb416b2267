import math

import pytest

from lunaroute_storage.expiry import expires_at, is_over


def test_a_record_ends_after_its_time_to_live():
    assert expires_at(100.0, 5) == 105.0
    assert not is_over(105.0, 104.9)
    assert is_over(105.0, 105.0)


def test_a_record_without_a_time_to_live_never_ends():
    assert expires_at(100.0, None) is None
    assert not is_over(None, math.inf)


@pytest.mark.parametrize("ttl", [0, -1, math.nan])
def test_a_time_to_live_is_more_than_nothing(ttl):
    with pytest.raises(ValueError, match="more than 0 seconds"):
        expires_at(100.0, ttl)
