"""The first that can be asked."""

from collections.abc import Sequence

from attrs import frozen

from lunaroute_core import ModelRequest
from lunaroute_routing.deployment import Deployment


@frozen
class Ordered:
    """A Strategy: the order in which the targets are written."""

    name: str = "ordered"

    def rank(
        self,
        deployments: Sequence[Deployment],
        request: ModelRequest,  # noqa: ARG002 - any
    ) -> Sequence[Deployment]:
        return deployments

    def took(self, _chosen: Deployment, _deployments: Sequence[Deployment]) -> None:
        """There is nothing to take note of."""
