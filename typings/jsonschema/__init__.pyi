# What is used here of jsonschema, which has no types of its own.

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import ClassVar

from referencing import Registry

from lunaroute_core.json_value import JSONObject, JSONValue

class ValidationError(Exception):
    message: str
    @property
    def json_path(self) -> str: ...

class SchemaError(Exception): ...

class Draft202012Validator:
    VALIDATORS: ClassVar[Mapping[str, Callable[..., Iterable[Exception] | None]]]
    def __init__(self, schema: JSONObject, *, registry: Registry[JSONObject] = ...) -> None: ...
    @classmethod
    def check_schema(cls, schema: JSONObject) -> None: ...
    def iter_errors(self, instance: JSONValue) -> Iterator[ValidationError]: ...
