"""What choosing a deployment costs: a Router over providers that answer at once, in process."""

import time
from statistics import median

from benchmarks import requests
from benchmarks.result import Result, absolute
from lunaroute_core import ModelRequest, ModelResponse, ModelStream, Provider, WireResponse
from lunaroute_core.context import RequestContext
from lunaroute_core.wire import WireRequest
from lunaroute_routing import Match, Router, RouteTable, Rule, Target, Tier
from lunaroute_routing.strategies import LeastLatency

REQUESTS = 20_000
ROUNDS = 5
BUDGET_US = 15.0
FLAT_US = 3.0
"""What 990 more rules may add."""

_MODEL = "bench-json"
_NAMES = ("one", "two", "three")


class _Instant:
    """A provider that has always the same answer."""

    def __init__(self, name: str) -> None:
        self.name = name
        wire = WireResponse(dialect="openai_chat", status=200, headers=(), body=b"{}")
        self._answer = ModelResponse(provider=name, model=_MODEL, wire=wire)

    async def send(self, _request: ModelRequest) -> ModelResponse:
        return self._answer

    async def stream(self, _request: ModelRequest) -> ModelStream:
        raise NotImplementedError


async def routing() -> list[Result]:
    """CPU of a request through a Router, over asking a provider without one."""
    alone = _Instant("alone")
    few, many = _router(10), _router(1_000)
    pairs = [[await _cpu_us(provider) for provider in (alone, few, many)] for _ in range(ROUNDS)]
    bare, with_few, with_many = (median(column) for column in zip(*pairs, strict=True))
    return [
        _result("10 rules, 3 deployments", with_few, bare, BUDGET_US),
        _result("1,000 rules, over 10", with_many, with_few, FLAT_US),
    ]


def _result(case: str, cost: float, bare: float, budget: float) -> Result:
    return absolute(
        "in process",
        f"routing, {case}",
        "µs CPU/request",
        gateway=cost,
        bare=bare,
        budget=budget,
    )


async def _cpu_us(provider: Provider) -> float:
    request = ModelRequest(
        model=_MODEL,
        stream=False,
        context=RequestContext(client_dialect="openai_chat"),
        wire=WireRequest(
            dialect="openai_chat",
            path="/v1/chat/completions",
            body=requests.chat(_MODEL, size=requests.SMALL_BYTES),
        ),
    )
    for _ in range(200):
        await provider.send(request)
    before = time.process_time()
    for _ in range(REQUESTS):
        await provider.send(request)
    return (time.process_time() - before) / REQUESTS * 1e6


def _router(rules: int) -> Router:
    """The rule that takes the request is the last one."""
    targets = tuple(Target(provider=name) for name in _NAMES)
    others = [
        Rule(
            name=f"rule {number}",
            priority=rules - number,
            match=_match(number),
            tiers=(Tier(targets=targets),),
        )
        for number in range(rules - 1)
    ]
    taken = Rule(
        name="taken",
        match=Match(model_pattern="^bench-"),
        tiers=(Tier(targets=targets, strategy=LeastLatency()),),
    )
    providers = {name: _Instant(name) for name in _NAMES}
    return Router(providers=providers, table=RouteTable(rules=[*others, taken]))


def _match(number: int) -> Match:
    kinds = (
        Match(models=(f"model-{number}",)),
        Match(model_glob=f"glob-{number}-*"),
        Match(model_pattern=f"^prefix-{number}-.*"),
    )
    return kinds[number % len(kinds)]
