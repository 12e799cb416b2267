"""Other processes that use the same files."""

import subprocess
import sys
from contextlib import ExitStack

import pytest


@pytest.fixture
def start_process():
    """Runs Python code with arguments; it says what it has to say line by line."""
    with ExitStack() as processes:

        def start(code, *arguments):
            process = subprocess.Popen(
                [sys.executable, "-c", code, *map(str, arguments)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            processes.enter_context(process)
            processes.callback(process.kill)
            return process

        yield start


@pytest.fixture
def run_at_once(start_process):
    """Runs code in several processes, which all begin where it reads a line; their outputs."""

    def run(code, *arguments, count):
        processes = [start_process(code, *arguments) for _ in range(count)]
        for process in processes:
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            process.stdin.write("go\n")
            process.stdin.flush()
        outputs = [process.communicate(timeout=30)[0].split() for process in processes]
        assert [process.returncode for process in processes] == [0] * count
        return outputs

    return run
