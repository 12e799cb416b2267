"""By speed."""

from collections.abc import Sequence
from random import Random
from typing import Literal

from attrs import define, field

from lunaroute_core import ModelRequest
from lunaroute_routing.deployment import Deployment

UNKNOWN_SECONDS = 1e9
"""Stands for a time that is not known while it is being found out: longer than any that is."""


@define(eq=False)
class LeastLatency:
    """A Strategy: of two drawn at random, who answers sooner for the load it has.

    That is the average time (of streams until their first content) times the requests under
    way with this one. Two draws, because the best of all would be everybody's choice until
    its load shows. One whose time is not known is tried, but by one request at a time. All
    of it as in Finagle's balancer `p2cPeakEwma`.

    Attributes:
        rng: for the draw.
    """

    rng: Random = field(factory=Random)
    name: Literal["least-latency"] = field(default="least-latency", init=False)

    def rank(
        self, deployments: Sequence[Deployment], request: ModelRequest
    ) -> Sequence[Deployment]:
        """The two, then the others as they are written."""
        count = len(deployments)
        if count == 1:
            return deployments
        first = int(self.rng.random() * count)
        second = int(self.rng.random() * (count - 1))
        if second >= first:
            second += 1
        if _load(deployments[second], request) < _load(deployments[first], request):
            first, second = second, first
        others = [one for place, one in enumerate(deployments) if place not in (first, second)]
        return [deployments[first], deployments[second], *others]

    def took(self, chosen: Deployment, deployments: Sequence[Deployment]) -> None:
        """There is nothing to take note of: loads and times are kept elsewhere."""


def _load(deployment: Deployment, request: ModelRequest) -> float:
    """The seconds that it would take, roughly."""
    state = deployment.state
    waiting = state.in_flight
    seconds = (state.content_seconds if request.stream else state.answer_seconds).value
    if not seconds and waiting:
        seconds = UNKNOWN_SECONDS
    return seconds * (waiting + 1)
