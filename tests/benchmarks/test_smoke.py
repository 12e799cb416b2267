"""The benchmark runs, and finds that nothing is changed on the way through the gateway."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def benchmarks(*options):
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("server", ["hypercorn", "uvicorn"])
def test_the_gateway_and_the_bare_relay_change_nothing(server):
    run = benchmarks("--smoke", "--server", server)
    assert (run.returncode, run.stdout) == (0, f"{server}: nothing is changed on the way through\n")


def test_an_unknown_server_is_refused():
    run = benchmarks("--smoke", "--server", "apache")
    assert run.returncode == 2
    assert "invalid choice: 'apache'" in run.stderr
