"""Counters, kept as decimal digits the way Redis keeps them."""

import re

from lunaroute_core.errors import StateStoreError

_NUMBER = re.compile(rb"-?\d{1,19}")
_LARGEST = 2**63 - 1


def increased(value: bytes | None, amount: int) -> int:
    """A counter's next value; one that is not there yet counts from 0.

    Raises:
        StateStoreError: the value is no number, or the sum does not fit into 64 bits.
    """
    if value is None:
        value = b"0"
    if not _NUMBER.fullmatch(value):
        raise StateStoreError("the value to increment is not a number")
    total = int(value) + amount
    if not -_LARGEST - 1 <= total <= _LARGEST:
        raise StateStoreError("a counter must fit into 64 bits")
    return total
