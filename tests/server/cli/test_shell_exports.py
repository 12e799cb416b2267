import shutil
import subprocess

import pytest

from lunaroute_server.cli.shell_exports import Shell, export_lines, shell_of

URL = "http://127.0.0.1:8081"


@pytest.mark.parametrize(
    ("shell", "lines"),
    [
        (
            Shell.BASH,
            [f"export ANTHROPIC_BASE_URL={URL}", f"export OPENAI_BASE_URL={URL}/v1"],
        ),
        (
            Shell.FISH,
            [f"set -gx ANTHROPIC_BASE_URL {URL}", f"set -gx OPENAI_BASE_URL {URL}/v1"],
        ),
        (
            Shell.POWERSHELL,
            [f'$env:ANTHROPIC_BASE_URL = "{URL}"', f'$env:OPENAI_BASE_URL = "{URL}/v1"'],
        ),
    ],
)
def test_each_shell_has_its_own_syntax(shell, lines):
    assert export_lines(shell, URL) == lines


@pytest.mark.parametrize("url", [URL, "http://[::1]:8081"])
def test_a_real_shell_understands_them(url):
    shell = shutil.which("bash") or shutil.which("sh")
    script = "\n".join([*export_lines(Shell.BASH, url), 'echo "$OPENAI_BASE_URL"'])
    result = subprocess.run([shell, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout == f"{url}/v1\n"


@pytest.mark.parametrize(
    ("variable", "shell"),
    [
        ("/usr/bin/fish", Shell.FISH),
        ("/usr/bin/pwsh", Shell.POWERSHELL),
        ("/bin/zsh", Shell.BASH),
        ("", Shell.BASH),
    ],
)
def test_the_shell_is_the_users(variable, shell):
    assert shell_of({"SHELL": variable}) is shell
    assert shell_of({}) is Shell.BASH
