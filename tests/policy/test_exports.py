import importlib
import subprocess
import sys
from types import ModuleType


def test_what_is_exported_is_sorted_and_is_all_there_is():
    module = importlib.import_module("lunaroute_policy")
    public = {
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and not isinstance(value, ModuleType)
    }
    assert module.__all__ == sorted(public)


def test_the_library_is_loaded_by_the_first_list_and_not_before():
    code = (
        "import sys, lunaroute_policy;"
        "print('genai_prices' in sys.modules, 'httpx2' in sys.modules);"
        "lunaroute_policy.GenAIPrices();"
        "print('genai_prices' in sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60
    )
    assert run.stdout.split() == ["False", "False", "True"]
