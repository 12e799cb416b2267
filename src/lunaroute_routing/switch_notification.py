"""Telling the model, and through it the user, that another provider answers."""

import re
from collections.abc import Mapping, Sequence

import msgspec
from attrs import field, frozen

from lunaroute_core import ErrorKind, InvalidRequestError, ModelRequest, Operation, WireRequest
from lunaroute_core.dialects.codec import BodyEdits
from lunaroute_core.dialects.json_places import unescaped
from lunaroute_core.dialects.registry import dialect_named
from lunaroute_core.model import Message, TextBlock

DEFAULT_MESSAGE = (
    "IMPORTANT: Because of ${reason} at ${original_provider}, this request is answered by"
    " ${new_provider} instead. If you answer in words meant for the user, begin by saying so in"
    " one short sentence, unless you have done so already; then go on with what was asked."
)

_REASONS = {
    ErrorKind.RATE_LIMIT: "high demand",
    ErrorKind.OVERLOADED: "high demand",
    ErrorKind.BILLING: "a used-up quota",
    None: "service maintenance",
}
_VARIABLE = re.compile(r"\$\{(original_provider|new_provider|reason|model)\}")


def switch_reason(error: ErrorKind | None) -> str:
    """Why a provider was not used, in words for users; None where it was not asked at all."""
    return _REASONS.get(error, "a temporary service issue")


@frozen(kw_only=True)
class SwitchNotification:
    """Puts a user message in front of the conversation when another provider is to answer.

    In the texts `${original_provider}`, `${new_provider}`, `${reason}` and `${model}` stand for
    what they name; any other `${…}` is text.

    Attributes:
        default_message: the text.
        messages: other texts, by the name of the provider that is to answer.
    """

    default_message: str = DEFAULT_MESSAGE
    messages: Mapping[str, str] = field(factory=dict[str, str])

    def apply(self, request: ModelRequest, *, original: str, new: str, reason: str) -> ModelRequest:
        """The request with the message; the same one where it would be no use, has the message
        already, or cannot be read.
        """
        if request.operation is not Operation.GENERATE:
            return request
        template = self.messages.get(new, self.default_message)
        names = {
            "original_provider": original,
            "new_provider": new,
            "reason": reason,
            "model": request.model,
        }
        message = _VARIABLE.sub(lambda variable: names[variable[1]], template)
        try:
            if self._is_told(_first_text(request)):
                return request
            return _with_message(request, message)
        except InvalidRequestError:
            return request

    def _is_told(self, text: str | None) -> bool:
        """Whether a text is one of the messages, whatever its variables stood for."""
        templates = (self.default_message, *self.messages.values())
        forms = [_VARIABLE.split(template)[::2] for template in templates]
        return text is not None and any(
            _consists_of(text, form) for form in forms if "".join(form).strip()
        )


def _consists_of(text: str, pieces: Sequence[str]) -> bool:
    """Whether a text is made of these pieces in order, with anything between them."""
    first, *rest = pieces
    if not rest:
        return text == first
    at = len(first)
    for piece in rest[:-1]:
        found = text.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return text.startswith(first) and text.endswith(rest[-1]) and at + len(rest[-1]) <= len(text)


def _first_text(request: ModelRequest) -> str | None:
    """How the user begins the conversation."""
    wire = request.wire
    if wire is not None:
        return _first_text_of(wire)
    for turn in request.normalized.turns:
        if turn.role == "user":
            return next((block.text for block in turn.blocks if isinstance(block, TextBlock)), None)
    return None


def _first_text_of(wire: WireRequest) -> str | None:
    turns = dialect_named(wire.dialect).requests.user_turns(wire.body)
    if not turns or not turns[0].texts:
        return None
    place = turns[0].texts[0]
    return unescaped(wire.body[place.start : place.end])


def _with_message(request: ModelRequest, message: str) -> ModelRequest:
    wire = request.wire
    if wire is not None:
        edits = BodyEdits(prepend_messages=[{"role": "user", "content": message}])
        return request.with_wire_body(dialect_named(wire.dialect).requests.edit(wire.body, edits))
    normalized = request.normalized
    turns = [Message(role="user", blocks=[TextBlock(text=message)]), *normalized.turns]
    return request.with_normalized(msgspec.structs.replace(normalized, turns=turns))
