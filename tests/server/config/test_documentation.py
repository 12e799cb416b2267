import pytest
from msgspec import Struct

from lunaroute_egress.mock.options import MockOptions
from lunaroute_server.config.annotations import field_types
from lunaroute_server.config.documentation import field_documentation, section_documentation
from lunaroute_server.config.schema import sections


class Inner(Struct, frozen=True):
    """What is inside."""


class Section(Struct):
    """What it is
    about.

    Attributes:
        first: the first one; it
            goes on.
    """

    first: int
    second: int = 2
    """The second
    one."""
    third: int = 3
    fourth: Inner = Inner()
    fifth: Inner | None = None
    """The fifth one."""


def test_a_keys_text_is_beneath_it_or_under_attributes_or_its_sections():
    assert field_documentation(Section) == {
        "first": "The first one; it goes on.",
        "second": "The second one.",
        "fourth": "What is inside.",
        "fifth": "The fifth one.",
    }


def test_a_sections_text_is_without_its_attributes():
    assert section_documentation(Section) == "What it is about."


OWN = [one for one in sections() if one.__module__.startswith("lunaroute_server.config")]


@pytest.mark.parametrize("section", [*OWN, MockOptions], ids=lambda one: one.__name__)
def test_every_key_and_section_is_documented(section):
    assert set(field_documentation(section)) == set(field_types(section))
    assert section_documentation(section)
