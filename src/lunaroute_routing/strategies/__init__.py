"""The ways to choose among deployments."""

from lunaroute_routing.strategies.cheapest import Cheapest
from lunaroute_routing.strategies.least_busy import LeastBusy
from lunaroute_routing.strategies.least_latency import LeastLatency
from lunaroute_routing.strategies.ordered import Ordered
from lunaroute_routing.strategies.round_robin import RoundRobin
from lunaroute_routing.strategies.smooth_weighted import SmoothWeighted
from lunaroute_routing.strategies.sticky import Sticky

__all__ = [
    "Cheapest",
    "LeastBusy",
    "LeastLatency",
    "Ordered",
    "RoundRobin",
    "SmoothWeighted",
    "Sticky",
]
