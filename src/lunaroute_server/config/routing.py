"""Which provider answers which request."""

from typing import Annotated

from msgspec import Meta, Struct

from lunaroute_server.config.annotations import Templated
from lunaroute_server.config.resilience import (
    CircuitBreakerConfig,
    CooldownConfig,
    HealthConfig,
    HedgeConfig,
    RetryConfig,
    TimeoutsConfig,
)
from lunaroute_server.config.routing_rule import AliasConfig, RuleConfig

SWITCH_VARIABLES = ("original_provider", "new_provider", "reason", "model")
"""What `${…}` in a message about a switch may name."""


class SwitchNotificationConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Tells the model, and through it the user, that another provider answers than the one a
    rule leads to first: a message is put before the conversation. Without this section nobody
    is told.
    """

    enabled: bool = True
    """Whether that is done."""
    default_message: Annotated[str | None, Templated] = None
    """The message; null is one that LunaRoute has. `${original_provider}`, `${new_provider}`,
    `${reason}` and `${model}`, the one the client asked for, are filled in."""


class RoutingConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which provider answers which request. Without rules, clients reach the provider of their
    own vendor.

    What is said of failures, from `circuit_breaker` to `hedge`, may also be said in a rule and in
    a provider. Null is what the next level out says: a rule goes before the provider it leads
    to, the provider before `routing`, and `routing` before the defaults.
    """

    rules: tuple[RuleConfig, ...] = ()
    """The rules."""
    aliases: dict[str, AliasConfig] = {}
    """Model names that stand for targets."""
    circuit_breaker: CircuitBreakerConfig = CircuitBreakerConfig()
    health: HealthConfig = HealthConfig()
    cooldown: CooldownConfig = CooldownConfig()
    retry: RetryConfig = RetryConfig()
    timeouts: TimeoutsConfig = TimeoutsConfig()
    hedge: HedgeConfig = HedgeConfig()
    commit_after_secs: Annotated[float, Meta(ge=0)] = 10
    """How long a stream that has begun, but has no content yet, is held back while another
    target could still answer."""
    provider_switch_notification: SwitchNotificationConfig | None = None
    share_cooldowns: bool | None = None
    """Whether the processes that share `state.url` leave a provider alone together. Null: where
    that is shared, which `memory://` is not. A change takes a restart."""
    watch: bool = True
    """Whether this file is read again when it changes. Of a file with mistakes nothing is
    taken over. A change of this key takes a restart."""
