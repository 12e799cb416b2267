"""A routing rule: which requests it is for, and where they go."""

from collections.abc import Mapping, Sequence
from typing import Literal

from attrs import field, frozen
from msgspec import Struct

from lunaroute_routing.settings import RoutingSettings
from lunaroute_routing.strategies.ordered import Ordered
from lunaroute_routing.strategy import Strategy
from lunaroute_routing.target import Target


class Match(Struct, frozen=True, kw_only=True):
    """What a request must be for a rule to take it: everything that is given here.

    Patterns are RE2 regular expressions, found anywhere unless anchored, like the original's.
    Header names are in lower case.

    Attributes:
        dialects: the client's dialect, by its name or its vendor's.
        models: the model's exact name, one of several.
        model_glob: the model's name with `*`, `?` and `[…]`.
        model_pattern: a pattern in the model's name.
        headers: patterns in headers' values; of a repeated header one value must match.
        query: exact values of query parameters.
        paths: where the request's path begins, in whole segments, one of several.
        stream: whether a stream is asked for.
        min_input_tokens, max_input_tokens: bounds of the estimated input, both included.
        has_tools: whether the request declares tools.
        has_images: whether the conversation holds images.
        keys, tenants: of the client, one of several.
        tags: one that the request has, of several.
        override: whether the client named a provider itself.
    """

    dialects: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    model_glob: str | None = None
    model_pattern: str | None = None
    headers: Mapping[str, str] = {}
    query: Mapping[str, str] = {}
    paths: tuple[str, ...] = ()
    stream: bool | None = None
    min_input_tokens: int | None = None
    max_input_tokens: int | None = None
    has_tools: bool | None = None
    has_images: bool | None = None
    keys: tuple[str, ...] = ()
    tenants: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    override: bool | None = None


TierRole = Literal["primary", "alternative", "fallback"]


@frozen(kw_only=True)
class Tier:
    """Targets among which a strategy chooses, before those of the next tier are asked."""

    targets: Sequence[Target]
    strategy: Strategy = field(factory=Ordered)
    role: TierRole = "primary"


@frozen(kw_only=True)
class Rule:
    """Sends the requests that match to the first tier that can serve them.

    Attributes:
        name: how clients and logs call it; unique in a table.
        priority: rules with a higher one are tried first, equal ones in their order.
        settings: in place of the Router's own, for all its targets.
        provider_settings: in place of them, by provider's name.
    """

    name: str
    tiers: Sequence[Tier]
    match: Match = field(factory=Match)
    priority: int = 0
    settings: RoutingSettings | None = None
    provider_settings: Mapping[str, RoutingSettings] = field(factory=dict[str, RoutingSettings])
