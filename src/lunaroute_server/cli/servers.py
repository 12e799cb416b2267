"""`status`, `stop` and `logs`: the servers of this user."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lunaroute_server.cli.exit_code import ExitCode
from lunaroute_server.cli.options import AsJson
from lunaroute_server.cli.printing import note, print_json, print_table
from lunaroute_server.cli.settings import state_directory

if TYPE_CHECKING:
    from lunaroute_server.process import ServerRecord

# The process package takes 60 ms, which `--help` does not need.

OnPort = Annotated[int | None, typer.Option("--port", help="The server on this port only.")]


def status(*, port: OnPort = None, as_json: AsJson = False) -> None:
    """Show the servers that run.

    Exit code 1 when there is none, or one does not answer.
    """
    from lunaroute_server.process import is_healthy  # noqa: PLC0415

    states = [(record, is_healthy(record)) for record in _servers(port)]
    if as_json:
        print_json([_described(record, healthy=healthy) for record, healthy in states])
    elif states:
        rows = [_row(record, healthy=healthy) for record, healthy in states]
        print_table(("url", "state", "process", "server", "since", "configuration"), rows)
    else:
        note("no server runs")
    if not states or not all(healthy for _, healthy in states):
        raise typer.Exit(ExitCode.FAILED)


def stop(
    *,
    port: OnPort = None,
    now: Annotated[
        bool, typer.Option("--now", help="Do not wait for open requests to finish.")
    ] = False,
    timeout: Annotated[float, typer.Option(min=0, help="Seconds to wait for its end.")] = 60.0,
    as_json: AsJson = False,
) -> None:
    """Stop the servers that run, in order: open requests finish first."""
    from lunaroute_server.process import Patience, stop_server  # noqa: PLC0415

    results = [
        (record, stop_server(record, patience=Patience(seconds=timeout), now=now))
        for record in _servers(port)
    ]
    for record, stopped in results:
        what = "stopped" if stopped else f"still runs after {timeout:g} s (--now does not wait)"
        note(f"{record.url} (process {record.pid}): {what}")
    if as_json:
        print_json([{"url": it.url, "pid": it.pid, "stopped": gone} for it, gone in results])
    elif not results:
        note("no server runs")
    if not all(stopped for _, stopped in results):
        raise typer.Exit(ExitCode.FAILED)


def logs(
    *,
    port: OnPort = None,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="So many from the end.")] = 50,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as more comes.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="The lines as they were written.")
    ] = False,
) -> None:
    """Show the log of a server in the background, running or not."""
    from lunaroute_server.cli.log_line import readable  # noqa: PLC0415
    from lunaroute_server.process.log_tail import lines_added, read_tail  # noqa: PLC0415

    path = _log_file(port)
    show = str if as_json else readable
    tail = read_tail(path, lines)
    for line in tail.lines:
        typer.echo(show(line))
    if follow:
        for line in lines_added(path, start=tail.end, go_on=_wait_a_little):
            typer.echo(show(line))


def _servers(port: int | None) -> "list[ServerRecord]":
    from lunaroute_server.process import running_servers  # noqa: PLC0415

    return [one for one in running_servers(state_directory()) if port in (None, one.port)]


def _described(record: "ServerRecord", *, healthy: bool) -> dict[str, object]:
    from msgspec import to_builtins  # noqa: PLC0415

    return {**to_builtins(record), "healthy": healthy}


def _row(record: "ServerRecord", *, healthy: bool) -> tuple[str, ...]:
    workers = f", {record.workers} workers" if record.workers > 1 else ""
    return (
        record.url,
        "running" if healthy else "does not answer",
        str(record.pid),
        f"{record.server}{workers}",
        record.started_at.replace("T", " ").replace("+00:00", " UTC"),
        record.config_file or "defaults",
    )


def _log_file(port: int | None) -> Path:
    """The log that was written to last, or that of `port`."""
    found = state_directory().log_paths()
    for path in found:
        if port is None or path == state_directory().log_path(port):
            return path
    note("there is no log; a server in the foreground writes to its terminal")
    raise typer.Exit(ExitCode.FAILED)


def _wait_a_little() -> bool:
    time.sleep(0.2)
    return True
