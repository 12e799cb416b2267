from enum import StrEnum
from typing import Annotated, Literal

import pytest
from msgspec import Meta, Struct, UnsetType

from lunaroute_server.config import Config, HttpClientConfig
from lunaroute_server.config.annotations import (
    alternatives,
    annotation_at,
    choices,
    is_optional,
    is_templated,
    mapping_item,
    sequence_item,
    struct_in,
)


class Section(Struct):
    pass


class Word(StrEnum):
    ONE = "one"
    TWO = "two"


POSITIVE = Annotated[int, Meta(gt=0)]


def test_alternatives_are_without_null_absent_and_constraints():
    assert alternatives(POSITIVE | None | UnsetType) == (int,)
    assert alternatives(int | str | None) == (int, str)


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [(int | None, True), (int, False), (Annotated[str | None, Meta(min_length=1)], True)],
)
def test_optional_is_what_may_be_null(annotation, expected):
    assert is_optional(annotation) is expected


def test_templated_is_what_is_marked():
    assert is_templated(Annotated[dict[str, str], Meta(extra={"templated": True})])
    assert not is_templated(Annotated[int, Meta(gt=0)])
    assert not is_templated(dict[str, str])


def test_finds_what_is_inside():
    assert struct_in(Section | None) is Section
    assert struct_in(int) is None
    assert mapping_item(dict[str, Section] | None) is Section
    assert mapping_item(list[int]) is None
    assert sequence_item(tuple[Section, ...] | None) is Section
    assert sequence_item(list[str]) is str
    assert sequence_item(str) is None


def test_choices_are_literals_and_enumerations():
    assert choices(Literal["a", "b"] | None) == ("a", "b")
    assert choices(Word | None) == ("one", "two")
    assert choices(str) == ()


def test_a_path_leads_through_sections_and_mappings():
    assert annotation_at(Config, ("providers", "x", "http_client")) is HttpClientConfig
    assert annotation_at(Config, ("providers", "x", "models", "small")) is str
