import importlib
import subprocess
import sys
from types import ModuleType

import pytest

PACKAGES = [
    "lunaroute_core",
    "lunaroute_core.answer_stages",
    "lunaroute_core.model",
    "lunaroute_core.testing",
]
HEAVY = {
    "aiohttp",
    "brotli",
    "genai_prices",
    "httpx2",
    "hypercorn",
    "pydantic",
    "starlette",
    "structlog",
    "typer",
    "yaml",
    "zstandard",
}


@pytest.mark.parametrize("package", PACKAGES)
def test_what_is_exported_is_sorted_and_is_all_there_is(package):
    module = importlib.import_module(package)
    public = {
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and not isinstance(value, ModuleType)
    }
    assert module.__all__ == sorted(public)


def in_a_fresh_interpreter(code):
    run = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60
    )
    return run.stdout.split()


def test_the_core_loads_no_http_client_no_web_framework_and_no_decompressor():
    loaded = in_a_fresh_interpreter("import sys, lunaroute_core; print(*sys.modules)")
    assert "lunaroute_core.model_stream" in loaded
    assert not HEAVY & set(loaded)


def test_the_testing_kit_is_loaded_only_when_asked_for():
    loaded = in_a_fresh_interpreter("import sys, lunaroute_core; print(*sys.modules)")
    assert "lunaroute_core.testing" not in loaded


def test_importing_the_core_takes_less_than_a_tenth_of_a_second():
    """CPU time, the best of several, so that a busy machine does not count."""
    code = (
        "import time; started = time.process_time(); import lunaroute_core;"
        "print(time.process_time() - started)"
    )
    best = min(float(in_a_fresh_interpreter(code)[0]) for _ in range(5))
    assert best < 0.1
