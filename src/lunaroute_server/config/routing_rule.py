"""One rule of the configuration: which requests it is for, and where they go."""

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct

from lunaroute_server.config.resilience import (
    CircuitBreakerConfig,
    CooldownConfig,
    HealthConfig,
    HedgeConfig,
    RetryConfig,
    Seconds,
    TimeoutsConfig,
)

StrategyType = Literal[
    "ordered",
    "round-robin",
    "weighted-round-robin",
    "least-latency",
    "least-busy",
    "cheapest",
    "sticky",
    "limits-alternative",
]
RESERVED_NAMES = "default:"
"""How the names of the rules begin that are there by themselves."""
MatcherType = Literal["model", "listener", "override", "always"]
Tokens = Annotated[int, Meta(ge=0)]
Dollars = Annotated[float, Meta(ge=0)]


def listed(value: str | tuple[str, ...]) -> tuple[str, ...]:
    """What may be written as one text or as several."""
    return (value,) if isinstance(value, str) else value


class MatchConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which requests a rule takes: those for which everything holds that is given here. Patterns
    are RE2 regular expressions, found anywhere in the text unless they are anchored.
    """

    type: MatcherType | None = None
    """The original's kind of matcher: `model` goes with `pattern`, `listener` with `listener`,
    `override` and `always` with nothing. It may be left out."""
    always: bool | None = None
    """True: every request, as where nothing is given."""
    dialect: str | tuple[str, ...] = ()
    """What the client speaks: `openai`, `anthropic`, or one dialect of theirs; or several."""
    model: str | tuple[str, ...] = ()
    """The exact name of the model, or several."""
    model_glob: str | None = None
    """The model's name with `*`, `?` and `[…]`."""
    model_pattern: str | None = None
    """A pattern in the model's name."""
    headers: dict[str, str] = {}
    """Header name to a pattern in its value; of a repeated header one value must match."""
    query: dict[str, str] = {}
    """Query parameter to its exact value."""
    path: str | tuple[str, ...] = ()
    """Where the request's path begins, or several such. Only rules with this key take what is
    forwarded unread, such as `/v1/embeddings`, and only without a word on model or content."""
    stream: bool | None = None
    """Whether a stream is asked for."""
    min_input_tokens: Tokens | None = None
    """The least input there must be, by estimate."""
    max_input_tokens: Tokens | None = None
    """The most input there may be, by estimate."""
    has_tools: bool | None = None
    """Whether tools are declared."""
    has_images: bool | None = None
    """Whether there are images in the conversation."""
    tag: str | tuple[str, ...] = ()
    """A tag that the request has, or several of which it has one."""
    override: bool | None = None
    """Whether the client named a provider itself. That goes before all rules, so one with true
    takes nothing by itself."""


class PriceConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """US dollars for a million tokens, in place of the known price."""

    input: Dollars
    """Of the request."""
    output: Dollars
    """Of the answer."""


class TargetConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A provider, and what it is asked for. As a text: `provider`, or `provider/model`."""

    provider: str
    """Its name."""
    model: str | None = None
    """The model to ask it for; null leaves the client's."""
    weight: Annotated[int, Meta(ge=0)] | None = None
    """Its share beside the others' (1), for `weighted-round-robin` and `sticky`."""
    price: PriceConfig | None = None
    """What it costs, where that is not known."""


TargetName: TypeAlias = str | TargetConfig


def target_of(name: TargetName) -> TargetConfig:
    """A target that may be written as a text."""
    if isinstance(name, TargetConfig):
        return name
    provider, slash, model = name.partition("/")
    return TargetConfig(provider=provider, model=model if slash else None)


class StrategyConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one of several targets is chosen, among those that can be asked now."""

    type: StrategyType
    """`ordered`: the first. `round-robin`: one after the other. `weighted-round-robin`: likewise,
    some more often. `least-latency`: who answers fastest for its load. `least-busy`: who has the
    fewest requests under way. `cheapest`: by price and estimated tokens. `sticky`: a session
    stays where it is. `limits-alternative`: the first of the primary ones that has not reached its
    limits, else the first such alternative."""
    providers: tuple[TargetName, ...] = ()
    """The targets; with `limits-alternative` there are two lists instead."""
    primary_providers: tuple[TargetName, ...] = ()
    """`limits-alternative`: who is asked as long as possible."""
    alternative_providers: tuple[TargetName, ...] = ()
    """`limits-alternative`: who is asked meanwhile."""
    exponential_backoff_base_secs: Seconds | None = None
    """`limits-alternative`: the original's name for the rule's `cooldown.default_secs`."""

    @property
    def lists(self) -> dict[str, tuple[TargetName, ...]]:
        """The keys in which a strategy of this type has its targets, and the targets."""
        if self.type != "limits-alternative":
            return {"providers": self.providers}
        return {
            "primary_providers": self.primary_providers,
            "alternative_providers": self.alternative_providers,
        }


class AliasConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A model name that stands for targets. It is a rule that takes the requests for that name,
    and `/v1/models` lists it.
    """

    priority: int = 1000
    """Rules with a higher one are tried first."""
    primary: TargetName | None = None
    """Where the requests go, unless there is a `strategy`."""
    strategy: StrategyConfig | None = None
    """Several targets, and how to choose among them."""
    alias: str | None = None
    """Another alias whose targets to use, with what it says of failures."""
    fallbacks: tuple[TargetName, ...] = ()
    """Who is asked, in this order, when none of those before can answer; nobody twice."""
    circuit_breaker: CircuitBreakerConfig = CircuitBreakerConfig()
    health: HealthConfig = HealthConfig()
    cooldown: CooldownConfig = CooldownConfig()
    retry: RetryConfig = RetryConfig()
    timeouts: TimeoutsConfig = TimeoutsConfig()
    hedge: HedgeConfig = HedgeConfig()


class RuleConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rule. Exactly one of `primary`, `strategy` and `alias` says where its requests go; beside
    a `strategy`, `primary` counts for nothing.
    """

    name: str | None = None
    """How clients and logs call it; null is `rule_` with its priority and its position in the
    list, from 0."""
    priority: int = 10
    """Rules with a higher one are tried first, equal ones in their order."""
    match: MatchConfig = MatchConfig()
    primary: TargetName | None = None
    """Where its requests go, unless there is a `strategy`."""
    strategy: StrategyConfig | None = None
    """Several targets, and how to choose among them."""
    alias: str | None = None
    """An alias whose targets to use, with what it says of failures."""
    fallbacks: tuple[TargetName, ...] = ()
    """Who is asked, in this order, when none of those before can answer; nobody twice."""
    circuit_breaker: CircuitBreakerConfig = CircuitBreakerConfig()
    health: HealthConfig = HealthConfig()
    cooldown: CooldownConfig = CooldownConfig()
    retry: RetryConfig = RetryConfig()
    timeouts: TimeoutsConfig = TimeoutsConfig()
    hedge: HedgeConfig = HedgeConfig()


def rule_name(rule: RuleConfig, position: int) -> str:
    """What a rule is called that stands at this position."""
    return f"rule_{rule.priority}_{position}" if rule.name is None else rule.name
