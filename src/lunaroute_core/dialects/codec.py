"""What a dialect offers: small stateless parts, put together by `Dialect`.

All knowledge of a dialect's JSON and event names lives behind these Protocols, in the
dialect's own folder. Both sides of the gateway use the same codec: ingress to read
requests and write answers, egress to write requests and read answers.
"""

from typing import Protocol
from urllib.parse import parse_qsl

from msgspec import Struct

from lunaroute_core.dialects.place import Place
from lunaroute_core.errors import ErrorDetails, InvalidRequestError
from lunaroute_core.headers import Headers
from lunaroute_core.json_value import JSONObject
from lunaroute_core.model import (
    Block,
    FinishReason,
    NormalizedRequest,
    NormalizedResponse,
    StreamEvent,
    Usage,
)
from lunaroute_core.request_limits import DEFAULT_LIMITS, RequestLimits
from lunaroute_core.translation import Translation


class Peek(Struct, frozen=True):
    """The two fields that are read of every request."""

    model: str
    stream: bool


class BodyEdits(Struct, frozen=True, kw_only=True):
    """Changes an operator wants in every request to a provider.

    `defaults` are merged deeply under what the client sent, `overrides` over it; lists are
    replaced whole. `prepend_messages` are `{role, content}` objects put before the
    conversation: those of a `system` or `developer` role before the client's instructions, the
    others after them.
    """

    defaults: JSONObject = {}
    overrides: JSONObject = {}
    prepend_messages: list[JSONObject] = []


class UserTurn(Struct, frozen=True):
    """One of the user's messages in a request's body.

    `texts` are the places of its texts, without the quotes around them, in order. Text
    inside tool results, and what is said on other roles' behalf, is not the user's.
    """

    texts: tuple[Place, ...] = ()
    has_results: bool = False
    """Whether it hands back tool results too; in some dialects they are messages of their own."""


class AnswerSummary(Struct, kw_only=True):
    """What is read of every answer, without decoding its content."""

    id: str | None = None
    model: str | None = None
    finish_reason: FinishReason | None = None
    usage: Usage | None = None

    @classmethod
    def of(cls, answer: NormalizedResponse) -> "AnswerSummary":
        """The summary of an answer whose content has been decoded anyway."""
        return cls(
            id=answer.id,
            model=answer.model,
            finish_reason=None if answer.finish is None else answer.finish.reason,
            usage=answer.usage,
        )


class RequestCodec(Protocol):
    """Requests. Every method takes the body bytes as received.

    `peek`, `decode` and `edit` raise `InvalidRequestError`, naming the field, for bytes
    that are not a JSON object or whose fields have the wrong type. So do `user_turns` and
    `continues_tool_loop`, where the conversation as a whole has.
    """

    def peek(self, body: bytes) -> Peek: ...

    def decode(
        self, body: bytes, *, headers: Headers = (), limits: RequestLimits = DEFAULT_LIMITS
    ) -> NormalizedRequest: ...

    def replace_model(self, body: bytes, model: str) -> bytes:
        """The same bytes with another `model` value; nothing else changes."""
        ...

    def edit(self, body: bytes, edits: BodyEdits) -> bytes: ...

    def user_turns(self, body: bytes) -> tuple[UserTurn, ...]:
        """Where the user's texts stand, message by message; what is malformed is no text."""
        ...

    def continues_tool_loop(self, body: bytes) -> bool:
        """Whether the client hands back tool results, and no message of the user's after them."""
        ...

    def encode(self, request: NormalizedRequest, translation: Translation) -> bytes:
        """A request of any dialect in this one, the same bytes each time.

        Raises:
            InvalidRequestError: it asks for what this dialect cannot give; `param` names the
                field as its client knows it.
        """
        ...


class ResponseCodec(Protocol):
    """Finished answers."""

    def summarize(self, body: bytes) -> AnswerSummary:
        """Read identity, finish reason and usage.

        Raises:
            ValueError: the bytes are not this dialect's answer.
        """
        ...

    def decode(self, body: bytes) -> NormalizedResponse:
        """The whole answer.

        Raises:
            ValueError: the bytes are not this dialect's answer.
        """
        ...

    def encode(self, response: NormalizedResponse, *, request: NormalizedRequest) -> bytes:
        """The answer in this dialect, as the client's `request` asked for it."""
        ...


class StreamObserver(Protocol):
    """Watches the wire blocks of one stream go by, without changing them.

    Reading must be cheap: an event that carries neither identity, usage, finish reason nor
    error is told from its bytes, without decoding it.

    Attributes:
        summary: grows as the stream does.
        started: true from the first event on (comments are none).
        has_content: true from the first event on that carries content for the client (text,
            reasoning, a tool call, a refusal, …) and not only its announcement; once it is true,
            or the stream finished, nothing more is looked at for it. An event that should
            carry content and cannot be read counts: it will be relayed as it is.
        finished: true from the event on after which the dialect allows a clean end.
        error: what the upstream reported inside the stream; that finishes it too.
        position: the number of the next event, in a dialect that numbers them; else 0.
    """

    summary: AnswerSummary
    started: bool
    has_content: bool
    finished: bool
    error: ErrorDetails | None

    @property
    def position(self) -> int: ...

    def observe(self, block: bytes) -> None:
        """Take the next block of whole SSE frames.

        Raises:
            ValueError: an event that had to be read is not this dialect's.
        """
        ...


