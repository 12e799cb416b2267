"""Where prices are looked up."""

from typing import Protocol

from lunaroute_core import Price


class PriceList(Protocol):
    """What models cost."""

    def price(self, provider: str, model: str) -> Price | None:
        """By the provider's name and its own name of the model; None where it is not known,
        which is not the same as free. Asked on the way of every request: quick, without I/O.
        """
        ...
