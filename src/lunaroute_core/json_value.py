"""The name for JSON whose shape is really unknown."""

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    JSONValue: TypeAlias = (
        bool | int | float | str | list["JSONValue"] | dict[str, "JSONValue"] | None
    )
else:
    # msgspec and hypothesis look a reference up in the module that uses it, and so would not
    # find the alias that refers to itself. What a JSON decoder makes is of this type anyway.
    JSONValue = Any

JSONObject: TypeAlias = dict[str, JSONValue]
