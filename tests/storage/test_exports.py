import importlib
from types import ModuleType


def test_what_is_exported_is_sorted_and_is_all_there_is():
    module = importlib.import_module("lunaroute_storage")
    public = {
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and not isinstance(value, ModuleType)
    }
    assert module.__all__ == sorted(public)
