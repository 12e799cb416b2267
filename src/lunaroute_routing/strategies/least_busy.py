"""By load."""

from collections.abc import Sequence
from random import Random
from typing import Literal

from attrs import define, field

from lunaroute_core import ModelRequest
from lunaroute_routing.deployment import Deployment


@define(eq=False)
class LeastBusy:
    """A Strategy: whoever has the fewest requests under way; among equals, chance.

    Attributes:
        rng: for the choice among equals.
    """

    rng: Random = field(factory=Random)
    name: Literal["least-busy"] = field(default="least-busy", init=False)

    def rank(
        self, deployments: Sequence[Deployment], _request: ModelRequest
    ) -> Sequence[Deployment]:
        chance = self.rng.random  # less than one request, so it decides between equals only
        return sorted(deployments, key=lambda one: one.state.in_flight + chance())

    def took(self, chosen: Deployment, deployments: Sequence[Deployment]) -> None:
        """There is nothing to take note of: what is under way is counted elsewhere."""
