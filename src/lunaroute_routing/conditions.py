"""What a rule may ask of a request that needs no look into its content."""

from typing import Protocol

from attrs import define, field, frozen

from lunaroute_core.credential_headers import CREDENTIAL_HEADERS
from lunaroute_core.dialects.registry import dialect_named
from lunaroute_routing.patterns import PatternSet
from lunaroute_routing.request_features import RequestFeatures
from lunaroute_routing.wording import is_none_of, quoted


class Condition(Protocol):
    """One thing that a request must be."""

    def holds(self, features: RequestFeatures) -> bool: ...

    def mismatch(self, features: RequestFeatures) -> str:
        """Why it does not hold, in words and with the values."""
        ...


@frozen
class Speaks:
    """The client's dialect, by its name or its vendor's."""

    names: tuple[str, ...]

    def holds(self, features: RequestFeatures) -> bool:
        dialect = features.request.context.client_dialect
        return dialect in self.names or dialect_named(dialect).vendor.name in self.names

    def mismatch(self, features: RequestFeatures) -> str:
        return f"dialect {quoted(features.request.context.client_dialect)} {is_none_of(self.names)}"


@frozen
class Streams:
    wanted: bool

    def holds(self, features: RequestFeatures) -> bool:
        return features.request.stream is self.wanted

    def mismatch(self, features: RequestFeatures) -> str:  # noqa: ARG002 - a Condition's
        return "no stream is asked for" if self.wanted else "a stream is asked for"


@frozen
class NamesProvider:
    """Whether the client named a provider itself."""

    wanted: bool

    def holds(self, features: RequestFeatures) -> bool:
        return (features.request.context.provider_override is not None) is self.wanted

    def mismatch(self, features: RequestFeatures) -> str:
        name = features.request.context.provider_override
        return (
            "the client names no provider" if name is None else f"the client names {quoted(name)}"
        )


@frozen
class KeyIs:
    names: tuple[str, ...]

    def holds(self, features: RequestFeatures) -> bool:
        return features.request.context.key in self.names

    def mismatch(self, features: RequestFeatures) -> str:
        key = features.request.context.key
        return (
            "the client has no key"
            if key is None
            else f"key {quoted(key)} {is_none_of(self.names)}"
        )


@frozen
class TenantIs:
    names: tuple[str, ...]

    def holds(self, features: RequestFeatures) -> bool:
        return features.request.context.tenant in self.names

    def mismatch(self, features: RequestFeatures) -> str:
        tenant = features.request.context.tenant
        return (
            f"tenant {quoted(tenant)} {is_none_of(self.names)}" if tenant else "there is no tenant"
        )


@frozen
class Tagged:
    """One of several tags."""

    names: tuple[str, ...]

    def holds(self, features: RequestFeatures) -> bool:
        return any(tag in self.names for tag in features.request.context.tags)

    def mismatch(self, features: RequestFeatures) -> str:
        tags = features.request.context.tags
        if not tags:
            return "there are no tags"
        return "; ".join(f"tag {quoted(tag)} {is_none_of(self.names)}" for tag in tags)


@frozen
class PathBegins:
    """Whole segments: `/v1/audio` begins `/v1/audio/speech`, not `/v1/audios`."""

    prefixes: tuple[str, ...]

    def holds(self, features: RequestFeatures) -> bool:
        if (path := features.path) is None:
            return False
        return any(f"{path}/".startswith(f"{it.rstrip('/')}/") for it in self.prefixes)

    def mismatch(self, features: RequestFeatures) -> str:
        if features.path is None:
            return "the request has no path"
        begins = " or ".join(map(quoted, self.prefixes))
        return f"path {quoted(features.path)} does not begin with {begins}"


@frozen
class QueryIs:
    """A query parameter; where it is repeated, one of its values."""

    name: str
    value: str

    def holds(self, features: RequestFeatures) -> bool:
        return self.value in features.query.get(self.name, ())

    def mismatch(self, features: RequestFeatures) -> str:
        values = features.query.get(self.name)
        if not values:
            return f"there is no query parameter {quoted(self.name)}"
        given = ", ".join(map(quoted, values))
        return f"query parameter {quoted(self.name)} is {given}, not {quoted(self.value)}"


@define(eq=False)
class HeaderMatches:
    """A pattern in a header; where it is repeated, in one of its values.

    Raises:
        ValueError: RE2 does not have such a pattern, or no header can have such a name.
    """

    name: str
    pattern: str
    _raw_name: bytes = field(init=False)
    _found: PatternSet = field(init=False)

    def __attrs_post_init__(self) -> None:
        if not self.name.isascii():
            raise ValueError("no header has such a name")
        self._raw_name = self.name.lower().encode()
        self._found = PatternSet.of([self.pattern])

    def holds(self, features: RequestFeatures) -> bool:
        values = features.headers.get(self._raw_name, ())
        return any(self._found.found_in(value.decode("latin-1")) for value in values)

    def mismatch(self, features: RequestFeatures) -> str:
        """Credentials are not shown."""
        values = features.headers.get(self._raw_name)
        if not values:
            return f"there is no header {self.name}"
        shown = ", ".join(quoted(value.decode("latin-1")) for value in values)
        given = "" if self._raw_name in CREDENTIAL_HEADERS else f" {shown}"
        return f"header {self.name}{given} does not match {quoted(self.pattern)}"
