import re
from pathlib import Path

import pytest

from lunaroute_core.capabilities import Capabilities, model_profiles
from lunaroute_core.dialects.registry import DIALECTS
from lunaroute_core.servers import servers
from lunaroute_server.config.capabilities_reference import capabilities_page

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "capabilities.md"


def rows(title):
    """The first column of the table beneath a title."""
    _, _, rest = capabilities_page().partition(f"\n{title}\n")
    return re.findall(r"^\| `([^`]+)` \|", re.split(r"\n##+ ", rest)[0], re.MULTILINE)


def test_the_committed_page_is_current():
    """`python -m lunaroute_server.config.capabilities_reference >
    docs/reference/capabilities.md`
    """
    assert PAGE.read_text(encoding="utf-8") == capabilities_page()


def test_every_field_has_its_row_and_its_meaning():
    assert rows("## Fields") == [*Capabilities.__struct_fields__]
    assert not re.search(r"\| +\|$", capabilities_page().split("## Servers")[0], re.MULTILINE)


@pytest.mark.parametrize("dialect", [*DIALECTS])
def test_every_server_and_every_model_has_its_row(dialect):
    listed, known = capabilities_page().split("## Models")
    assert f"### `{dialect}`" in listed
    assert all(f"| `{server.name}` |" in listed for server in servers(dialect))
    assert all(f"| `{pattern}` |" in known for pattern in model_profiles(dialect))
