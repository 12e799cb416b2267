"""What a Router goes by; a new one takes the old one's place while requests are served."""

from collections.abc import Mapping, Sequence

from attrs import field, frozen

from lunaroute_routing.prices import PriceList
from lunaroute_routing.rule import Rule
from lunaroute_routing.settings import RoutingSettings
from lunaroute_routing.switch_notification import SwitchNotification


@frozen(kw_only=True)
class RouteTable:
    """Rules, and what holds where none of them says anything else.

    Attributes:
        rules: which requests go where.
        defaults: which provider serves the clients of a vendor when no rule takes a request.
        settings: for routes and providers that have none of their own.
        provider_settings: by provider's name.
        notification: tells the user that another provider answers; None tells nobody.
        prices: what models cost, for the events; None: nobody knows.
        listing: the providers whose models `/v1/models` lists for everybody. A client that
            brings its own credential sees its own vendor's models too; when that leaves
            none, the last provider is asked.
        aliases: further model names to list.
    """

    rules: Sequence[Rule] = ()
    defaults: Mapping[str, str] = {}
    settings: RoutingSettings = field(factory=RoutingSettings)
    provider_settings: Mapping[str, RoutingSettings] = {}
    notification: SwitchNotification | None = None
    prices: PriceList | None = None
    listing: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
