"""The results as a table on the terminal, as JSON, and in the README."""

import platform
import re
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import msgspec
import psutil
from rich.console import Console
from rich.table import Table

from benchmarks.result import Result

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results" / "latest.json"
README = ROOT / "README.md"
_REGION = re.compile(r"(<!-- bench:start -->\n).*?(<!-- bench:end -->)", re.DOTALL)
_COLUMNS = ("server", "case", "gateway", "compared with", "judged", "budget")
_PACKAGES = ("lunaroute", "aiohttp", "hypercorn", "uvicorn")


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One run. `subject` says whether the gateway or the bare relay itself was measured."""

    measured_at: datetime
    subject: str
    processor: str
    cores: int
    python: str
    versions: dict[str, str]
    results: list[Result]


def new_report(subject: str, results: list[Result]) -> Report:
    return Report(
        measured_at=datetime.now(UTC),
        subject=subject,
        processor=_processor(),
        cores=psutil.cpu_count() or 1,
        python=f"{platform.python_implementation()} {platform.python_version()}",
        versions={package: version(package) for package in _PACKAGES},
        results=results,
    )


def print_table(report: Report) -> None:
    table = Table(*_COLUMNS, title=f"{report.subject}, against its budgets")
    for result in report.results:
        style = "" if result.within else "bold red"
        table.add_row(*_cells(result), style=style)
    # Wide enough for every cell, also where the output is not a terminal.
    Console(width=120).print(table)


def write_json(report: Report) -> None:
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")


def write_readme(report: Report) -> None:
    """Replace what stands between the README's two benchmark marks.

    Raises:
        ValueError: the README has no such marks.
    """
    text = README.read_text()
    if not _REGION.search(text):
        raise ValueError("README.md has no <!-- bench:start --> and <!-- bench:end -->")
    region = _markdown(report)
    README.write_text(_REGION.sub(lambda found: f"{found[1]}{region}{found[2]}", text))


def _markdown(report: Report) -> str:
    day = f"{report.measured_at:%d %B %Y}"
    machine = f"{report.cores} cores of {report.processor}"
    lines = [
        f"Measured by `make bench` on {day}, with {report.python} on {machine}.\n",
        f"| {' | '.join(_COLUMNS)} |",
        f"|{'---|' * len(_COLUMNS)}",
        *(f"| {' | '.join(_cells(result))} |" for result in report.results),
    ]
    return "\n".join(lines) + "\n"


def _cells(result: Result) -> tuple[str, ...]:
    judged = f"{result.judged:.2f}" + (f" ({result.judged_as})" if result.judged_as else "")
    return (
        result.server,
        result.case,
        f"{_figure(result.gateway)} {result.unit}",
        "" if result.bare is None else _figure(result.bare),
        judged if result.within else f"{judged} over",
        f"≤ {result.budget:g}",
    )


def _figure(value: float) -> str:
    return f"{value:.0f}" if value >= 20 else f"{value:.2f}"


def _processor() -> str:
    """The processor's name where the system tells it (Linux), else its architecture."""
    information = Path("/proc/cpuinfo")
    if information.exists():
        name = re.search(r"^model name\s*: *(.+)$", information.read_text(), re.MULTILINE)
        if name:
            return name[1]
    return platform.processor() or platform.machine()