class StreamEncoder(Protocol):
    """Writes one stream; stateful, one object per stream.

    Attributes:
        position: the number of the next event, in a dialect that numbers them; else 0.
    """

    @property
    def position(self) -> int: ...

    def encode(self, event: StreamEvent) -> bytes:
        """The frames for an event, perhaps none."""
        ...


class StreamDecoder(Protocol):
    """Reads one stream; stateful, one object per stream."""

    def decode(self, block: bytes) -> list[StreamEvent]:
        """The events in a block of whole frames.

        Raises:
            ValueError: an event is not this dialect's.
        """
        ...

    def end(self) -> list[StreamEvent]:
        """The closing events at a clean end of the stream, where the dialect allows it to end
        without a terminal event of its own; none where that has come already, or is missing.
        """
        ...


class StreamReading(Protocol):
    """How the bytes of a stream are understood."""

    def observer(self) -> StreamObserver: ...

    def decoder(self) -> StreamDecoder: ...


class StreamCodec(StreamReading, Protocol):
    def encoder(self, *, request: NormalizedRequest) -> StreamEncoder: ...

    def keep_alive(self, *, started: bool) -> bytes:
        """A frame that keeps an idle connection open and that the vendor's SDK skips.

        `started` says whether the stream's first event has been sent.
        """
        ...


class ErrorCodec(Protocol):
    def decode(self, status: int, headers: Headers, body: bytes) -> ErrorDetails:
        """Read a vendor's error answer; any bytes at all give a usable result."""
        ...

    def encode(self, error: ErrorDetails, *, request_id: str) -> tuple[int, bytes]:
        """The HTTP status and JSON body for an error in this dialect."""
        ...

    def encode_event(
        self, error: ErrorDetails, *, request_id: str, answer: AnswerSummary, position: int
    ) -> bytes:
        """The frame that ends a stream already begun.

        `answer` is what is known of the answer so far; `position` the number of this
        event, for dialects that number them.
        """
        ...


class ModelInfo(Struct, frozen=True, kw_only=True):
    """One entry of a model list. `raw` is the vendor's object, `vendor` whose it is."""

    id: str
    vendor: str = "lunaroute"
    owned_by: str = "lunaroute"
    display_name: str | None = None
    created: int | None = None
    """Unix time in seconds."""
    capabilities: JSONObject = {}
    """The fields of `Capabilities` that the vendor states of it."""
    raw: JSONObject | None = None


class ModelListPage(Struct, frozen=True, kw_only=True):
    """The page a client asked for, in Anthropic's terms; OpenAI lists have one page."""

    limit: int | None = None
    after_id: str | None = None
    before_id: str | None = None

    @classmethod
    def from_query(cls, query: bytes) -> "ModelListPage":
        """Read a query string, without its question mark; unknown parameters are ignored.

        Raises:
            InvalidRequestError: `limit` is not a number from 1 to 1000.
        """
        given = dict(parse_qsl(query.decode("latin-1")))
        limit = given.get("limit")
        if limit is not None and not (
            limit.isascii() and limit.isdigit() and 1 <= int(limit) <= 1000
        ):
            raise InvalidRequestError("limit: must be a number from 1 to 1000", param="limit")
        return cls(
            limit=None if limit is None else int(limit),
            after_id=given.get("after_id"),
            before_id=given.get("before_id"),
        )


class ModelListCodec(Protocol):
    """A vendor's `/v1/models`."""

    def decode(self, body: bytes) -> list[ModelInfo]:
        """Raises ValueError for bytes that are no model list."""
        ...

    def encode(self, models: list[ModelInfo], page: ModelListPage) -> bytes: ...

    def encode_one(self, model: ModelInfo) -> bytes: ...


class TokenCountCodec(Protocol):
    """A vendor's endpoint that counts a request's input tokens."""

    @property
    def path(self) -> str: ...

    def encode(self, input_tokens: int) -> bytes: ...


class StoredAnswerCodec(Protocol):
    """What a dialect says of answers that are kept for later requests to name.

    Attributes:
        path: where a kept answer is read and deleted, followed by its id.
    """

    @property
    def path(self) -> str: ...

    def new_id(self, seed: str) -> str:
        """An id for an answer, the same for the same seed."""
        ...

    def items(self, answer: NormalizedResponse) -> list[tuple[str, list[Block]]]:
        """The answer's elements that requests may name one by one, with their ids."""
        ...

    def reference(self, block: Block) -> str | None:
        """The id that a request's block names in place of an element; None for other blocks."""
        ...

    def with_all_turns(self, request: NormalizedRequest) -> NormalizedRequest:
        """The request with all in its turns that a conversation goes on with; what is left in
        `instructions` is for this one answer.
        """
        ...

    def encode_deleted(self, answer_id: str) -> bytes:
        """What tells that an answer was deleted."""
        ...
