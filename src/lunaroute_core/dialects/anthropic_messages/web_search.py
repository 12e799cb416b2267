"""The one hosted tool that vendors have in common."""

from lunaroute_core.dialects.anthropic_messages.adaptation import Adaptation
from lunaroute_core.dialects.anthropic_messages.name import DIALECT
from lunaroute_core.json_value import JSONObject, JSONValue
from lunaroute_core.model import HostedTool

WEB_SEARCH = "web_search"
_TYPE = "web_search_20250305"
_PLACE = ("city", "country", "region", "timezone")
_READ = frozenset({"type", "filters", "user_location"})


def is_web_search(kind: str) -> bool:
    """Whether a hosted tool's type is some version of web search."""
    return kind.startswith(WEB_SEARCH)


def web_search(options: JSONObject, adaptation: Adaptation, *, param: str) -> HostedTool:
    """Anthropic's web search for OpenAI's, whose options stand at `param`.

    Raises:
        InvalidRequestError: results are to be filtered as Anthropic cannot.
    """
    config: JSONObject = {"type": _TYPE, "name": WEB_SEARCH}
    if domains := _domains(options.get("filters"), adaptation, param=param):
        config["allowed_domains"] = domains
    if place := _place(options.get("user_location")):
        config["user_location"] = {"type": "approximate", **place}
    for key, value in options.items():
        if key not in _READ and value is not None:
            adaptation.translation.dropped(
                f"{param}.{key}", "Anthropic's search has no such option"
            )
    return HostedTool(dialect=DIALECT, type=_TYPE, config=config, name=WEB_SEARCH)


def _domains(filters: JSONValue, adaptation: Adaptation, *, param: str) -> JSONValue:
    if not isinstance(filters, dict):
        return None
    for key, value in filters.items():
        if key != "allowed_domains" and value:
            message = "Anthropic's search has no such filter"
            adaptation.translation.rejected(f"{param}.filters.{key}", message)
    return filters.get("allowed_domains")


def _place(location: JSONValue) -> JSONObject:
    """Chat nests the place under `approximate`, Responses does not."""
    if not isinstance(location, dict):
        return {}
    inner = location.get("approximate", location)
    place = inner if isinstance(inner, dict) else {}
    return {key: place[key] for key in _PLACE if place.get(key) is not None}
