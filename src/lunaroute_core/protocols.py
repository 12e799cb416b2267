"""What users plug in. Nobody has to inherit: an object with these methods will do.

`lunaroute_core.testing` has the contract tests: `check_provider`, `check_state_store`.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol, runtime_checkable

from msgspec import Struct

from lunaroute_core.json_value import JSONObject
from lunaroute_core.model_request import ModelRequest
from lunaroute_core.model_response import ModelResponse
from lunaroute_core.model_stream import ModelStream


@runtime_checkable
class Provider(Protocol):
    """Answers requests: a vendor's connector, a Router, a layer around either."""

    @property
    def name(self) -> str: ...

    async def send(self, request: ModelRequest) -> ModelResponse:
        """The finished answer. Raises RequestError or ProviderError."""
        ...

    async def stream(self, request: ModelRequest) -> ModelStream:
        """The answer in flight. Raises RequestError or ProviderError.

        The caller enters the returned stream, and leaving it releases everything.
        """
        ...


@runtime_checkable
class LimitedProvider(Protocol):
    """What a Provider may offer besides: to say what it cannot serve before it is asked."""

    def lacks(self, request: ModelRequest) -> str | None:
        """Why it cannot serve a request, for people to read; None if it can, as far as is known
        without asking an upstream.
        """
        ...


class SessionEvent(Struct, frozen=True, kw_only=True):
    """One line of a session's record. `at` is Unix time in seconds."""

    session_id: str
    request_id: str
    type: str
    at: float
    fields: JSONObject = {}


@runtime_checkable
class SessionStore(Protocol):
    """Keeps recorded sessions."""

    async def append(self, events: Sequence[SessionEvent]) -> None:
        """Store events in order; they are durable when this returns."""
        ...

    def read(self, session_id: str) -> AsyncIterator[SessionEvent]:
        """One session's events, oldest first; none for an unknown session."""
        ...

    async def delete(self, session_id: str) -> bool:
        """Erase a session; False if there was none."""
        ...


@runtime_checkable
class StateStore(Protocol):
    """Small shared state with a time to live: counters, cool-downs, vaults.

    A key is any text and holds either a value or a counter: reading a counter with `get`
    is not foreseen. A `ttl` is in seconds and more than 0, else ValueError. Stores are
    bounded, so one may forget before the time is up. Every method raises StateStoreError
    when the store is locked, full, damaged or out of reach.
    """

    async def get(self, key: str) -> bytes | None:
        """The value, or None when there is none or its time is up."""
        ...

    async def set(self, key: str, value: bytes, *, ttl: float | None = None) -> None:
        """Store a value for `ttl` seconds, for good when None."""
        ...

    async def delete(self, key: str) -> bool:
        """Forget a value or counter; False if there was none."""
        ...

    async def increment(self, key: str, amount: int = 1, *, ttl: float | None = None) -> int:
        """Add atomically and return the new value; `ttl` counts from the first write.

        Counters begin at 0 and have 64 bits. Raises StateStoreError for one that would not
        fit, and for a key that holds a value which is no number.
        """
        ...


@runtime_checkable
class ConfigStore(Protocol):
    """Where configuration documents live."""

    async def load(self) -> JSONObject:
        """The current document. Raises ConfigurationError."""
        ...

    def changes(self) -> AsyncIterator[JSONObject]:
        """A new document each time the stored one changes."""
        ...


class PIIMatch(Struct, frozen=True, kw_only=True):
    """A finding: character offsets into the text, half open, and how sure it is (0 to 1)."""

    kind: str
    start: int
    end: int
    confidence: float


@runtime_checkable
class PIIDetector(Protocol):
    """Finds personal data in text."""

    def detect(self, text: str) -> Sequence[PIIMatch]: ...


@runtime_checkable
class Redactor(Protocol):
    """Replaces findings in text. A failure must raise, never return the text unchanged."""

    def redact(self, text: str, matches: Sequence[PIIMatch]) -> str: ...
