"""The lines that point a shell's clients at the gateway."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import PurePath


class Shell(StrEnum):
    BASH = "bash"
    """And every other shell of the Bourne family."""
    FISH = "fish"
    POWERSHELL = "powershell"


_LINES = {
    Shell.BASH: "export {name}={value}",
    Shell.FISH: "set -gx {name} {value}",
    Shell.POWERSHELL: '$env:{name} = "{value}"',
}


def export_lines(shell: Shell, url: str) -> list[str]:
    """For `eval`, in the syntax of `shell`. A URL needs no quoting: it is a host and a port."""
    variables = {"ANTHROPIC_BASE_URL": url, "OPENAI_BASE_URL": f"{url}/v1"}
    return [_LINES[shell].format(name=name, value=value) for name, value in variables.items()]


def shell_of(environment: Mapping[str, str]) -> Shell:
    """The user's shell, as far as we can tell: bash unless it is another one we know."""
    name = PurePath(environment.get("SHELL", "")).name
    return {"fish": Shell.FISH, "pwsh": Shell.POWERSHELL}.get(name, Shell.BASH)
