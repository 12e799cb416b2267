"""Where a rule sends a request."""

from msgspec import Struct

from lunaroute_core import Price


class Target(Struct, frozen=True, kw_only=True):
    """A provider, and the name that the model has there.

    Attributes:
        provider: the provider's name.
        model: asked for in place of the client's model; None keeps the client's.
        weight: this target's share beside the others', where the strategy weighs them.
        price: what it costs; None: the price list is asked.
    """

    provider: str
    model: str | None = None
    weight: int = 1
    price: Price | None = None

    def __str__(self) -> str:
        return self.provider if self.model is None else f"{self.provider}/{self.model}"
