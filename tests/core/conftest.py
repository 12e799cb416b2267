import re
from pathlib import Path

import pytest

from lunaroute_core import dialects
from lunaroute_core.dialects.registry import DIALECTS

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to" / "add-a-dialect.md"
BLOCK = re.compile(
    r"^```\{code-block\} (\w+)\n(?::caption: ([^\n]+)\n\n)?(.*?)^```$", re.MULTILINE | re.DOTALL
)


@pytest.fixture(scope="session")
def toy_files():
    """The how-to's files, by the path that stands over them, and its diff."""
    found = BLOCK.findall(HOW_TO.read_text("utf-8"))
    return {caption or language: code for language, caption, code in found}


@pytest.fixture(scope="session")
def _toy_place(toy_files, tmp_path_factory):
    """A second folder of dialects, with the how-to's in it."""
    root = tmp_path_factory.mktemp("how-to")
    for path, code in toy_files.items():
        if path.startswith("lunaroute_core/dialects/"):
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(code, "utf-8")
    return str(root / "lunaroute_core" / "dialects")


@pytest.fixture
def toy_dialect(_toy_place, monkeypatch):
    """The how-to's dialect, registered as the how-to's line does."""
    monkeypatch.setattr(dialects, "__path__", [*dialects.__path__, _toy_place])
    monkeypatch.setattr(DIALECTS, "names", (*DIALECTS.names, "acme_prompt"))
    yield DIALECTS["acme_prompt"]
    del DIALECTS.loaded["acme_prompt"]
