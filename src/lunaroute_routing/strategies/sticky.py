"""By conversation."""

import math
from collections.abc import Sequence
from hashlib import blake2b
from random import Random
from typing import Literal

from attrs import define, field

from lunaroute_core import ModelRequest, RequestContext
from lunaroute_routing.deployment import Deployment

_DIGEST_BYTES = 8
_DIGESTS = 1 << 8 * _DIGEST_BYTES


@define(eq=False)
class Sticky:
    """A Strategy: a session stays where it is, so that its prompt caches serve it.

    Weighted rendezvous hashing (highest random weight): each session has a rank for each
    deployment, drawn by a hash of both. A deployment that is added takes its share of the
    sessions from all the others and no session moves between those; the sessions of one that
    drops out spread over the others, and come back with it. Every process and every start
    comes to the same result. Deployments share by their weights, those of weight 0 are last.

    Where the client names no session, its key counts in its place, else its tenant, else its
    address; where nothing is known of it, chance decides.

    Attributes:
        rng: for requests of nobody known.
    """

    rng: Random = field(factory=Random)
    name: Literal["sticky"] = field(default="sticky", init=False)
    _hashes: dict[str, blake2b] = field(factory=dict[str, blake2b], init=False)
    """Begun with each deployment's label, to be gone on with a copy."""

    def rank(
        self, deployments: Sequence[Deployment], request: ModelRequest
    ) -> Sequence[Deployment]:
        if len(deployments) == 1:
            return deployments
        who = _who(request.context) or str(self.rng.getrandbits(64))
        words = who.encode("utf-8", "surrogatepass")
        return sorted(deployments, key=lambda one: self._score(one, words), reverse=True)

    def took(self, chosen: Deployment, deployments: Sequence[Deployment]) -> None:
        """There is nothing to take note of: the hash has the same result again."""

    def _score(self, deployment: Deployment, words: bytes) -> float:
        """From 0 up. It is highest with a probability that is in proportion to the weight.

        Source: Schindelhauer and Schomaker, "Weighted distributed hash tables", 2005, the
        logarithmic method.
        """
        digest = self._hash(deployment.label).copy()
        digest.update(words)
        drawn = (int.from_bytes(digest.digest()) + 0.5) / _DIGESTS
        return deployment.target.weight / -math.log(drawn)

    def _hash(self, label: str) -> blake2b:
        begun = self._hashes.get(label)
        if begun is None:
            begun = blake2b(label.encode() + b"\0", digest_size=_DIGEST_BYTES)
            self._hashes[label] = begun
        return begun


def _who(context: RequestContext) -> str | None:
    return context.session_id or context.key or context.tenant or context.client_address
