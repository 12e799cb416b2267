"""The mark in a user's text that chooses where a request goes: `[LUNAROUTE:name]`.

It counts in the last turn of the user's. A turn without a mark that hands back tool results,
whatever stands beside them, goes on with the turn before: so a choice holds while tools are
called, and ends with the user's next message. `[LUNAROUTE:clear]` chooses nothing.

Every mark in the user's texts is cut out with one space after it, in all turns alike: upstream
the conversation reads as if there had been none, and its beginning stays the same from request
to request, as prompt caches need. What clients put into a text on their own, between
`<system-reminder>` and `</system-reminder>`, is not the user's.
"""

import json
import re
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from lunaroute_core import ModelRequest, Operation, WireRequest
from lunaroute_core.byte_search import ByteSearch
from lunaroute_core.dialects.json_places import replaced, unescaped
from lunaroute_core.dialects.registry import dialect_named
from lunaroute_core.model import Block, Message, TextBlock

_SIGN = b"[LUNAROUTE:"
_SIGN_SEARCH = ByteSearch(_SIGN)
_MARK = re.compile(rb"\[LUNAROUTE:([A-Za-z0-9._-]++)\] ?")
_CLEAR = b"clear"
_REMINDER, _REMINDER_END = b"<system-reminder>", re.compile(rb"<\\?/system-reminder>")
_NOTHING_ELSE = b"."
"""In place of a text that was all marks: vendors refuse empty texts, Anthropic blank ones too."""
_READ = frozenset({Operation.GENERATE, Operation.COUNT_TOKENS})


def take_marker(request: ModelRequest) -> tuple[str | None, ModelRequest]:
    """What the user chose, and the request without marks: the same one if there are none.

    Raises:
        InvalidRequestError: the body has the look of a mark in it, and cannot be read.
    """
    if request.operation not in _READ:
        return None, request
    wire = request.wire
    if wire is None:
        return _taken_from_turns(request)
    if not _SIGN_SEARCH.found_in(wire.body):
        return None, request
    return _taken_from_body(request, wire)


class _Turn(Struct, frozen=True):
    """What a user wrote, as the insides of JSON strings."""

    texts: Sequence[bytes]
    has_results: bool


def _taken_from_body(request: ModelRequest, wire: WireRequest) -> tuple[str | None, ModelRequest]:
    body = wire.body
    turns = dialect_named(wire.dialect).requests.user_turns(body)
    said = [
        _Turn([body[place.start : place.end] for place in turn.texts], turn.has_results)
        for turn in turns
    ]
    changes = [
        (place, unmarked)
        for turn, written in zip(turns, said, strict=True)
        for place, text in zip(turn.texts, written.texts, strict=True)
        if (unmarked := _cut(text)) != text
    ]
    if not changes:
        return None, request
    return _chosen(said), request.with_wire_body(replaced(body, changes))


def _taken_from_turns(request: ModelRequest) -> tuple[str | None, ModelRequest]:
    normalized = request.normalized
    theirs = [turn for turn in normalized.turns if turn.role in ("user", "tool")]
    said = [_Turn(_texts(turn), turn.role == "tool") for turn in theirs]
    if not any(_SIGN in text for turn in said for text in turn.texts):
        return None, request
    turns = [_without_marks(turn) for turn in normalized.turns]
    unmarked = msgspec.structs.replace(normalized, turns=turns)
    return _chosen(said), request.with_normalized(unmarked)


def _texts(turn: Message) -> list[bytes]:
    return [_escaped(block.text) for block in turn.blocks if isinstance(block, TextBlock)]


def _without_marks(turn: Message) -> Message:
    if turn.role not in ("user", "tool"):
        return turn
    return msgspec.structs.replace(turn, blocks=[_unmarked(block) for block in turn.blocks])


def _unmarked(block: Block) -> Block:
    if not isinstance(block, TextBlock):
        return block
    text = unescaped(_cut(_escaped(block.text)))
    return block if text == block.text else msgspec.structs.replace(block, text=text)


def _chosen(turns: Sequence[_Turn]) -> str | None:
    """The last mark of the turn that counts."""
    for turn in reversed(turns):
        own = [piece for text in turn.texts for piece in _pieces(text)[::2]]
        marks = [name for piece in own for name in _MARK.findall(piece)]
        if marks:
            return None if marks[-1] == _CLEAR else marks[-1].decode()
        by_client = bool(turn.texts) and all(_is_blank(piece) for piece in own)
        if not turn.has_results and not by_client:
            return None
    return None


def _cut(text: bytes) -> bytes:
    pieces = _pieces(text)
    pieces[::2] = [_MARK.sub(b"", piece) for piece in pieces[::2]]
    cut = b"".join(pieces)
    return _NOTHING_ELSE if cut != text and _is_blank(cut) else cut


def _pieces(text: bytes) -> list[bytes]:
    """A text in pieces: what the user wrote, a client's reminder, the user's, and so on."""
    pieces: list[bytes] = []
    at = 0
    while (begin := text.find(_REMINDER, at)) >= 0:
        end = _REMINDER_END.search(text, begin)
        if end is None:
            break
        pieces += (text[at:begin], text[begin : end.end()])
        at = end.end()
    return [*pieces, text[at:]]


def _is_blank(text: bytes) -> bool:
    return not unescaped(text).strip()


def _escaped(text: str) -> bytes:
    return json.dumps(text)[1:-1].encode()
