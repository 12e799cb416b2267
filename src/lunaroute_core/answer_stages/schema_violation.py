"""Checking a value against a client's JSON Schema, which must not keep the process busy."""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import TypeAlias

import msgspec
from attrs import define

from lunaroute_core.json_value import JSONObject, JSONValue

_UNCHECKED = ("pattern", "patternProperties", "unevaluatedItems", "unevaluatedProperties")
"""Regular expressions, and what looks at all the rest of a schema once more."""
_ELSEWHERE = frozenset({"$schema", "$id", "$dynamicRef", "$dynamicAnchor"})
"""What has parts of a schema read by other rules than these."""
_MAX_SCHEMA_BYTES = 64 * 1024
"""To look through a schema that is larger takes longer than 0.3 s."""
_MAX_STEPS = 25_000
"""Some 0.5 s. References can make a small schema take for ever."""
_CHEAP = 16
"""Elements of a list or an object that take as long as a step."""
_CHEAP_PAIRS = 16

_Check: TypeAlias = Callable[..., Iterable[Exception] | None]


class _UncheckableError(Exception):
    """Nothing can be said of a value in reasonable time."""


@define
class _Steps:
    """How much work is left."""

    _left: int = _MAX_STEPS

    def counted(self, check: _Check) -> _Check:
        """A keyword's check that takes its share."""

        def count(
            validator: object, value: JSONValue, instance: JSONValue, schema: JSONObject
        ) -> Iterable[Exception] | None:
            self._take(1 + (_size(value) + _size(instance)) // _CHEAP)
            return check(validator, value, instance, schema)

        return count

    def take_pairs(self, instance: JSONValue) -> None:
        """What comparing each element with each other takes."""
        self._take(_size(instance) ** 2 // _CHEAP_PAIRS)

    def _take(self, steps: int) -> None:
        self._left -= steps
        if self._left < 0:
            raise _UncheckableError


def schema_violation(value: JSONValue, schema: JSONObject) -> str | None:
    """What is wrong with a value.

    None also where nothing can be said of it: by a schema that is none, that is not all in one
    piece, or that takes too long. Regular expressions, formats and `unevaluated…` are not checked.
    """
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - 60 ms
    from jsonschema.validators import extend  # noqa: PLC0415
    from referencing import Registry  # noqa: PLC0415
    from referencing.exceptions import Unresolvable  # noqa: PLC0415

    checks = _checks(Draft202012Validator.VALIDATORS)
    try:
        own = _checkable(msgspec.json.encode(schema))
        # A registry of its own, since the default one fetches what a `$ref` names.
        validator = extend(Draft202012Validator, checks)(own, registry=Registry[JSONObject]())
        error = next(validator.iter_errors(value), None)
    except (_UncheckableError, Unresolvable, RecursionError):
        return None
    return None if error is None else f"{error.json_path}: {error.message[:200]}"


def _checks(known: Mapping[str, _Check]) -> dict[str, _Check]:
    """The keywords' checks, all together bounded."""
    steps = _Steps()
    additional, unique = known["additionalProperties"], known["uniqueItems"]

    def without_patterns(
        validator: object, value: JSONValue, instance: JSONValue, schema: JSONObject
    ) -> Iterable[Exception] | None:
        return (
            () if "patternProperties" in schema else additional(validator, value, instance, schema)
        )

    def bounded(
        validator: object, value: JSONValue, instance: JSONValue, schema: JSONObject
    ) -> Iterable[Exception] | None:
        steps.take_pairs(instance)
        return unique(validator, value, instance, schema)

    own = {**known, "additionalProperties": without_patterns, "uniqueItems": bounded}
    own |= dict.fromkeys(_UNCHECKED, _no_violations)
    return {keyword: steps.counted(check) for keyword, check in own.items()}


def _no_violations(*_: object) -> tuple[()]:
    return ()


@lru_cache(maxsize=32)  # requests repeat their schemas, and looking through 5 kB takes 20 ms
def _checkable(written: bytes) -> JSONObject:
    """A schema that values can be checked by.

    Raises:
        _UncheckableError: it is none, or not all in one piece.
    """
    from jsonschema import Draft202012Validator, SchemaError  # noqa: PLC0415

    if len(written) > _MAX_SCHEMA_BYTES:
        raise _UncheckableError
    schema = msgspec.json.decode(written, type=JSONObject)
    schema = {key: value for key, value in schema.items() if key not in ("$schema", "$id")}
    if not _is_in_one_piece(schema):
        raise _UncheckableError
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise _UncheckableError from error
    return schema


def _is_in_one_piece(value: JSONValue) -> bool:
    match value:
        case list():
            return all(map(_is_in_one_piece, value))
        case dict():
            ref = value.get("$ref")
            if isinstance(ref, str) and not ref.startswith("#"):
                return False
            names = _ELSEWHERE.intersection(value)
            return not any(isinstance(value[name], str) for name in names) and all(
                map(_is_in_one_piece, value.values())
            )
        case _:
            return True


def _size(value: JSONValue) -> int:
    return len(value) if isinstance(value, list | dict) else 0
