"""Routers over fake providers, and errors as upstreams give them."""

from random import Random

import pytest
from attrs import define, field

from lunaroute_core import ErrorDetails, ErrorKind, UpstreamAnsweredError
from lunaroute_core.testing import FakeClock, FakeProvider
from lunaroute_routing import Router, RouteTable, Rule, Target, Tier

STATUSES = {
    ErrorKind.INVALID_REQUEST: 400,
    ErrorKind.AUTHENTICATION: 401,
    ErrorKind.BILLING: 402,
    ErrorKind.PERMISSION: 403,
    ErrorKind.NOT_FOUND: 404,
    ErrorKind.CONFLICT: 409,
    ErrorKind.RATE_LIMIT: 429,
    ErrorKind.SERVER: 500,
    ErrorKind.OVERLOADED: 503,
}


@define
class Bench:
    """Fake providers by name, and a Router over them with a clock that tests move."""

    providers: dict[str, FakeProvider] = field(factory=dict)
    clock: FakeClock = field(factory=lambda: FakeClock(now=1000.0))
    events: list = field(factory=list)
    hears_each: bool = True

    def provider(self, name, *answers):
        self.providers[name] = FakeProvider(*answers, name=name)
        return self.providers[name]

    def observe(self, event):
        self.events.append(event)

    def of_type(self, kind):
        return [event for event in self.events if isinstance(event, kind)]

    def router(self, *rules, **table):
        return Router(
            providers=self.providers,
            table=RouteTable(rules=rules, **table),
            observers=[self],
            clock=self.clock,
            sleep=self.clock.sleep,
            rng=Random(7),
        )

    @property
    def asked(self):
        """How often each provider was asked, of those that were."""
        return {name: len(one.requests) for name, one in self.providers.items() if one.requests}


@pytest.fixture
def bench():
    return Bench()


@pytest.fixture
def failing():
    """Makes an error that an upstream answers."""

    def make(kind, *, retry_after=None, provider="upstream", own=False, **details):
        kind = ErrorKind(kind)
        error = UpstreamAnsweredError(
            ErrorDetails(
                kind=kind,
                message=f"{kind} from {provider}",
                status=STATUSES.get(kind),
                retry_after=retry_after,
                **details,
            ),
            provider=provider,
        )
        error.own_credentials = own
        return error

    return make


@pytest.fixture
def rule():
    """A rule for everything, whose tiers each hold one provider."""

    def make(*names, name="all", **changes):
        roles = ("primary", *["fallback"] * (len(names) - 1))
        tiers = tuple(
            Tier(targets=(one if isinstance(one, Target) else Target(provider=one),), role=role)
            for one, role in zip(names, roles, strict=True)
        )
        return Rule(name=name, tiers=tiers, **changes)

    return make
