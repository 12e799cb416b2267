"""What every test has in common, and the documentation's Python examples as tests.

An example that cannot run by itself, for want of a server or a file, is marked in its page:
`<!--- skip: next -->`.
"""

import os
from collections.abc import Iterator

import pytest
from sybil import Sybil
from sybil.parsers.myst import PythonCodeBlockParser, SkipParser


@pytest.fixture(autouse=True, scope="session")
def nobodys_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test sees the configuration or the keys of whoever runs it."""
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ:
            if name.startswith(("LUNAROUTE_", "OPENAI_", "ANTHROPIC_")) and name not in _RUN:
                patch.delenv(name)
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        yield


_RUN = {"LUNAROUTE_TEST_CLIS", "LUNAROUTE_TEST_INSTALLED"}
"""What `make test` says about the run itself."""

pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser(), SkipParser()],
    patterns=["README.md", "docs/*.md", "docs/**/*.md"],
    # Its code is the folder of a dialect, which its own test puts together.
    excludes=["docs/how-to/add-a-dialect.md"],
    fixtures=["nobodys_environment"],
).pytest()
