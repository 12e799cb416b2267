"""Memory that a large body needed is there for the next one."""

import platform
import subprocess
import sys

import pytest

FAULTS = """
import resource
from lunaroute_server.serving import allocator

if {settles}:
    allocator.settle()

def bodies():
    held = [bytearray(150_000) for _ in range(8)]

bodies()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(50):
    bodies()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def page_faults(environment=None, *, settles=True):
    run = subprocess.run(
        [sys.executable, "-c", FAULTS.format(settles=settles)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return int(run.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="not the GNU C library")
def test_large_bodies_are_not_paid_for_in_page_faults():
    assert page_faults(settles=False) > 2_000
    assert page_faults() < 500


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="not the GNU C library")
def test_the_environment_has_its_way(monkeypatch):
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "131072")
    assert page_faults() > 2_000
