"""Where something stands in a body."""

from msgspec import Struct


class Place(Struct, frozen=True):
    """Bytes of a body, from `start` up to and without `end`."""

    start: int
    end: int
