"""Which deployment is asked next."""

import pytest

from lunaroute_core.testing import FakeClock, FakeProvider, chat_request
from lunaroute_routing import RouteTable, Rule, Target, Tier
from lunaroute_routing.availability import Candidates
from lunaroute_routing.compiled_routes import CompiledRoutes
from lunaroute_routing.provider_states import ProviderStates


class Noting:
    """A Strategy that remembers what it is told."""

    name = "noting"

    def __init__(self):
        self.told = []

    def rank(self, deployments, _request):
        return deployments

    def took(self, chosen, deployments):
        self.told.append((chosen.name, [one.name for one in deployments]))


@pytest.fixture
def strategy():
    return Noting()


@pytest.fixture
def clock():
    return FakeClock(now=100.0)


@pytest.fixture
def route(strategy, clock):
    providers = {name: FakeProvider(name=name) for name in "abc"}
    targets = tuple(Target(provider=name) for name in providers)
    rule = Rule(name="all", tiers=(Tier(targets=targets, strategy=strategy),))
    routes = CompiledRoutes(
        table=RouteTable(rules=[rule]), providers=providers, states=ProviderStates(clock=clock)
    )
    return routes.of(rule)


def test_one_that_is_back_is_among_those_its_strategy_hears_of(route, strategy, clock):
    """It was passed over before, in the same request."""
    first = route.tiers[0].deployments[0]
    first.state.cooldowns.cool(None, 5.0, started=clock.now)
    candidates = Candidates(route=route, request=chat_request())
    assert candidates.next()[1].name == "b"
    clock.advance(5.0)
    assert candidates.next()[1].name == "a"
    assert strategy.told == [("b", ["b", "c"]), ("a", ["a", "c"])]


def test_one_that_cannot_do_it_is_not(route, strategy):
    second = route.tiers[0].deployments[1]
    second.is_limited, second._lacks = True, lambda _request: "it takes no images"
    candidates = Candidates(route=route, request=chat_request())
    assert [candidates.next()[1].name for _ in range(2)] == ["a", "c"]
    assert candidates.next() is None
    assert strategy.told == [("a", ["a", "b", "c"]), ("c", ["c"])]
    assert candidates.excluded[second].reason == "it takes no images"
