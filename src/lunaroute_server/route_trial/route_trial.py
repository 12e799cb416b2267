"""Explaining described requests by a configuration, and comparing that with expectations."""

from collections.abc import Collection, Iterator

from attrs import frozen
from msgspec import Struct
from msgspec.structs import replace

from lunaroute_core import LunaRouteError
from lunaroute_ingress import IngressSettings
from lunaroute_routing import Explanation, Router
from lunaroute_server.composition import compose
from lunaroute_server.config import Config, StateConfig
from lunaroute_server.route_trial.arrival import received
from lunaroute_server.route_trial.described_request import DescribedRequest
from lunaroute_server.route_trial.route_case import Expectation, RouteCase

_NO_SECRET = "nothing is sealed in a trial, and nothing is kept"  # noqa: S105


class CaseResult(Struct, frozen=True, kw_only=True):
    """What came of a case. `failures` says what was expected and what came out instead."""

    name: str
    failures: tuple[str, ...]
    explanation: Explanation | None

    @property
    def passed(self) -> bool:
        return not self.failures


@frozen(kw_only=True)
class RouteTrial:
    """The routes of a configuration, with providers that are never asked."""

    router: Router
    settings: IngressSettings

    @classmethod
    def of(cls, config: Config) -> "RouteTrial":
        """
        Raises:
            ConfigurationError: the routes cannot be made.
        """
        # A trial leaves no trace: neither a secret nor a file of a store.
        composition = compose(replace(config, state=StateConfig(secret=_NO_SECRET)))
        return cls(router=composition.router, settings=composition.settings)

    async def explain(
        self, described: DescribedRequest, *, down: Collection[str] = ()
    ) -> Explanation:
        """What would be done with a request.

        Raises:
            ConfigurationError: the description contradicts itself.
            RequestRefusedError: the gateway would not route it.
            RequestError: the router would refuse it.
        """
        return self.router.explain(await received(described, self.settings), down=down)

    async def check(self, case: RouteCase) -> CaseResult:
        """What came of a case. A request that cannot be routed fails it."""
        try:
            explanation = await self.explain(case.request, down=case.down)
        except LunaRouteError as error:
            return CaseResult(name=case.name, failures=(str(error),), explanation=None)
        failures = tuple(_failures(case.expect, explanation))
        return CaseResult(name=case.name, failures=failures, explanation=explanation)


def _failures(expected: Expectation, found: Explanation) -> Iterator[str]:
    first = next(iter(found.order), None)
    pairs = (
        ("route", expected.route, found.route),
        ("provider", expected.provider, None if first is None else first.provider),
        ("model", expected.model, None if first is None else first.model),
    )
    for what, wanted, got in pairs:
        if wanted is not None and wanted != got:
            shown = "none" if got is None else f'"{got}"'
            yield f'{what} is {shown}, not "{wanted}"'
    if expected.order is not None and not _is_order(expected.order, found):
        labels = ", ".join(one.label for one in found.order) or "nobody"
        yield f"the order is {labels}, not {', '.join(expected.order) or 'nobody'}"


def _is_order(wanted: tuple[str, ...], found: Explanation) -> bool:
    if len(wanted) != len(found.order):
        return False
    pairs = zip(wanted, found.order, strict=True)
    return all(name in (one.provider, one.label) for name, one in pairs)
