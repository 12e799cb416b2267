"""What models cost, from the prices that come with the library genai-prices."""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from attrs import define, field
from msgspec import Struct

from lunaroute_core import Price

if TYPE_CHECKING:
    from genai_prices.data_snapshot import DataSnapshot
    from genai_prices.types import ModelInfo, Provider, TieredPrices

KEPT_SECS = 600.0
"""How long a price is kept before it is looked up again: some change by the day or the hour."""
KEPT_PRICES = 1_000
"""Clients may name any model, so what is kept has a bound."""
LONGEST_NAME = 200
"""Of a model, in characters; no longer one is looked for."""


class PriceQuote(Struct, frozen=True, kw_only=True):
    """A price and where it is from: the library, its version, the vendor and its model."""

    price: Price
    source: str


@define(eq=False)
class GenAIPrices:
    """A list of prices by provider and model. It never asks the network.

    Making one loads the library and its data: about 0.2 s and 30 MiB, once in a process.

    A provider is known by its address, where that is given, else if its name is the library's
    name of a vendor (`openai`, `anthropic`, `groq`, …). Of prices by the length of the
    input the first is taken, and prices of caching, audio and single requests are not looked at.

    Attributes:
        addresses: the base URLs of providers, by name.
        clock: Unix time in seconds.
    """

    addresses: Mapping[str, str] = field(factory=dict[str, str])
    clock: Callable[[], float] = field(default=time.time, kw_only=True)
    _snapshot: "DataSnapshot" = field(init=False, repr=False)
    _version: str = field(init=False)
    _vendors: "dict[str, Provider | None]" = field(
        factory=dict[str, "Provider | None"], init=False, repr=False
    )
    _kept: dict[tuple[str, str], tuple[float, PriceQuote | None]] = field(
        factory=dict[tuple[str, str], tuple[float, PriceQuote | None]], init=False, repr=False
    )
    """With the time until which each holds."""

    def __attrs_post_init__(self) -> None:
        from genai_prices import __version__  # noqa: PLC0415 - 150 ms
        from genai_prices.data_snapshot import get_snapshot  # noqa: PLC0415

        self._version = __version__
        self._snapshot = get_snapshot()

    def price(self, provider: str, model: str) -> Price | None:
        """None where it is not known: never 0 for that."""
        quote = self.quote(provider, model)
        return None if quote is None else quote.price

    def quote(self, provider: str, model: str) -> PriceQuote | None:
        """The price and its source."""
        now, key = self.clock(), (provider, model)
        kept = self._kept.get(key)
        if kept is not None and now < kept[0]:
            return kept[1]
        if len(model) > LONGEST_NAME:
            return None
        if len(self._kept) >= KEPT_PRICES:
            self._kept.clear()
        quote = self._look_up(provider, model, datetime.fromtimestamp(now, UTC))
        self._kept[key] = (now + KEPT_SECS, quote)
        return quote

    def _look_up(self, provider: str, model: str, now: datetime) -> PriceQuote | None:
        vendor = self._vendor(provider)
        # The library's own look-up keeps every name that it was ever asked for.
        found = vendor and vendor.find_model(model, all_providers=self._snapshot.providers)
        price = found and _price(found, now)
        if not (vendor and found and price):
            return None
        return PriceQuote(
            price=price, source=f"genai-prices {self._version}: {vendor.id}/{found.id}"
        )

    def _vendor(self, name: str) -> "Provider | None":
        if name not in self._vendors:
            self._vendors[name] = self._find_vendor(name)
        return self._vendors[name]

    def _find_vendor(self, name: str) -> "Provider | None":
        address = self.addresses.get(name)
        if address is None:
            return next((one for one in self._snapshot.providers if one.id == name), None)
        try:
            return self._snapshot.find_provider(None, None, address)
        except LookupError:
            return None


def _price(model: "ModelInfo", now: datetime) -> Price | None:
    prices = model.get_prices(now)
    read, written = prices.input_mtok, prices.output_mtok
    if read is None or written is None:
        return None
    return Price(input=_first(read), output=_first(written))


def _first(price: "Decimal | TieredPrices") -> float:
    return float(price if isinstance(price, Decimal) else price.base)
