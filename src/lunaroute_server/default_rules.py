"""Where requests go that no rule of the configuration takes."""

from collections.abc import Iterator, Mapping

from attrs import frozen

from lunaroute_core.dialects.registry import DIALECTS
from lunaroute_routing.rule import Match, Rule, Tier
from lunaroute_routing.settings import RoutingSettings
from lunaroute_routing.target import Target
from lunaroute_server.config.provider import ProviderConfig
from lunaroute_server.config.routing_rule import RESERVED_NAMES


def vendor_providers_of(providers: Mapping[str, ProviderConfig]) -> dict[str, str]:
    """Each vendor's provider: the one of its name, else the first of its type."""
    chosen: dict[str, str] = {}
    for name, one in providers.items():
        if name == one.type or one.type not in chosen:
            chosen[one.type] = name
    return chosen


@frozen(kw_only=True)
class DefaultRules:
    """Rules after all others: by the model names that providers list, then by those of a vendor.

    Attributes:
        providers: those that are enabled.
        settings: of each of them.
        below: their priorities are lower than this.
    """

    providers: Mapping[str, ProviderConfig]
    settings: Mapping[str, RoutingSettings]
    below: int

    def rules(self) -> Iterator[Rule]:
        yield from self._listed_models()
        yield from self._vendors_models()

    def _listed_models(self) -> Iterator[Rule]:
        """A name that several list goes to the client's own vendor, or else to the first."""
        listed = [name for one in self.providers.values() for name in one.models]
        repeated = {name for name in listed if listed.count(name) > 1}
        for vendor, name in vendor_providers_of(self.providers).items():
            models = tuple(model for model in self.providers[name].models if model in repeated)
            if models:
                match = Match(models=models, dialects=(vendor,))
                yield self._rule(f"{RESERVED_NAMES}models:{name}:{vendor}", name, match, below=1)
        for name, provider in self.providers.items():
            if provider.models:
                match = Match(models=tuple(provider.models))
                yield self._rule(f"{RESERVED_NAMES}models:{name}", name, match, below=1)

    def _vendors_models(self) -> Iterator[Rule]:
        """The clients of one vendor reach the models of another where the gateway has a key."""
        vendors = {dialect.vendor.name: dialect.vendor for dialect in DIALECTS.values()}
        for vendor, name in vendor_providers_of(self.providers).items():
            if vendor not in vendors or not self.providers[name].keys:
                continue
            match = Match(
                dialects=tuple(other for other in vendors if other != vendor),
                model_pattern="|".join(vendors[vendor].model_patterns),
            )
            yield self._rule(f"{RESERVED_NAMES}vendor:{vendor}", name, match, below=2)

    def _rule(self, name: str, provider: str, match: Match, *, below: int) -> Rule:
        return Rule(
            name=name,
            tiers=(Tier(targets=(Target(provider=provider),)),),
            match=match,
            priority=self.below - below,
            settings=self.settings[provider],
            provider_settings={provider: self.settings[provider]},
        )
