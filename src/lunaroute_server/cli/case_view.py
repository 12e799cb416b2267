"""What came of expectations about routes, as people and as programs read it."""

from collections.abc import Sequence

from lunaroute_core.json_value import JSONObject
from lunaroute_server.cli.printing import note, print_table
from lunaroute_server.route_trial import CaseResult


def as_json(result: CaseResult) -> JSONObject:
    found = result.explanation
    return {
        "name": result.name,
        "passed": result.passed,
        "failures": list(result.failures),
        "route": None if found is None else found.route,
        "order": [] if found is None else [one.label for one in found.order],
    }


def print_results(results: Sequence[CaseResult]) -> None:
    """A line for each case, and how many failed."""
    print_table(("case", "", "route", "order"), [_row(result) for result in results])
    failed = [result for result in results if not result.passed]
    for result in failed:
        note(f"{result.name}: {'; '.join(result.failures)}")
    note(f"{len(results) - len(failed)} of {len(results)} as expected")


def _row(result: CaseResult) -> tuple[str, ...]:
    found = result.explanation
    verdict = "ok" if result.passed else "failed"
    if found is None:
        return result.name, verdict, "-", "-"
    return result.name, verdict, found.route, ", ".join(one.label for one in found.order) or "-"
