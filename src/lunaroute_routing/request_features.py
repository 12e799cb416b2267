"""What rules ask of a request, each found out once and only when a rule asks."""

from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import parse_qsl

from attrs import define, field

from lunaroute_core import ModelRequest
from lunaroute_core.model import (
    Block,
    DocumentBlock,
    ImageBlock,
    SearchResultBlock,
    ToolResultBlock,
)
from lunaroute_core.token_estimate import estimate_tokens


@define(eq=False)
class RequestFeatures:
    """One request, looked at by many rules.

    The last three properties decode it, and raise InvalidRequestError where that cannot be done.
    """

    request: ModelRequest
    _headers: dict[bytes, list[bytes]] | None = field(default=None, init=False)
    _query: dict[str, list[str]] | None = field(default=None, init=False)
    _input_tokens: int | None = field(default=None, init=False)
    _has_images: bool | None = field(default=None, init=False)

    @property
    def headers(self) -> Mapping[bytes, Sequence[bytes]]:
        """The values of each header, names in lower case."""
        if self._headers is None:
            self._headers = {}
            for name, value in self.request.headers:
                self._headers.setdefault(name.lower(), []).append(value)
        return self._headers

    @property
    def query(self) -> Mapping[str, Sequence[str]]:
        """The values of each query parameter."""
        if self._query is None:
            self._query = {}
            wire = self.request.wire
            raw = "" if wire is None else wire.query.decode("latin-1")
            for name, value in parse_qsl(raw, keep_blank_values=True):
                self._query.setdefault(name, []).append(value)
        return self._query

    @property
    def path(self) -> str | None:
        """None of a request that did not come over the wire."""
        wire = self.request.wire
        return None if wire is None else wire.path

    @property
    def has_tools(self) -> bool:
        """Whether tools are declared."""
        return bool(self.request.normalized.tools)

    @property
    def has_images(self) -> bool:
        """Whether there is an image anywhere in the conversation, also in a tool's result."""
        if self._has_images is None:
            normalized = self.request.normalized
            turns = (turn.blocks for turn in normalized.turns)
            self._has_images = any(map(_hold_image, (normalized.instructions, *turns)))
        return self._has_images

    @property
    def input_tokens(self) -> int:
        """An estimate."""
        if self._input_tokens is None:
            self._input_tokens = estimate_tokens(self.request.normalized)
        return self._input_tokens


def _hold_image(blocks: Iterable[Block]) -> bool:
    waiting = list(blocks)
    while waiting:
        block = waiting.pop()
        match block:
            case ImageBlock():
                return True
            case ToolResultBlock() | DocumentBlock() | SearchResultBlock():
                waiting.extend(block.blocks)
            case _:
                pass
    return False
