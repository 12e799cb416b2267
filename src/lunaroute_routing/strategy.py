"""How one of several deployments is chosen."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from lunaroute_core import ModelRequest
from lunaroute_routing.deployment import Deployment


class Strategy(Protocol):
    """Puts deployments in an order. One object serves one tier of one rule, in one event loop.

    Only deployments that can be asked now are offered; there is at least one.
    """

    @property
    def name(self) -> str: ...

    def rank(
        self, deployments: Sequence[Deployment], request: ModelRequest, /
    ) -> Sequence[Deployment]:
        """All of them, the best first. Changes nothing, so that it can be asked for advice."""
        ...

    def took(self, chosen: Deployment, deployments: Sequence[Deployment], /) -> None:
        """Take note that one of those that were ranked is being asked."""
        ...


@runtime_checkable
class Remarking(Protocol):
    """A strategy that can say why a deployment has its place."""

    def remark(self, deployment: Deployment, request: ModelRequest, /) -> str:
        """In words for people, with the values."""
        ...
