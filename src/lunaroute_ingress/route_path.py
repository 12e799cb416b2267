"""The path a request was sent to, below where the application is mounted."""

from urllib.parse import quote

from starlette.types import Scope


def raw_route_path(scope: Scope) -> str:
    """The path as it stood in the request line, percent-encoding and all."""
    raw: bytes | None = scope.get("raw_path")
    # Not all servers give raw_path, and some leave the query string in it.
    path = quote(scope["path"]) if raw is None else raw.partition(b"?")[0].decode("latin-1")
    return path.removeprefix(scope.get("root_path", "")) or "/"
