"""By shares, evenly spread over time."""

import math
from collections.abc import Sequence
from typing import Literal
from weakref import WeakKeyDictionary

from attrs import define, field

from lunaroute_core import ModelRequest
from lunaroute_routing.deployment import Deployment


@define(eq=False)
class SmoothWeighted:
    """A Strategy: each gets its `weight` of the requests, and no long run of them.

    nginx's smooth weighted round-robin (`ngx_http_upstream_get_peer`): with every request each
    one's credit grows by its weight; who has the most is asked, and pays the sum of all weights.
    With weights 70, 20 and 10 that is a a b a a c a a b a, and then again. Who is not offered
    keeps its credit, which is never more than the sum: there is nothing to make up for later.

    Those of weight 0 are asked when nobody else can be.
    """

    name: Literal["weighted-round-robin"] = field(default="weighted-round-robin", init=False)
    _credits: WeakKeyDictionary[Deployment, int] = field(
        factory=WeakKeyDictionary[Deployment, int], init=False
    )

    def rank(
        self, deployments: Sequence[Deployment], _request: ModelRequest
    ) -> Sequence[Deployment]:
        return sorted(deployments, key=self._credit, reverse=True)

    def took(self, chosen: Deployment, deployments: Sequence[Deployment]) -> None:
        credits_ = self._credits
        total = 0
        for one in deployments:
            weight = one.target.weight
            total += weight
            credits_[one] = credits_.get(one, 0) + weight
        credits_[chosen] = credits_.get(chosen, 0) - total

    def _credit(self, deployment: Deployment) -> float:
        """With what it gains by the next request."""
        weight = deployment.target.weight
        return self._credits.get(deployment, 0) + weight if weight else -math.inf
