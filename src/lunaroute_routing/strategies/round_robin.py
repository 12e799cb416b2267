"""One after the other."""

from collections.abc import Sequence
from itertools import count
from typing import Literal
from weakref import WeakKeyDictionary

from attrs import define, field

from lunaroute_core import ModelRequest
from lunaroute_routing.deployment import Deployment


@define(eq=False)
class RoundRobin:
    """A Strategy: whoever was asked the longest ago, at first in the order that is written.

    Unlike with a counter over the list, those that are left share evenly when one drops out,
    instead of its neighbour doing the work of two; and one that returns has one turn, not all
    that it missed.
    """

    name: Literal["round-robin"] = field(default="round-robin", init=False)
    _turns: "count[int]" = field(factory=lambda: count(1), init=False)
    _taken: WeakKeyDictionary[Deployment, int] = field(
        factory=WeakKeyDictionary[Deployment, int], init=False
    )

    def rank(
        self, deployments: Sequence[Deployment], _request: ModelRequest
    ) -> Sequence[Deployment]:
        taken = self._taken
        return sorted(deployments, key=lambda one: taken.get(one, 0))

    def took(self, chosen: Deployment, _deployments: Sequence[Deployment]) -> None:
        self._taken[chosen] = next(self._turns)
