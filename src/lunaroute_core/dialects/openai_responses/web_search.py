"""The one hosted tool that all vendors have."""

from lunaroute_core.dialects.openai_responses.name import DIALECT
from lunaroute_core.dialects.openai_vendor.adaptation import Adaptation
from lunaroute_core.json_value import JSONObject, JSONValue
from lunaroute_core.model import HostedTool, Tool

WEB_SEARCH = "web_search"
_PLACE = ("city", "country", "region", "timezone")
_LIMIT = "max_uses"
_READ = frozenset(
    {
        "allowed_domains",
        "blocked_domains",
        "cache_control",
        "name",
        "search_context_size",
        "type",
        "user_location",
        _LIMIT,
    }
)


def is_web_search(kind: str) -> bool:
    """Whether a hosted tool's type is some version of web search."""
    return kind.startswith(WEB_SEARCH)


def web_search(options: JSONObject, adaptation: Adaptation, *, param: str) -> HostedTool:
    """OpenAI's web search for another dialect's, whose options stand at `param`.

    Raises:
        InvalidRequestError: the model has none, or results are to be filtered as it cannot.
    """
    translation = adaptation.translation
    if not adaptation.capabilities.web_search:
        translation.rejected(param, "this model has no web search")
    if options.get("blocked_domains"):
        message = "OpenAI's search leaves no domains out"
        translation.rejected(f"{param}.blocked_domains", message)
    config: JSONObject = {"type": WEB_SEARCH}
    if domains := options.get("allowed_domains"):
        config["filters"] = {"allowed_domains": domains}
    if isinstance(size := options.get("search_context_size"), str):
        config["search_context_size"] = size
    if place := _place(options.get("user_location")):
        config["user_location"] = {"type": "approximate", **place}
    for key, value in options.items():
        if key not in _READ and value is not None:
            translation.dropped(f"{param}.{key}", "OpenAI's search has no such option")
    return HostedTool(dialect=DIALECT, type=WEB_SEARCH, config=config, name=WEB_SEARCH)


def _place(location: JSONValue) -> JSONObject:
    """Chat nests the place under `approximate`."""
    if not isinstance(location, dict):
        return {}
    inner = location.get("approximate", location)
    place = inner if isinstance(inner, dict) else {}
    return {key: place[key] for key in _PLACE if place.get(key) is not None}


def search_limit(asked: list[Tool], tools: list[Tool], adaptation: Adaptation) -> int | None:
    """How often the web may be searched, which OpenAI counts for all hosted tools together."""
    limits = {
        at: limit
        for at, tool in enumerate(asked)
        if isinstance(tool, HostedTool) and isinstance(limit := tool.config.get(_LIMIT), int)
    }
    alone = sum(isinstance(tool, HostedTool) for tool in tools) == 1
    for at, limit in limits.items():
        if alone:
            return limit
        message = "OpenAI counts the calls of all its tools together"
        adaptation.translation.dropped(f"tools[{at}].{_LIMIT}", message)
    return None
