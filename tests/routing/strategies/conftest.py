"""Deployments with a load and times that tests set."""

import pytest
from attrs import define, field

from lunaroute_core import Price
from lunaroute_core.testing import FakeProvider
from lunaroute_routing import RoutingSettings, Target
from lunaroute_routing.deployment import Deployment
from lunaroute_routing.retry_budget import RetryBudget


@define
class Seconds:
    value: float = 0.0


@define
class State:
    """What strategies read of a ProviderState."""

    in_flight: int = 0
    content_seconds: Seconds = field(factory=Seconds)
    answer_seconds: Seconds = field(factory=Seconds)


def make(name, *, weight=1, price=None, model=None, in_flight=0, content=0.0, answer=0.0):
    price = None if price is None else Price(input=price[0], output=price[1])
    return Deployment(
        target=Target(provider=name, model=model, weight=weight, price=price),
        provider=FakeProvider(name=name),
        state=State(in_flight, Seconds(content), Seconds(answer)),
        settings=RoutingSettings(),
        retries=RetryBudget(ratio=0.2, clock=lambda: 0.0),
    )


@pytest.fixture(scope="session")
def deployment():
    return make


@pytest.fixture(scope="session")
def ask():
    """Has a strategy choose, as a Router does; the name of the one that was chosen."""

    def choose(strategy, offered, request):
        chosen = strategy.rank(offered, request)[0]
        strategy.took(chosen, offered)
        return chosen.name

    return choose
