"""Trying routes out: requests that are described, received and explained, but never sent on."""

from lunaroute_server.route_trial.described_request import DescribedRequest
from lunaroute_server.route_trial.route_case import Expectation, RouteCase, read_cases
from lunaroute_server.route_trial.route_trial import CaseResult, RouteTrial

__all__ = [
    "CaseResult",
    "DescribedRequest",
    "Expectation",
    "RouteCase",
    "RouteTrial",
    "read_cases",
]
