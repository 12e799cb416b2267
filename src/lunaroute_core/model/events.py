"""Stream events: a normalized answer while it is being written.

Grammar: `StreamStart`, then blocks, each `BlockStart … BlockEnd` under its own index
(overlap is allowed, encoders serialize), any number of `UsageUpdate`, one `StreamFinish`,
then `StreamEnd`; or, at any point, one `StreamError` and nothing after it.
"""

from typing import TypeAlias

from msgspec import Struct

from lunaroute_core.errors import ErrorDetails, ErrorKind
from lunaroute_core.json_value import JSONObject
from lunaroute_core.model.content import Block, Citation, Extensions
from lunaroute_core.model.finish import Finish
from lunaroute_core.model.usage import Usage

_ERROR_KINDS = frozenset(ErrorKind)


class StreamStart(Struct, kw_only=True):
    id: str
    model: str
    created: int | None = None
    usage: Usage | None = None
    stored: bool = False
    """Whether the gateway keeps the answer, so that requests may name it."""
    extensions: Extensions = {}


class BlockStart(Struct, kw_only=True):
    """A block opens. `block` holds what is known already: its kind, id, name; text and
    arguments are empty and arrive as deltas, unless the block is complete at once.
    """

    index: int
    block: Block


class TextDelta(Struct, kw_only=True):
    """More text, and what is told of tokens by now, whose texts may end elsewhere."""

    index: int
    text: str
    logprobs: list[JSONObject] = []


class ArgumentsDelta(Struct, kw_only=True):
    index: int
    fragment: str


class ReasoningDelta(Struct, kw_only=True):
    index: int
    text: str
    part: int = 0


class OpaqueSet(Struct, kw_only=True):
    """The whole signature of a reasoning block; a second one replaces the first."""

    index: int
    opaque: str


class RefusalDelta(Struct, kw_only=True):
    index: int
    text: str


class CitationAdd(Struct, kw_only=True):
    index: int
    citation: Citation


class BlockEnd(Struct, kw_only=True):
    """A block closes. `block` is its final form where the vendor repeats it."""

    index: int
    block: Block | None = None


class UsageUpdate(Struct, kw_only=True):
    """Cumulative counts; a field that is None keeps its earlier value."""

    usage: Usage


class StreamFinish(Struct, kw_only=True):
    finish: Finish
    extensions: Extensions = {}


class StreamError(Struct, kw_only=True):
    """The upstream reported an error inside the stream. `kind` is an `ErrorKind` value."""

    kind: str
    message: str
    type: str | None = None
    code: str | None = None
    retry_after: float | None = None

    @property
    def details(self) -> ErrorDetails:
        """The error; of a kind that this version does not know, one of the server."""
        known = self.kind in _ERROR_KINDS
        return ErrorDetails(
            kind=ErrorKind(self.kind) if known else ErrorKind.SERVER,
            message=self.message,
            type=self.type,
            code=self.code,
            retry_after=self.retry_after,
        )


class StreamPing(Struct, kw_only=True):
    pass


class OpaqueEvent(Struct, kw_only=True):
    """An event whose type this version does not know."""

    dialect: str
    event: str
    raw: JSONObject


class StreamEnd(Struct, kw_only=True):
    pass


StreamEvent: TypeAlias = (
    StreamStart
    | BlockStart
    | TextDelta
    | ArgumentsDelta
    | ReasoningDelta
    | OpaqueSet
    | RefusalDelta
    | CitationAdd
    | BlockEnd
    | UsageUpdate
    | StreamFinish
    | StreamError
    | StreamPing
    | OpaqueEvent
    | StreamEnd
)
