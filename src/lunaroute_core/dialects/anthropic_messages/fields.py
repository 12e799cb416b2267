"""Takes the fields of a JSON object out one by one, so that none can be lost.

Whatever a decoder did not take is `rest()`: it becomes the element's extension, and a
request in the same dialect gets it back. Values stay bytes until they are taken, which
keeps texts such as tool arguments exactly as the client wrote them.
"""

from typing import TypeVar

from msgspec import Raw
from msgspec.json import Decoder

from lunaroute_core.dialects.anthropic_messages.name import DIALECT
from lunaroute_core.dialects.request_json import missing_field, read_request
from lunaroute_core.json_value import JSONObject, JSONValue
from lunaroute_core.model import Extensions

T = TypeVar("T")

FLAG = Decoder(bool)
INTEGER = Decoder(int)
NUMBER = Decoder(float)
TEXT = Decoder(str)
TEXTS = Decoder(list[str])
OBJECT = Decoder(JSONObject)
OBJECTS = Decoder(list[JSONObject])
RAW_OBJECT = Decoder(dict[str, Raw])
RAW = Decoder(Raw)
RAW_LIST = Decoder(list[Raw])
RAW_LIST_OR_TEXT: Decoder[str | list[Raw]] = Decoder(str | list[Raw])
ANY: Decoder[JSONValue] = Decoder()
_NULL = Raw(b"null")


class JSONFields:
    """The fields of one object at `path`, which errors name.

    An explicit null counts as absent, but stays in the rest.
    """

    def __init__(self, raw: bytes | Raw, *, path: str = "") -> None:
        self.path = path
        self._fields = read_request(RAW_OBJECT, raw, path=path)
        self.was_empty = not self._fields
        self._kept: JSONObject = {}
        self._objects: dict[str, JSONFields] = {}

    def at(self, key: str) -> str:
        """The path of a field."""
        return f"{self.path}.{key}" if self.path else key

    def take(self, key: str, decoder: Decoder[T]) -> T | None:
        """A field's value, None when it is absent or null."""
        raw = self._fields.get(key)
        if raw is None or raw == _NULL:
            return None
        del self._fields[key]
        return read_request(decoder, raw, path=self.at(key))

    def require(self, key: str, decoder: Decoder[T]) -> T:
        """A field's value; InvalidRequestError when it is absent or null."""
        value = self.take(key, decoder)
        if value is None:
            raise missing_field(self.at(key))
        return value

    def take_object(self, key: str) -> "JSONFields | None":
        """An object's own fields; what is not taken of them stays in this rest.

        Asked for again, they are the same.
        """
        if key in self._objects:
            return self._objects[key]
        raw = self._fields.get(key)
        if raw is None or raw == _NULL:
            return None
        del self._fields[key]
        self._objects[key] = JSONFields(raw, path=self.at(key))
        return self._objects[key]

    def keep(self, key: str, value: JSONValue) -> None:
        """Put into the rest what the model cannot say of a field that was taken."""
        self._kept[key] = value

    def rest(self) -> JSONObject:
        """Everything not taken, by key."""
        if not self._fields and not self._objects:
            return self._kept
        rest = {key: read_request(ANY, raw, path=self.at(key)) for key, raw in self._fields.items()}
        for key, fields in self._objects.items():
            left = fields.rest()
            if left or fields.was_empty:
                rest[key] = left
        return rest | self._kept

    def extensions(self) -> Extensions:
        """The rest as an element's extensions."""
        rest = self.rest()
        return {DIALECT: rest} if rest else {}
