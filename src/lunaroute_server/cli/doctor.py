"""`doctor`: what is wrong here."""

from typing import Annotated

import typer

from lunaroute_server.cli.exit_code import ExitCode
from lunaroute_server.cli.options import AsJson, ConfigFile, Host, Port
from lunaroute_server.cli.printing import print_json, print_table
from lunaroute_server.cli.settings import load, state_directory


def doctor(
    *,
    config: ConfigFile = None,
    host: Host = None,
    port: Port = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Do not try to reach the providers.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check the configuration, the port, the providers and the clock.

    Exit code 1 when something is broken; warnings do not count.
    """
    # These take 200 ms, which `--help` does not need.
    import ssl  # noqa: PLC0415

    from lunaroute_core.errors import ConfigurationError  # noqa: PLC0415
    from lunaroute_server.cli import examination  # noqa: PLC0415
    from lunaroute_server.cli.reachability import NetworkReach  # noqa: PLC0415
    from lunaroute_server.config import Overrides  # noqa: PLC0415

    try:
        loaded = load(config, Overrides(host=host, port=port))
    except ConfigurationError as error:
        findings = [examination.Finding("configuration", "failed", str(error))]
    else:
        reach = None if offline else NetworkReach(tls=ssl.create_default_context())
        findings = list(examination.examine(loaded, state_directory(), reach=reach))
    if as_json:
        print_json([finding.as_dict() for finding in findings])
    else:
        rows = [(it.check, it.status, it.detail) for it in findings]
        print_table(("check", "status", "detail"), rows)
    if any(finding.status == "failed" for finding in findings):
        raise typer.Exit(ExitCode.FAILED)
