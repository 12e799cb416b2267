"""The two programs, their exit codes, and that a failure is a line and no traceback."""

import json
import re

import pytest

from lunaroute_server.cli.entry import with_command


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        ([], ["serve"]),
        (["-c", "file"], ["serve", "-c", "file"]),
        (["--port", "80"], ["serve", "--port", "80"]),
        (["-c", "file", "-d", "openai", "serve"], ["serve", "-c", "file", "-d", "openai"]),
        (["-c", "file", "env", "--port", "1"], ["env", "-c", "file", "--port", "1"]),
        (["-c", "serve"], ["serve", "-c", "serve"]),
        (["env"], ["env"]),
        (["config", "check", "-c", "file"], ["config", "check", "-c", "file"]),
        (["--version"], ["--version"]),
        (["--help"], ["--help"]),
    ],
)
def test_lunaroute_server_serves_unless_a_command_is_named(arguments, command):
    """As with the original, whose options may stand before the command."""
    assert with_command(arguments) == command


@pytest.mark.parametrize("program", ["lunaroute", "lunaroute-server"])
def test_the_version(lunaroute, program):
    result = lunaroute("--version", program=program)
    assert result.returncode == 0
    assert re.fullmatch(r"lunaroute \d+\.\d+\.\d+\S*\n", result.stdout)


def test_help_names_the_commands(lunaroute):
    result = lunaroute("--help")
    assert result.returncode == 0
    for command in ("serve", "env", "status", "stop", "logs", "doctor", "config"):
        assert re.search(rf"\b{command}\b", result.stdout)


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["serve", "--server", "apache"], ["env", "--port", "0"]]
)
def test_wrong_arguments_are_exit_code_2(lunaroute, arguments):
    result = lunaroute(*arguments)
    assert result.returncode == 2
    assert result.stdout == ""
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("command", [["serve"], ["env"], ["config", "check"], ["config", "show"]])
def test_a_wrong_configuration_is_one_line_and_exit_code_2(lunaroute, home, command):
    file = home / "lr.yaml"
    file.write_text("host: 127.0.0.1\nprot: 8080\n")
    result = lunaroute(*command, "--config", str(file))
    assert result.returncode == 2
    assert result.stdout == ""
    assert re.fullmatch(rf"error: {re.escape(str(file))}:2: prot: .+\n", result.stderr)


def test_the_servers_program_takes_the_originals_flags(lunaroute, home):
    file = home / "lr.yaml"
    file.write_text("prot: 8080\n")
    result = lunaroute("-c", str(file), "-d", "both", program="lunaroute-server")
    assert result.returncode == 2
    assert "prot" in result.stderr


def test_a_variable_of_ours_is_no_unknown_setting(lunaroute):
    assert json.loads(lunaroute("config", "check", "--json").stdout)["warnings"] == []
