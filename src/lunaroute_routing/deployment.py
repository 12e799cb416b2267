"""One target of a rule, with what is known of its provider."""

from attrs import define, field

from lunaroute_core import Provider
from lunaroute_routing.provider_state import ProviderState
from lunaroute_routing.target import Target


@define(kw_only=True, eq=False)
class Deployment:
    """A provider, the model it is asked for, and how it fares.

    Attributes:
        target: where it was written in a rule.
        provider: what answers.
        state: shared by all deployments of one provider under the same settings.
    """

    target: Target
    provider: Provider
    state: ProviderState
    label: str = field(init=False)
    """`provider` or `provider/model`, for people; also what sticky sessions are hashed with."""

    def __attrs_post_init__(self) -> None:
        self.label = str(self.target)

    def model_for(self, model: str) -> str:
        """The name it is asked for, when the client asked for `model`."""
        return self.target.model or model
