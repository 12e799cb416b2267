"""What everything that a Router does is done with."""

from collections.abc import Awaitable, Callable
from random import Random

from attrs import frozen

from lunaroute_routing.events import RoutingEvent


@frozen(kw_only=True)
class Collaborators:
    """
    Attributes:
        clock: monotonic time in seconds.
        sleep: waits for so many seconds.
        emit: tells what changes or goes wrong; None where nobody listens.
        emit_each: tells of each attempt and request.
    """

    clock: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]
    rng: Random
    emit: Callable[[RoutingEvent], None] | None
    emit_each: Callable[[RoutingEvent], None] | None
