"""Reading a JSON object field by field, knowing its path and what was not read.

Objects that requests have many of are read without `Fields`, whose every method is a call.
"""

from typing import Self, TypeGuard, TypeVar

from msgspec import Struct

from lunaroute_core.dialects.request_json import missing_field
from lunaroute_core.errors import InvalidRequestError
from lunaroute_core.json_value import JSONObject, JSONValue

T = TypeVar("T")


class Fields(Struct):
    """One JSON object. Each field that is taken is gone; `left` is what nobody took.

    An explicit null reads as absent but stays in `left`, so that it is not lost.
    Every method raises InvalidRequestError, naming the field, when a value has another type.
    """

    path: str
    _values: JSONObject
    _children: "dict[str, Fields]" = {}

    @classmethod
    def of(cls, value: JSONValue, *, path: str) -> Self:
        if not isinstance(value, dict):
            raise wrong_type(path, "an object")
        return cls(path, dict(value))

    @property
    def left(self) -> JSONObject:
        if not self._children:
            return self._values
        nested: JSONObject = {key: left for key, it in self._children.items() if (left := it.left)}
        return {**self._values, **nested} if nested else self._values

    def at(self, key: str) -> str:
        """The path of one of the fields."""
        return f"{self.path}.{key}" if self.path else key

    def peek(self, key: str) -> JSONValue:
        """A field's value, without taking it."""
        return self._values.get(key)

    def take(self, key: str) -> JSONValue:
        """A field of any type."""
        value = self._values.get(key)
        if value is not None:
            del self._values[key]
        return value

    def take_null(self, key: str) -> bool:
        """Whether the field is an explicit null, which is then taken."""
        if key in self._values and self._values[key] is None:
            del self._values[key]
            return True
        return False

    def text(self, key: str) -> str | None:
        return self._typed(key, str, "a string")

    def needed_text(self, key: str) -> str:
        value = self._typed(key, str, "a string")
        if value is None:
            raise missing_field(self.at(key))
        return value

    def flag(self, key: str) -> bool | None:
        return self._typed(key, bool, "a boolean")

    def integer(self, key: str) -> int | None:
        value = self.take(key)
        if value is None:
            return None
        if not is_integer(value):
            raise wrong_type(self.at(key), "an integer")
        return value

    def number(self, key: str) -> float | None:
        value = self.take(key)
        if value is None or isinstance(value, float):
            return value
        if not is_integer(value):
            raise wrong_type(self.at(key), "a number")
        return value

    def array(self, key: str) -> list[JSONValue] | None:
        value = self.take(key)
        if value is not None and not isinstance(value, list):
            raise wrong_type(self.at(key), "an array")
        return value

    def object(self, key: str) -> JSONObject | None:
        """An object, taken whole."""
        value = self.take(key)
        if value is not None and not isinstance(value, dict):
            raise wrong_type(self.at(key), "an object")
        return value

    def fields(self, key: str) -> "Fields | None":
        """An object to be read in its turn; what is left of it is left here."""
        value = self.take(key)
        if value is None:
            return None
        child = Fields.of(value, path=self.at(key))
        self._children[key] = child
        return child

    def needed_fields(self, key: str) -> "Fields":
        child = self.fields(key)
        if child is None:
            raise missing_field(self.at(key))
        return child

    def _typed(self, key: str, kind: type[T], name: str) -> T | None:
        value = self._values.get(key)
        if value is None:
            return None
        if not isinstance(value, kind):
            raise wrong_type(self.at(key), name)
        del self._values[key]
        return value


def wrong_type(param: str, expected: str) -> InvalidRequestError:
    """Our error for a value of another type than the `expected` one, as in "a string"."""
    return InvalidRequestError(f"{param}: must be {expected}", param=param or None)


def wrong_or_missing(value: JSONValue, expected: str, *, param: str) -> InvalidRequestError:
    """Our error for a field that has to be there, and is not, or is not what is expected."""
    return missing_field(param) if value is None else wrong_type(param, expected)


def is_integer(value: JSONValue) -> TypeGuard[int]:
    """Whether a value is an integer that a vendor could read; JSON has larger ones."""
    return type(value) is int and -(2**63) <= value < 2**63
