"""`config check`, `config show` and `config schema`."""

import json
from typing import TYPE_CHECKING

import typer

from lunaroute_server.cli.options import AsJson, ConfigFile
from lunaroute_server.cli.printing import print_json, print_table
from lunaroute_server.cli.settings import load, report

if TYPE_CHECKING:
    from lunaroute_server.config import EffectiveSetting

app = typer.Typer(help="Check and show the configuration.", no_args_is_help=True)


@app.command()
def check(*, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Read the configuration, and say what is wrong with it.

    Exit code 2 when something is.
    """
    loaded = load(config)
    file = str(loaded.path) if loaded.path else None
    if as_json:
        print_json({"valid": True, "file": file, "warnings": loaded.warnings})
        return
    report(loaded.warnings)
    typer.echo(f"{file or 'the defaults'}: valid")


@app.command()
def show(*, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Show every value in effect and where it comes from. Keys are not shown."""
    from lunaroute_server.config import effective, redacted  # noqa: PLC0415 - 150 ms

    loaded = load(config)
    if as_json:
        print_json(redacted(loaded.config))
        return
    report(loaded.warnings)
    print_table(("key", "value", "from"), [_row(setting) for setting in effective(loaded)])


@app.command()
def schema() -> None:
    """Print the JSON Schema of configuration files, for editors."""
    from lunaroute_server.config import config_schema  # noqa: PLC0415 - 150 ms

    print_json(config_schema())


def _row(setting: "EffectiveSetting") -> tuple[str, str, str]:

    return setting.path, json.dumps(setting.value, ensure_ascii=False), str(setting.origin)
