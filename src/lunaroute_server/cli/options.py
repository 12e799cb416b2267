"""Options that several commands have."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer


class DialectChoice(StrEnum):
    OPENAI = "openai"
    ANTHROPIC = "anthropic"
    BOTH = "both"


class LogLevelChoice(StrEnum):
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogFormatChoice(StrEnum):
    AUTO = "auto"
    CONSOLE = "console"
    JSON = "json"


class ServerChoice(StrEnum):
    HYPERCORN = "hypercorn"
    UVICORN = "uvicorn"
    GRANIAN = "granian"


ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        metavar="FILE",
        help="Configuration file (YAML, TOML or JSON). "
        "Without it: $LUNAROUTE_CONFIG, else ~/.lunaroute/config.yaml if there is one.",
    ),
]
Host = Annotated[str | None, typer.Option("--host", metavar="ADDRESS", help="Where to listen.")]
Port = Annotated[int | None, typer.Option("--port", min=0, max=65535, help="Where to listen.")]
Dialect = Annotated[
    DialectChoice | None,
    typer.Option("--dialect", "-d", help="Which vendors' APIs clients may speak."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def value_of(choice: StrEnum | None) -> Any:
    """A choice as the configuration has it: a plain string, checked there as any other."""
    return None if choice is None else choice.value
