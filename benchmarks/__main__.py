"""Run the benchmark: `python -m benchmarks`, a few minutes on two cores."""

import argparse
import asyncio
import sys

import psutil

from benchmarks.child_process import cores, on_core
from benchmarks.contestants import SERVERS, SUBJECTS, Arena, arena
from benchmarks.correctness import check
from benchmarks.event_loop import new_event_loop
from benchmarks.http_client import LoadError
from benchmarks.measurements import Scale, measure
from benchmarks.report import new_report, print_table, write_json, write_readme
from benchmarks.result import Result
from benchmarks.routing_cost import routing

FULL = Scale(memory_requests=200_000)
BUSY = 0.5
"""The load average above which somebody else is at work."""


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--server", choices=SERVERS, action="append", help="only this server")
    parser.add_argument(
        "--subject",
        choices=SUBJECTS,
        default="gateway",
        help="relay: measure the bare relay against itself, to see how exact the figures are",
    )
    parser.add_argument("--full", action="store_true", help="memory over 200,000 requests")
    parser.add_argument("--smoke", action="store_true", help="check correctness, measure nothing")
    parser.add_argument("--write-readme", action="store_true", help="update the README's table")
    return parser.parse_args()


async def run(place: Arena, servers: list[str], scale: Scale | None) -> list[Result]:
    results: list[Result] = []
    for server in servers:
        if scale is None:
            await check(place, server)
            print(f"{server}: nothing is changed on the way through")
        else:
            print(f"measuring on {server} …", file=sys.stderr)
            results += await measure(place, server, scale)
    if scale is not None:
        results += await routing()
    return results


def warn(pair: tuple[int, int] | None) -> None:
    """Say what will make the figures inexact."""
    if pair is None:
        print("one core only: load and gateway disturb each other", file=sys.stderr)
    if (load := psutil.getloadavg()[0]) > BUSY:
        print(
            f"the machine is busy (load average {load:.1f}): latencies will be too high",
            file=sys.stderr,
        )


def main() -> int:
    arguments = parse()
    scale = None if arguments.smoke else FULL if arguments.full else Scale()
    pair = cores()
    warn(pair)
    results = None
    try:
        with (
            on_core(pair[1] if pair else None),
            arena(arguments.subject, pair) as place,
            asyncio.Runner(loop_factory=new_event_loop) as runner,
        ):
            results = runner.run(run(place, arguments.server or [*SERVERS], scale))
    except* LoadError as errors:
        print(f"benchmark failed: {errors.exceptions[0]}", file=sys.stderr)
    if results is None:
        return 2
    if scale is None:
        return 0
    report = new_report(arguments.subject, results)
    print_table(report)
    write_json(report)
    if arguments.write_readme:
        write_readme(report)
    return 0


if __name__ == "__main__":
    sys.exit(main())
