"""docs/reference/cli.md lists what there is."""

import re
from pathlib import Path

import pytest
import typer.main

from lunaroute_server.cli.entry import app
from lunaroute_server.cli.exit_code import ExitCode

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "cli.md"


def commands(group, prefix=""):
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}", command


COMMANDS = dict(commands(typer.main.get_command(app)))


def test_every_command_has_a_line():
    table = PAGE.read_text().partition("## Commands")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `([a-z ]+)` \|", table, re.MULTILINE) == list(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_named(name):
    text = PAGE.read_text()
    for option in COMMANDS[name].params:
        if not getattr(option, "hidden", False):
            assert any(f"`{spelling}`" in text for spelling in option.opts), option.opts


def test_every_exit_code_has_a_line():
    codes = re.findall(r"^\| (\d) \|", PAGE.read_text(), re.MULTILINE)
    assert codes == [str(code.value) for code in ExitCode]
