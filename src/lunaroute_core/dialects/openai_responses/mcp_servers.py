"""Anthropic's MCP servers as tools of Responses.

Anthropic names the servers in a field of their own, and which of their tools are offered in a
toolset among the tools (beta of November 2025) or with the server (beta of April 2025).
"""

from attrs import define, field

from lunaroute_core.dialects.openai_responses.foreign_extensions import foreign_field
from lunaroute_core.dialects.openai_responses.name import DIALECT
from lunaroute_core.dialects.openai_vendor.adaptation import Adaptation
from lunaroute_core.dialects.tool_ids import short_name
from lunaroute_core.json_value import JSONObject, JSONValue
from lunaroute_core.model import Extensions, HostedTool

TOOLSET = "mcp_toolset"
_FIELD = "mcp_servers"
_LABEL_LENGTH = 64


@define
class MCPServers:
    """A request's servers that no toolset has been seen for."""

    _adaptation: Adaptation
    _servers: dict[str, JSONObject] = field(factory=dict[str, JSONObject], init=False)
    """By name."""

    @classmethod
    def of(cls, extensions: Extensions, adaptation: Adaptation) -> "MCPServers":
        """Raises InvalidRequestError for what is no list of servers with names and URLs."""
        servers = cls(adaptation)
        given = foreign_field(extensions, _FIELD)
        if given is None:
            return servers
        for at, server in enumerate(given if isinstance(given, list) else [given]):
            servers._add(server, param=f"{_FIELD}[{at}]")
        return servers

    def take(self, toolset: JSONObject, *, param: str) -> HostedTool:
        """A toolset with its server.

        Raises:
            InvalidRequestError: the server is not there, or all but some tools are offered.
        """
        name = toolset.get("mcp_server_name")
        if not isinstance(name, str) or name not in self._servers:
            self._adaptation.translation.rejected(param, f"there is no other server {name!r}")
        return _tool(self._servers.pop(name), self._allowed(toolset, param=param))

    def remaining(self) -> list[HostedTool]:
        """The servers without a toolset, which say themselves what they offer."""
        tools: list[HostedTool] = []
        for server in self._servers.values():
            match server.get("tool_configuration"):
                case {"enabled": False}:
                    continue
                case {"allowed_tools": list(allowed)}:
                    tools.append(_tool(server, allowed))
                case _:
                    tools.append(_tool(server, None))
        return tools

    def _add(self, server: JSONValue, *, param: str) -> None:
        match server:
            case {"type": "url", "name": str(name), "url": str()}:
                self._servers[name] = server
            case _:
                message = "must be an MCP server's type, url and name"
                self._adaptation.translation.rejected(param, message)

    def _allowed(self, toolset: JSONObject, *, param: str) -> list[JSONValue] | None:
        """The names of the tools that are offered; None for all that the server has."""
        self._note_lost(toolset, param=param)
        configs = _object(toolset.get("configs"))
        default = _object(toolset.get("default_config")).get("enabled") is not False
        known = _names(toolset.get("tools"))
        if known is None and not default:
            known = list(configs)
        if known is not None:
            return [it for it in known if _object(configs.get(it)).get("enabled", default)]
        if any(_object(config).get("enabled") is False for config in configs.values()):
            message = "OpenAI cannot offer all of a server's tools but some"
            self._adaptation.translation.rejected(f"{param}.configs", message)
        return None

    def _note_lost(self, toolset: JSONObject, *, param: str) -> None:
        settings = [toolset.get("default_config"), *_object(toolset.get("configs")).values()]
        if any(_object(it).get("defer_loading") for it in settings):
            message = "the tools are not deferred"
            self._adaptation.translation.dropped(f"{param}.defer_loading", message)


def _tool(server: JSONObject, allowed: list[JSONValue] | None) -> HostedTool:
    """Calls are not to be approved: Anthropic never asks."""
    config: JSONObject = {
        "type": "mcp",
        "server_label": short_name(str(server["name"]), limit=_LABEL_LENGTH),
        "server_url": server["url"],
        "require_approval": "never",
    }
    if (token := server.get("authorization_token")) is not None:
        config["authorization"] = token
    if allowed is not None:
        config["allowed_tools"] = allowed
    return HostedTool(dialect=DIALECT, type="mcp", config=config)


def _object(value: JSONValue) -> JSONObject:
    return value if isinstance(value, dict) else {}


def _names(listing: JSONValue) -> list[str] | None:
    """The names in a listing of tools that a client pinned."""
    if not isinstance(listing, list):
        return None
    return [name for tool in listing if isinstance(name := _object(tool).get("name"), str)]
