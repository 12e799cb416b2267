"""By cost."""

import math
from collections.abc import Sequence
from typing import Literal

from attrs import define, field

from lunaroute_core import ModelRequest, Price
from lunaroute_core.token_estimate import estimate_tokens
from lunaroute_routing.deployment import Deployment
from lunaroute_routing.prices import PriceList

BYTES_PER_TOKEN = 4.5
"""Of a request's JSON body, the frame of messages and tools included."""
OUTPUT_TOKENS = 500
"""Of an answer, if the client allows as many. Limits say little else: coding assistants allow
tens of thousands, for answers of some hundred."""


@define(kw_only=True, eq=False)
class Cheapest:
    """A Strategy: where the request probably costs the least; equal costs as they are written.

    The cost is price times tokens. Prices are the targets' own, else the list's. Those of
    which none is known come last: unknown is not free.

    Attributes:
        prices: None: nothing is known but the targets' own prices.
    """

    prices: PriceList | None = None
    name: Literal["cheapest"] = field(default="cheapest", init=False)

    def rank(
        self, deployments: Sequence[Deployment], request: ModelRequest
    ) -> Sequence[Deployment]:
        if len(deployments) == 1:
            return deployments
        read, written = expected_tokens(request)

        def cost(deployment: Deployment) -> float:
            price = self.price(deployment, request)
            return math.inf if price is None else price.input * read + price.output * written

        return sorted(deployments, key=cost)

    def took(self, chosen: Deployment, deployments: Sequence[Deployment]) -> None:
        """There is nothing to take note of."""

    def price(self, deployment: Deployment, request: ModelRequest) -> Price | None:
        """Of what the deployment would be asked for; None where it is not known."""
        target = deployment.target
        if target.price is not None or self.prices is None:
            return target.price
        return self.prices.price(target.provider, target.model or request.model)

    def remark(self, deployment: Deployment, request: ModelRequest) -> str:
        """What people are told of its place in the order."""
        price = self.price(deployment, request)
        if price is None:
            return "its price is not known, so it comes after those whose price is"
        read, written = expected_tokens(request)
        return f"about ${(price.input * read + price.output * written) / 1e6:.6f}"


def expected_tokens(request: ModelRequest) -> tuple[int, int]:
    """Input and output tokens, guessed at next to no cost.

    A body that came from a client is not decoded for it: its bytes are counted, and its limit
    of output is not known. Beside `estimate_tokens` that is within 25 % for most European
    languages, Chinese, code and tools, half as many for digits, 1.6 times as many for Cyrillic,
    up to four times where letters are written as escapes, and without bound for images and files
    in base64. The guess is the same for all deployments, so an error matters only where one of
    two is cheaper in input and the other in output.
    """
    wire = request.wire
    if wire is not None:
        return int(len(wire.body) / BYTES_PER_TOKEN), OUTPUT_TOKENS
    normalized = request.normalized
    limit = normalized.limits.max_output_tokens
    written = OUTPUT_TOKENS if limit is None else min(limit, OUTPUT_TOKENS)
    return estimate_tokens(normalized), written
