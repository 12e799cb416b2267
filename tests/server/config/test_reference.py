import re
from pathlib import Path

import pytest

from lunaroute_server.config.annotations import field_types
from lunaroute_server.config.environment import KEY_VARIABLES, VARIABLES
from lunaroute_server.config.key_path import format_path
from lunaroute_server.config.provider_edit_checks import TEMPLATE_VARIABLES
from lunaroute_server.config.reference import configuration_page, section_places

DOCS = Path(__file__).parents[3] / "docs" / "reference"


def test_the_committed_page_is_current():
    """`python -m lunaroute_server.config.reference > docs/reference/configuration.md`"""
    assert (DOCS / "configuration.md").read_text(encoding="utf-8") == configuration_page()


@pytest.mark.parametrize(("section", "places"), section_places().items(), ids=str)
def test_every_key_has_its_row(section, places):
    path = places[0]
    _, _, rest = configuration_page().partition(f"### {f'`{path}`' if path else 'Top level'}\n")
    rows = re.findall(r"^\| `(\w+)` \|", rest.partition("\n##")[0], re.MULTILINE)
    assert rows == [*field_types(section)]


def test_a_section_that_stands_in_several_places_is_described_where_it_is_nearest_to_the_top():
    page = configuration_page()
    assert page.count("| `failure_threshold` |") == 1
    _, _, rest = page.partition("### `routing.circuit_breaker`\n")
    others = ("providers.NAME", "routing.rules[]", "routing.aliases.NAME")
    listed = ", ".join(f"`{path}.circuit_breaker`" for path in others)
    assert f"Likewise {listed}." in rest.partition("\n##")[0]


def test_values_that_may_be_written_in_several_ways_are_told_so():
    page = configuration_page()
    assert "| `model` | text or list of texts | empty |" in page
    assert "| `fallbacks` | list of texts or sections | empty |" in page
    assert "| `primary` | text or section or null | `null` |" in page


def test_the_templates_are_listed():
    assert all(f"`{name}`" in configuration_page() for name in TEMPLATE_VARIABLES)


def test_the_environment_page_has_every_variable_and_its_key():
    page = (DOCS / "environment.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \| `([a-z_.]+)` \|", page, re.MULTILINE))
    keys = {name: ("providers", vendor, "api_key") for vendor, name in KEY_VARIABLES.items()}
    assert rows == {name: format_path(path) for name, path in {**VARIABLES, **keys}.items()}
