"""From a configuration to what a Router goes by."""

from lunaroute_routing.prices import PriceList
from lunaroute_routing.route_table import RouteTable
from lunaroute_routing.switch_notification import SwitchNotification
from lunaroute_server.config import Config
from lunaroute_server.config.provider import vendor_providers
from lunaroute_server.config.resolution import resolved
from lunaroute_server.default_rules import DefaultRules, vendor_providers_of
from lunaroute_server.routing_rules import RuleBuilder


def route_table(config: Config, *, prices: PriceList | None = None) -> RouteTable:
    """The table that a checked configuration describes.

    `prices` is what the strategy `cheapest`, and the events, go by where a target has no price of
    its own.
    """
    routing = config.routing
    enabled = {name: one for name, one in config.providers.items() if one.enabled}
    settings = {name: resolved(routing, provider=one) for name, one in enabled.items()}
    configured = (*routing.rules, *routing.aliases.values())
    defaults = DefaultRules(
        providers=enabled,
        settings=settings,
        below=min((1, *(rule.priority for rule in configured))),
    )
    return RouteTable(
        rules=(*RuleBuilder(config=config, prices=prices).rules(), *defaults.rules()),
        defaults=vendor_providers_of(enabled),
        settings=resolved(routing),
        provider_settings=settings,
        notification=_notification(config),
        prices=prices,
        listing=_listing(config),
        aliases=(*routing.aliases, *(name for one in enabled.values() for name in one.models)),
    )


def _notification(config: Config) -> SwitchNotification | None:
    said = config.routing.provider_switch_notification
    if said is None or not said.enabled:
        return None
    own = {
        name: provider.switch_notification_message for name, provider in config.providers.items()
    }
    messages = {name: message for name, message in own.items() if message is not None}
    if said.default_message is None:
        return SwitchNotification(messages=messages)
    return SwitchNotification(default_message=said.default_message, messages=messages)


def _listing(config: Config) -> tuple[str, ...]:
    """Providers whose models everybody sees: those with keys of their own, and simulated ones
    that somebody configured.
    """
    configured = config.providers != vendor_providers()
    return tuple(
        name
        for name, one in config.providers.items()
        if one.enabled and (one.keys or (one.type == "mock" and configured))
    )
