"""`env`: a gateway in the background, for this shell."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lunaroute_server.cli.exit_code import ExitCode
from lunaroute_server.cli.options import AsJson, ConfigFile, Dialect, Host, Port, value_of
from lunaroute_server.cli.printing import note, print_json
from lunaroute_server.cli.settings import load, report, state_directory
from lunaroute_server.cli.shell_exports import Shell, export_lines, shell_of

if TYPE_CHECKING:
    from lunaroute_server.config import LoadedConfig
    from lunaroute_server.process import ServerRecord


def env(  # noqa: PLR0913 - one parameter for each option
    *,
    config: ConfigFile = None,
    host: Host = None,
    port: Port = None,
    dialect: Dialect = None,
    shell: Annotated[Shell | None, typer.Option(help="Whose syntax; from $SHELL.")] = None,
    timeout: Annotated[float, typer.Option(min=0, help="Seconds to wait for the server.")] = 20.0,
    as_json: AsJson = False,
) -> None:
    """Start the gateway in the background, unless it runs, and print what to export.

    Use it as: eval "$(lunaroute env)"
    """
    from lunaroute_server.config import Overrides  # noqa: PLC0415 - 150 ms

    overrides = Overrides(host=host, port=port, api_dialect=value_of(dialect))
    loaded = load(config, overrides)
    report(loaded.warnings)
    if loaded.config.port == 0:
        raise typer.BadParameter("a server in the background needs a port", param_hint="--port")
    record = _running(loaded, dialect, timeout)
    if as_json:
        print_json({"url": record.url, "pid": record.pid, "log_file": record.log_file})
    else:
        typer.echo("\n".join(export_lines(shell or shell_of(os.environ), record.url)))


def _running(loaded: "LoadedConfig", dialect: str | None, timeout: float) -> "ServerRecord":
    """The server on the configured port, started if need be."""
    from lunaroute_server.process import (  # noqa: PLC0415 - 50 ms
        BackgroundServerError,
        Patience,
        is_healthy,
        running_server,
        start_in_background,
    )

    state, patience = state_directory(), Patience(seconds=timeout)
    record = running_server(state, loaded.config.port)
    if record is not None:
        if not patience.until(lambda: is_healthy(record)):
            note(f"the server on {record.url} (process {record.pid}) does not answer")
            raise typer.Exit(ExitCode.FAILED)
        note(f"LunaRoute runs on {record.url} already (process {record.pid})")
        return record
    try:
        record = start_in_background(
            _arguments(loaded, dialect), state, port=loaded.config.port, patience=patience
        )
    except BackgroundServerError as error:
        note(f"{error}; the end of {error.log_file}:")
        for line in error.log_tail:
            note(f"  {line}")
        raise typer.Exit(ExitCode.FAILED) from None
    note(f"LunaRoute runs on {record.url} (process {record.pid}, log {record.log_file})")
    note("`lunaroute stop` stops it")
    return record


def _arguments(loaded: "LoadedConfig", dialect: str | None) -> list[str]:
    """For `serve` in the background. Address and port are given as they were found here, so
    that what is started is what is printed.
    """
    settings = loaded.config
    arguments = ["--background", "--host", settings.host, "--port", str(settings.port)]
    if loaded.path is not None:
        arguments += ["--config", str(Path(loaded.path).absolute())]
    return arguments if dialect is None else [*arguments, "--dialect", dialect]
