"""`route explain` and `route test`: where requests go, without sending any."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from lunaroute_server.cli.exit_code import ExitCode
from lunaroute_server.cli.options import AsJson, ConfigFile
from lunaroute_server.cli.printing import print_json
from lunaroute_server.cli.settings import load, report

if TYPE_CHECKING:
    from lunaroute_core.json_value import JSONObject
    from lunaroute_server.route_trial import CaseResult, RouteTrial

# What these commands import takes half a second, which `--help` does not need.

app = typer.Typer(
    help="Show where requests go, and check it. Nothing is sent anywhere.", no_args_is_help=True
)


@app.command()
def explain(  # noqa: PLR0913 - one parameter for each option
    *,
    model: Annotated[str | None, typer.Option(help="The model that is asked for.")] = None,
    dialect: Annotated[
        str | None,
        typer.Option(help="What the client speaks: a dialect, or openai or anthropic."),
    ] = None,
    header: Annotated[
        list[str] | None,
        typer.Option("--header", "-H", metavar="NAME:VALUE", help="A header. May be repeated."),
    ] = None,
    query: Annotated[str, typer.Option(help="The query string, as in a=1&b=2.")] = "",
    path: Annotated[
        str | None, typer.Option(help="The path; the dialect's own without it.")
    ] = None,
    stream: Annotated[bool | None, typer.Option(help="Whether a stream is asked for.")] = None,
    body: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The whole request as JSON; - is standard input."),
    ] = None,
    provider: Annotated[
        str | None, typer.Option(help="The provider that the client names in X-Luna-Provider.")
    ] = None,
    tag: Annotated[
        list[str] | None, typer.Option(help="A tag of the request. May be repeated.")
    ] = None,
    down: Annotated[
        list[str] | None,
        typer.Option(metavar="PROVIDER", help="Suppose that it is down. May be repeated."),
    ] = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Show which route a request takes and why, and what happens when a provider fails.

    Exit code 1 when the request would be refused.
    """
    import asyncio  # noqa: PLC0415

    from lunaroute_server.cli import explanation_view as view  # noqa: PLC0415
    from lunaroute_server.route_trial import DescribedRequest  # noqa: PLC0415

    trial = _trial(config, down or ())
    described = DescribedRequest(
        model=model,
        dialect=dialect,
        headers=dict(_header(text) for text in header or ()),
        query=query,
        path=path,
        stream=stream,
        provider=provider,
        tags=tuple(tag or ()),
        body=None if body is None else _body(body),
    )
    explanation = asyncio.run(trial.explain(described, down=down or ()))
    if as_json:
        print_json(view.as_json(explanation))
    else:
        view.print_explanation(explanation)
    if explanation.refusal is not None:
        raise typer.Exit(ExitCode.FAILED)


@app.command("test")
def check(
    *,
    matrix: Annotated[
        Path, typer.Option(metavar="FILE", help="Requests and what is expected, as YAML or JSON.")
    ],
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Check that requests take the routes that a file expects.

    Exit code 1 when one does not.
    """
    import asyncio  # noqa: PLC0415

    from lunaroute_server.cli import case_view as view  # noqa: PLC0415
    from lunaroute_server.route_trial import read_cases  # noqa: PLC0415

    cases = read_cases(matrix)
    trial = _trial(config, [name for case in cases for name in case.down], source=matrix)

    async def run() -> "list[CaseResult]":
        return [await trial.check(case) for case in cases]

    results = asyncio.run(run())
    if as_json:
        print_json([view.as_json(result) for result in results])
    else:
        view.print_results(results)
    if not all(result.passed for result in results):
        raise typer.Exit(ExitCode.FAILED)


def _trial(config: Path | None, down: Iterable[str], *, source: Path | None = None) -> "RouteTrial":
    """`down` names providers; `source` is the file that does."""
    from lunaroute_core import ConfigurationError  # noqa: PLC0415
    from lunaroute_server.route_trial import RouteTrial  # noqa: PLC0415

    loaded = load(config)
    report(loaded.warnings)
    trial = RouteTrial.of(loaded.config)
    for name in down:
        if name not in trial.router.providers:
            known = ", ".join(trial.router.providers)
            raise ConfigurationError(
                f'there is no provider "{name}", only {known}',
                path="down",
                source=None if source is None else str(source),
            )
    return trial


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not (name.strip() and colon):
        raise typer.BadParameter(f"{text!r} is not NAME:VALUE", param_hint="--header")
    return name.strip(), value.strip()


def _body(path: Path) -> "JSONObject":
    from json import loads  # noqa: PLC0415

    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
        body = loads(text)
    except (OSError, ValueError) as error:
        raise typer.BadParameter(f"{path}: {error}", param_hint="--body") from error
    if not isinstance(body, dict):
        raise typer.BadParameter(f"{path}: not a JSON object", param_hint="--body")
    return cast("JSONObject", body)
