"""What the providers of a configuration charge."""

from collections.abc import Mapping

from attrs import frozen

from lunaroute_core import Price
from lunaroute_egress import ModelNames
from lunaroute_routing.prices import PriceList


@frozen(kw_only=True)
class ProviderPrices:
    """A PriceList by the names that models have with their providers.

    Attributes:
        known: asked for those.
        names: of each provider, how it calls the models that clients ask for.
    """

    known: PriceList
    names: Mapping[str, ModelNames]

    def price(self, provider: str, model: str) -> Price | None:
        return self.known.price(provider, self.names[provider].upstream(model))
