"""A request as people describe one: by what matters, or whole."""

import msgspec
from msgspec import Struct

from lunaroute_core import ConfigurationError, Headers
from lunaroute_core.dialects.dialect import Dialect
from lunaroute_core.dialects.registry import DIALECTS
from lunaroute_core.json_value import JSONObject
from lunaroute_core.model import Message, NormalizedRequest, RequestSource, StreamOptions, TextBlock
from lunaroute_core.translation import Translation

DEFAULT_DIALECT = "openai_chat"


class DescribedRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request. What is not said is as in a short question without tools."""

    model: str | None = None
    """The model it asks for, in place of the one in `body`."""
    dialect: str | None = None
    """What the client speaks: a dialect, or a vendor for its first one. Null: what `path` is
    for, else `openai_chat`."""
    headers: dict[str, str] = {}
    """Header name to value."""
    query: str = ""
    """The query string, without its question mark."""
    path: str | None = None
    """Where it is sent; null is the dialect's own path."""
    stream: bool | None = None
    """Whether a stream is asked for; with a `body` that says so itself."""
    provider: str | None = None
    """The provider that the client names in `X-Luna-Provider`."""
    tags: tuple[str, ...] = ()
    """Its tags, as in `X-Luna-Tags`."""
    body: JSONObject | None = None
    """All of it, as the client would send it."""

    def spoken(self) -> Dialect | None:
        """The dialect it is written in; None for a path that belongs to none.

        Raises:
            ConfigurationError: there is no such dialect, or not at that path.
        """
        if self.path is None:
            return _dialect_called(self.dialect or DEFAULT_DIALECT)
        found = next((it for it in DIALECTS.values() if self.path in _paths(it)), None)
        if self.dialect is not None and (found is None or self.dialect not in _names(found)):
            reason = f'"{self.dialect}" is not what is spoken at {self.path}'
            raise ConfigurationError(reason, path="dialect")
        return found

    def http_headers(self) -> Headers:
        """All headers, with those that the other fields stand for."""
        given = {"host": "localhost", **{name.lower(): it for name, it in self.headers.items()}}
        if self.provider is not None:
            given["x-luna-provider"] = self.provider
        if self.tags:
            given["x-luna-tags"] = ",".join(self.tags)
        return tuple((name.encode(), value.encode()) for name, value in given.items())

    def http_body(self, dialect: Dialect | None) -> bytes:
        """The body, in the dialect it is written in.

        Raises:
            ConfigurationError: the fields contradict each other, or name no model.
        """
        if self.body is not None:
            return self._own_body(self.body, dialect)
        if dialect is None:
            return b""
        if self.model is None:
            raise ConfigurationError("a request without a body needs a model", path="model")
        question = NormalizedRequest(
            model=self.model,
            source=RequestSource(dialect=dialect.name),
            turns=[Message(role="user", blocks=[TextBlock(text="Hello")])],
            stream=StreamOptions(enabled=bool(self.stream)),
        )
        return dialect.requests.encode(question, Translation())

    def _own_body(self, body: JSONObject, dialect: Dialect | None) -> bytes:
        if self.stream is not None:
            raise ConfigurationError("the body says whether to stream", path="stream")
        encoded = msgspec.json.encode(body)
        if dialect is None or self.model is None:
            return encoded
        return dialect.requests.replace_model(encoded, self.model)


def _dialect_called(name: str) -> Dialect:
    for dialect in DIALECTS.values():
        if name in _names(dialect):
            return dialect
    known = ", ".join(dict.fromkeys((*DIALECTS, *(it.vendor.name for it in DIALECTS.values()))))
    raise ConfigurationError(f'there is no dialect "{name}", only {known}', path="dialect")


def _names(dialect: Dialect) -> tuple[str, str]:
    return dialect.name, dialect.vendor.name


def _paths(dialect: Dialect) -> tuple[str, ...]:
    counting = dialect.token_count
    return dialect.paths if counting is None else (*dialect.paths, counting.path)
