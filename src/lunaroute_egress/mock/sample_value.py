"""Makes up a value that conforms to a JSON schema, the same one every time.

Covers what tool schemas use: types, `const`, `enum`, `required`, `properties`, `items`,
`prefixItems`, bounds and lengths, common formats, the combinators and local references.
`pattern` and `not` are beyond it: such a schema gets a value of the right type. A schema
that is malformed, or requires itself without end, gets null where it is so.
"""

import math

import msgspec
from attrs import define
from msgspec import UNSET, Struct, UnsetType

from lunaroute_core.json_value import JSONObject, JSONValue

_MAX_VALUES = 2_000
"""Values made for one schema, and length of any text or array a client can ask for."""
_MAX_DEPTH = 32

_FORMATS = {
    "date": "2025-01-01",
    "date-time": "2025-01-01T12:00:00Z",
    "time": "12:00:00Z",
    "duration": "P1D",
    "email": "user@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}


class _Schema(Struct, frozen=True, rename="camel"):
    """The keywords that are looked at."""

    type: str | list[str] | None = None
    const: JSONValue | UnsetType = UNSET
    default: JSONValue | UnsetType = UNSET
    enum: list[JSONValue] = []
    examples: list[JSONValue] = []
    properties: JSONObject = {}
    required: list[str] = []
    items: JSONValue = True
    prefix_items: list[JSONValue] = []
    min_items: int = 0
    minimum: float = -math.inf
    maximum: float = math.inf
    exclusive_minimum: float = -math.inf
    exclusive_maximum: float = math.inf
    multiple_of: float = 0
    format: str = ""
    min_length: int = 0
    max_length: int | None = None

    @property
    def only_type(self) -> str:
        """The type, the first that is not null where there are several."""
        if self.type is None:
            return "object" if self.properties or self.required else "string"
        names = [self.type] if isinstance(self.type, str) else self.type
        return next((name for name in names if name != "null"), "null")


def sample_value(schema: JSONValue) -> JSONValue:
    """A value that conforms to `schema`; only required properties are filled in."""
    return _Sampler(schema).value(schema, 0)


@define
class _Sampler:
    """Walks one schema. `left` bounds the work, whatever a client sends."""

    root: JSONValue
    left: int = _MAX_VALUES

    def value(self, schema: JSONValue, depth: int) -> JSONValue:
        if not isinstance(schema, dict) or depth > _MAX_DEPTH or self.left <= 0:
            return None
        self.left -= 1
        try:
            known = msgspec.convert(self.resolved(schema, depth), _Schema)
        except msgspec.ValidationError:
            return None
        given = [known.const, *known.enum[:1], *known.examples[:1], known.default]
        given = [value for value in given if value is not UNSET]
        return given[0] if given else self.made_up(known, depth)

    def made_up(self, schema: _Schema, depth: int) -> JSONValue:
        match schema.only_type:
            case "object":
                names = dict.fromkeys(schema.required)
                properties = schema.properties
                return {name: self.value(properties.get(name), depth + 1) for name in names}
            case "array":
                missing = max(0, min(schema.min_items, self.left) - len(schema.prefix_items))
                items = [*schema.prefix_items, *([schema.items] * missing)]
                return [self.value(item, depth + 1) for item in items]
            case "integer" | "number":
                return _number(schema)
            case "boolean":
                return True
            case "string":
                return _string(schema)
            case _:
                return None

    def resolved(self, schema: JSONObject, depth: int) -> JSONObject:
        """The schema with its references followed and its combinators merged in."""
        merged = {**schema}
        if depth > _MAX_DEPTH or self.left <= 0:
            return merged
        for part in self.parts(schema):
            if isinstance(part, dict):
                self.left -= 1
                _merge(merged, self.resolved(part, depth + 1))
        return merged

    def parts(self, schema: JSONObject) -> list[JSONValue]:
        """What else must hold: all of `allOf`, the first choice of `anyOf` and `oneOf`."""
        parts = [self.referenced(schema.get("$ref"))]
        for word, count in (("allOf", None), ("anyOf", 1), ("oneOf", 1)):
            branches = schema.get(word)
            if isinstance(branches, list):
                parts += branches[:count]
        return parts

    def referenced(self, reference: JSONValue) -> JSONValue:
        """What a local reference (`#/$defs/Place`, RFC 6901) points at; None if nothing."""
        if not isinstance(reference, str) or not reference.startswith("#"):
            return None
        found = self.root
        for step in reference.split("/")[1:]:
            name = step.replace("~1", "/").replace("~0", "~")
            found = found.get(name) if isinstance(found, dict) else None
        return found


def _merge(into: JSONObject, other: JSONObject) -> None:
    for key, value in other.items():
        mine = into.setdefault(key, value)
        if key == "required" and isinstance(mine, list) and isinstance(value, list):
            into[key] = [*mine, *value]
        elif key == "properties" and isinstance(mine, dict) and isinstance(value, dict):
            into[key] = {**value, **mine}


def _number(schema: _Schema) -> float:
    """The allowed number nearest to 1, a whole one for an integer."""
    whole = schema.only_type == "integer"
    step = 1 if whole else 0.5
    low = max(schema.minimum, schema.exclusive_minimum + step)
    high = min(schema.maximum, schema.exclusive_maximum - step)
    number = min(max(1, low), high)
    if schema.multiple_of > 0:
        number = math.ceil(low / schema.multiple_of) * schema.multiple_of if low > 0 else 0
    return math.ceil(number) if whole else number


def _string(schema: _Schema) -> str:
    text = _FORMATS.get(schema.format, "example")
    text = text.ljust(min(schema.min_length, _MAX_VALUES), "x")
    return text[: schema.max_length]
