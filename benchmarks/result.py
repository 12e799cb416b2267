"""One line of the benchmark's table, and how lines are judged."""

from statistics import median

from msgspec import Struct


class Result(Struct, frozen=True, kw_only=True):
    """One case on one server.

    Attributes:
        gateway, bare: the measured figures in `unit`; `bare` is the bare relay's, or for
            latencies the direct upstream's; None where there is nothing to compare with.
        judged: the figure that the budget bounds, `ratio` or in `unit`.
    """

    server: str
    case: str
    unit: str
    gateway: float
    bare: float | None = None
    judged: float
    judged_as: str
    budget: float

    @property
    def within(self) -> bool:
        return self.judged <= self.budget


def compared(
    server: str, case: str, unit: str, *, pairs: list[tuple[float, float]], budget: float
) -> Result:
    """The ratio of medians of the gateway's and the bare relay's figures."""
    gateway = median(pair[0] for pair in pairs)
    bare = median(pair[1] for pair in pairs)
    ratio = gateway / bare
    return Result(
        server=server,
        case=case,
        unit=unit,
        gateway=gateway,
        bare=bare,
        judged=ratio,
        judged_as="ratio",
        budget=budget,
    )


def absolute(
    server: str,
    case: str,
    unit: str,
    *,
    gateway: float,
    budget: float,
    bare: float | None = None,
) -> Result:
    """A figure with a budget of its own: what the gateway adds to `bare`, where that is given."""
    return Result(
        server=server,
        case=case,
        unit=unit,
        gateway=gateway,
        bare=bare,
        judged=gateway - (bare or 0),
        judged_as="difference" if bare is not None else "value",
        budget=budget,
    )


def percentile(values: list[float], share: float) -> float:
    """The value that `share` (0 to 1) of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
