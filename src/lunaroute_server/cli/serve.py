"""`serve`: run the gateway in the foreground."""

from functools import partial
from typing import Annotated

import typer

from lunaroute_server.cli.options import (
    ConfigFile,
    Dialect,
    Host,
    LogFormatChoice,
    LogLevelChoice,
    Port,
    ServerChoice,
    value_of,
)
from lunaroute_server.cli.settings import load, source_of, state_directory


def serve(  # noqa: PLR0913 - one parameter for each option
    *,
    config: ConfigFile = None,
    host: Host = None,
    port: Port = None,
    dialect: Dialect = None,
    server: Annotated[
        ServerChoice,
        typer.Option(help="The HTTP server. uvicorn and granian are extras, and faster."),
    ] = ServerChoice.HYPERCORN,
    workers: Annotated[int, typer.Option(min=1, help="Processes that share the port.")] = 1,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Allow to listen beyond this machine.")
    ] = False,
    log_level: Annotated[
        LogLevelChoice | None, typer.Option(help="The least severe messages to write.")
    ] = None,
    log_requests: Annotated[
        bool | None, typer.Option(help="Whether to write a line for each request.")
    ] = None,
    log_format: Annotated[LogFormatChoice | None, typer.Option(help="How to write them.")] = None,
    background: Annotated[bool, typer.Option("--background", hidden=True)] = False,
) -> None:
    """Run the gateway until Ctrl-C or SIGTERM.

    Open requests then get `http_server.drain_secs` to finish; a second Ctrl-C does not wait.
    SIGHUP has the configuration read again.
    """
    # These take half a second, most of it the HTTP client.
    import structlog  # noqa: PLC0415

    from lunaroute_server.cli.presence import Presence  # noqa: PLC0415
    from lunaroute_server.config import Overrides  # noqa: PLC0415
    from lunaroute_server.logging_setup import configure_logging  # noqa: PLC0415
    from lunaroute_server.serving import gateway_application  # noqa: PLC0415
    from lunaroute_server.serving import serve as run  # noqa: PLC0415

    overrides = Overrides(
        host=host,
        port=port,
        api_dialect=value_of(dialect),
        log_level=value_of(log_level),
        log_requests=log_requests,
        log_format=value_of(log_format),
    )
    loaded = load(config, overrides)
    configure_logging(loaded.config.logging.level, form=loaded.config.logging.format)
    for warning in loaded.warnings:
        structlog.get_logger("lunaroute.config").warning("configuration", reason=warning)
    presence = Presence(
        loaded=loaded,
        state=state_directory(),
        server=server.value,
        workers=workers,
        background=background,
    )
    try:
        exit_code = run(
            loaded.config,
            server=server.value,
            workers=workers,
            insecure=insecure,
            application=partial(gateway_application, source=source_of(loaded, overrides)),
            on_listening=presence.announce,
        )
    finally:
        presence.withdraw()
    raise typer.Exit(exit_code)
