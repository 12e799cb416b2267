"""The benchmark runs, and finds that nothing is changed on the way through the gateway."""

import os
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


AFFINITIES = """
import psutil
from benchmarks.child_process import cores, on_core
from benchmarks.contestants import arena

pair = cores()
with on_core(pair[1]), arena("relay", pair) as place, place.contestants("uvicorn") as both:
    for child in (both.subject, both.bare):
        process = next(p for p in psutil.Process().children() if str(child.port) in p.cmdline())
        assert process.cpu_affinity() == [pair[0]], process.cpu_affinity()
"""


@pytest.mark.skipif(
    len(getattr(os, "sched_getaffinity", lambda _: ())(0)) < 2, reason="there is one core only"
)
def test_what_is_measured_shares_no_core_with_the_load():
    run = subprocess.run(
        [sys.executable, "-c", AFFINITIES], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
