"""What a model costs."""

from msgspec import Struct


class Price(Struct, frozen=True, kw_only=True):
    """US dollars for a million tokens."""

    input: float
    output: float
