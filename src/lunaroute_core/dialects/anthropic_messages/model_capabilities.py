"""What Anthropic's model objects say of their models.

Source: `ModelInfo` and `ModelCapabilities` of the vendor's SDK, 2.12.
"""

from collections.abc import Iterator
from typing import get_args

from lunaroute_core.capabilities import EFFORTS, ThinkingMode
from lunaroute_core.json_value import JSONObject, JSONValue


def stated_capabilities(model: JSONObject) -> JSONObject:
    """The fields of `Capabilities` that a model object states.

    What it does not say, or says in another form, is left out.
    """
    return dict(_stated(model))


def _stated(model: JSONObject) -> Iterator[tuple[str, JSONValue]]:
    most = model.get("max_tokens")
    if isinstance(most, int) and not isinstance(most, bool) and most > 0:
        yield "max_output_tokens", most
    capabilities = _object(model, "capabilities")
    types = _object(_object(capabilities, "thinking"), "types")
    if types:
        yield "thinking", [mode for mode in get_args(ThinkingMode) if _supports(types, mode)]
    effort = _object(capabilities, "effort")
    if (any_effort := _supports(effort)) is not None:
        levels: list[JSONValue] = [level for level in EFFORTS if _supports(effort, level)]
        yield "efforts", levels if any_effort else []
    if (structured := _supports(capabilities, "structured_outputs")) is not None:
        yield "structured_output", structured
    if (search := _supports(_object(capabilities, "server_tools"), "web_search")) is not None:
        yield "web_search", search


def _supports(parent: JSONObject, key: str | None = None) -> bool | None:
    """The `supported` of an object, or of the one beneath a key; None where it is not said."""
    supported = (parent if key is None else _object(parent, key)).get("supported")
    return supported if isinstance(supported, bool) else None


def _object(parent: JSONObject, key: str) -> JSONObject:
    value = parent.get(key)
    return value if isinstance(value, dict) else {}
