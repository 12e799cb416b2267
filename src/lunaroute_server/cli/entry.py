"""The two programs, and what their failures look like."""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from lunaroute_server.cli import config, route
from lunaroute_server.cli.doctor import doctor
from lunaroute_server.cli.env import env
from lunaroute_server.cli.exit_code import ExitCode
from lunaroute_server.cli.printing import print_error
from lunaroute_server.cli.serve import serve
from lunaroute_server.cli.servers import logs, status, stop
from lunaroute_server.cli.version import version

app = typer.Typer(
    name="lunaroute",
    help="A lossless LLM gateway for the OpenAI and Anthropic APIs.",
    epilog="Exit codes: 0 done, 1 failed, 2 wrong arguments or configuration.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
for command in (serve, env, status, stop, logs, doctor):
    app.command()(command)
app.add_typer(config.app, name="config")
app.add_typer(route.app, name="route")

_VALUED = {"-c", "--config", "-d", "--dialect"}
"""Options that the original accepts before the command as well."""
_OWN = {"--help", "--version", "--install-completion", "--show-completion"}


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - how typer calls it
    if wanted:
        typer.echo(f"lunaroute {version()}")
        raise typer.Exit


@app.callback()
def options(
    *,
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """A lossless LLM gateway for the OpenAI and Anthropic APIs."""


def main() -> None:
    """`lunaroute`."""
    _run(sys.argv[1:], program="lunaroute")


def server_main() -> None:
    """`lunaroute-server`: the same commands, and `serve` when none is named."""
    _run(with_command(sys.argv[1:]), program="lunaroute-server")


def with_command(arguments: Sequence[str]) -> list[str]:
    """`arguments` with the command in front, `serve` when there is none."""
    position = 0
    while position < len(arguments) and arguments[position] in _VALUED:
        position += 2
    before, rest = list(arguments[:position]), list(arguments[position:])
    if rest and (rest[0] in _OWN or not rest[0].startswith("-")):
        return [rest[0], *before, *rest[1:]]
    return ["serve", *before, *rest]


def _run(arguments: list[str], *, program: str) -> None:
    try:
        app(args=arguments, prog_name=program)
    except Exception as error:
        exit_code = _explained(error)
        if exit_code is None:
            raise
        sys.exit(exit_code)


def _explained(error: Exception) -> ExitCode | None:
    """Print an error that was foreseen; None for one that was not, which is a fault of ours."""
    # The core takes 60 ms and more, which only a failure needs.
    from lunaroute_core.errors import ConfigurationError, LunaRouteError  # noqa: PLC0415

    if not isinstance(error, LunaRouteError):
        return None
    print_error(error)
    return ExitCode.USAGE if isinstance(error, ConfigurationError) else ExitCode.FAILED
