"""The route of all paths that are posted to and hold no parameters."""

from collections.abc import Mapping

from attrs import frozen
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Receive, Scope, Send


@frozen(eq=False)
class PostedPaths(BaseRoute):
    """Finds an endpoint with one look-up, where a route for each would have each ask a regular
    expression in turn, which costs a small request more than all of its routing by rules.
    """

    endpoints: Mapping[str, ASGIApp]

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] != "http" or scope["method"] != "POST":
            return Match.NONE, {}
        path: str = scope["path"]
        if root := scope.get("root_path"):
            path = path.removeprefix(root)
        endpoint = self.endpoints.get(path)
        return (Match.NONE, {}) if endpoint is None else (Match.FULL, {"endpoint": endpoint})

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await scope["endpoint"](scope, receive, send)
