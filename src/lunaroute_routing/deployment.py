"""One target of a rule, with what is known of its provider."""

from collections.abc import Callable

from attrs import define, field

from lunaroute_core import ModelRequest, Provider
from lunaroute_core.deadlines import DeadlineOverrides
from lunaroute_routing.provider_state import ProviderState
from lunaroute_routing.retry_budget import RetryBudget
from lunaroute_routing.settings import RoutingSettings
from lunaroute_routing.target import Target


@define(kw_only=True, eq=False)
class Deployment:
    """A provider, the model it is asked for, and how it fares.

    Attributes:
        target: where it was written in a rule.
        provider: what answers.
        state: shared by all deployments of one provider under the same settings.
        settings: that hold for it under its rule.
        retries: how often it may be asked again.
        name: the provider's, as rules have it.
        label: `provider` or `provider/model`, for people, and to know it again.
    """

    target: Target
    provider: Provider
    state: ProviderState
    settings: RoutingSettings
    retries: RetryBudget
    name: str = field(init=False)
    label: str = field(init=False)
    deadlines: DeadlineOverrides | None = field(init=False)
    """What it is told of deadlines, except for the route's total."""
    is_limited: bool = field(init=False)
    """Whether it says before it is asked what it cannot serve."""
    _lacks: Callable[[ModelRequest], str | None] | None = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.name, self.label = self.target.provider, str(self.target)
        timeouts = self.settings.timeouts
        overrides = DeadlineOverrides(connect=timeouts.connect_secs, idle=timeouts.idle_secs)
        self.deadlines = None if overrides == DeadlineOverrides() else overrides
        self._lacks = getattr(self.provider, "lacks", None)
        self.is_limited = self._lacks is not None

    def request(self, request: ModelRequest) -> ModelRequest:
        """The request for the model that this deployment has."""
        model = self.target.model
        return request if model is None else request.with_model(model)

    def lacks(self, request: ModelRequest) -> str | None:
        """Why it cannot serve a request that it was never asked, as far as that is known."""
        return None if self._lacks is None else self._lacks(self.request(request))

    def consults_breaker(self, *, has_choice: bool) -> bool:
        """Whether an open breaker keeps requests from it."""
        enabled = self.settings.breaker.enabled
        return has_choice if enabled is None else enabled

    def consults_cooldowns(self, *, has_choice: bool) -> bool:
        """Whether a cool-down does."""
        enabled = self.settings.cooldown.enabled
        return has_choice if enabled is None else enabled
