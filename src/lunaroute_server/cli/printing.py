"""Standard output is the answer, standard error is everything said beside it."""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import typer

PIPED_WIDTH = 400


def print_json(value: Any) -> None:
    """`value`, made of JSON's own types, for a program to read."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table for people. Cells are plain text."""
    # rich takes 80 ms, half of what `lunaroute --help` takes without it.
    from rich.box import SIMPLE_HEAD  # noqa: PLC0415
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell, style=_STYLES.get(cell, "")) for cell in row))
    # Elsewhere than on a terminal rich would fold everything to 80 columns.
    Console(width=None if sys.stdout.isatty() else PIPED_WIDTH).print(table)


_STYLES = {"ok": "green", "warning": "yellow", "failed": "bold red", "running": "green"}


def note(text: str) -> None:
    """Say something beside the answer."""
    typer.echo(text, err=True)


def print_error(error: Exception) -> None:
    typer.secho("error: ", err=True, fg="red", bold=True, nl=False)
    typer.echo(str(error), err=True)
