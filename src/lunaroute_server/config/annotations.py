"""What a field's annotation admits."""

from enum import StrEnum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from msgspec import Meta, Struct, UnsetType
from msgspec.structs import fields

from lunaroute_server.config.key_path import KeyPath

Templated = Meta(extra={"templated": True})
"""Marks a value whose `${…}` are templates, filled in for each request, not variables."""


def alternatives(annotation: Any) -> tuple[Any, ...]:
    """The members of a union, without null and absent, and without their constraints."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return alternatives(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return tuple(one for member in get_args(annotation) for one in alternatives(member))
    return () if annotation in (NoneType, UnsetType) else (annotation,)


def is_optional(annotation: Any) -> bool:
    """Whether null is a value."""
    if get_origin(annotation) is Annotated:
        return is_optional(get_args(annotation)[0])
    return get_origin(annotation) in (Union, UnionType) and NoneType in get_args(annotation)


def is_templated(annotation: Any) -> bool:
    """Whether `${…}` in it are templates."""
    if get_origin(annotation) is not Annotated:
        return False
    extras = (meta.extra or {} for meta in get_args(annotation) if isinstance(meta, Meta))
    return any(extra.get("templated", False) for extra in extras)


def struct_in(annotation: Any) -> type[Struct] | None:
    """The section, where the value is one."""
    for one in alternatives(annotation):
        if isinstance(one, type) and issubclass(one, Struct):
            return one
    return None


def mapping_item(annotation: Any) -> Any | None:
    """What a mapping's values are, where the value is a mapping."""
    for one in alternatives(annotation):
        if get_origin(one) is dict:
            return get_args(one)[1]
    return None


def sequence_item(annotation: Any) -> Any | None:
    """What a list's items are, where the value is a list."""
    for one in alternatives(annotation):
        if get_origin(one) in (list, tuple):
            return get_args(one)[0]
    return None


def choices(annotation: Any) -> tuple[str, ...]:
    """The words to choose from, where the value is one of some."""
    for one in alternatives(annotation):
        if get_origin(one) is Literal:
            return get_args(one)
        if isinstance(one, type) and issubclass(one, StrEnum):
            return tuple(one)
    return ()


def field_types(section: type[Struct]) -> dict[str, Any]:
    """The annotation of each key of a section."""
    return {field.encode_name: field.type for field in fields(section)}


def annotation_at(section: type[Struct], path: KeyPath) -> Any:
    """The annotation of the value a path leads to."""
    annotation: Any = section
    for part in path:
        inner = struct_in(annotation)
        annotation = field_types(inner)[str(part)] if inner else mapping_item(annotation)
    return annotation
