"""Reads the response object: `response_object` the other way round."""

from collections.abc import Iterable

from msgspec import Struct

from lunaroute_core.dialects.openai_responses.answer_json import answer_errors, read_json
from lunaroute_core.dialects.openai_responses.errors import event_error
from lunaroute_core.dialects.openai_responses.fields import extensions_of, read_object
from lunaroute_core.dialects.openai_responses.finish import (
    COMPLETED,
    FAILED,
    INCOMPLETE,
    read_finish,
)
from lunaroute_core.dialects.openai_responses.output_reader import read_output_item
from lunaroute_core.dialects.openai_responses.usage import UsageFields, read_usage
from lunaroute_core.json_value import JSONObject, JSONValue
from lunaroute_core.model import (
    Block,
    Extensions,
    Finish,
    FinishReason,
    NormalizedResponse,
    RefusalBlock,
    ToolCallBlock,
    Usage,
)

_MODELLED = frozenset(
    {
        "id",
        "object",
        "created_at",
        "status",
        "error",
        "incomplete_details",
        "model",
        "output",
        "usage",
    }
)
_LATEST = 2**53


class _Fields(Struct):
    id: str | None = None
    model: str | None = None
    created_at: int | float | None = None
    status: str | None = None
    error: JSONValue = None
    incomplete_details: JSONObject | None = None
    output: list[JSONObject] | None = None
    usage: UsageFields | None = None


class ResponseFields(Struct, kw_only=True):
    """A response object, whose items are not read yet."""

    id: str
    model: str
    created: int | None
    status: str
    error: JSONValue
    incomplete_details: JSONObject | None
    output: list[JSONObject]
    usage: Usage | None
    extensions: Extensions


def read_answer(body: bytes) -> NormalizedResponse:
    """A finished response; one that failed ends in an error, which its finish holds.

    Raises:
        ValueError: the bytes are no response, or one that is not finished.
    """
    with answer_errors():
        raw = read_json(body)
        if raw.get("object") != "response":
            raise ValueError('not a response: `object` is not "response"')
        fields = read_fields(raw)
        blocks = [
            block
            for at, item in enumerate(fields.output)
            for block in read_output_item(item, param=f"output[{at}]", model=fields.model)
        ]
    finish = answer_finish(fields, kinds=map(type, blocks))
    failure = fields.error if isinstance(fields.error, dict) else None
    failed = failure is not None and finish.reason is FinishReason.ERROR
    return NormalizedResponse(
        id=fields.id,
        model=fields.model,
        blocks=blocks,
        finish=finish,
        error=event_error(failure) if failure is not None and failed else None,
        usage=fields.usage,
        created=fields.created,
        extensions=fields.extensions,
    )


def read_fields(raw: JSONObject, *, param: str = "") -> ResponseFields:
    """Raises InvalidRequestError, naming the field, for one of the wrong type."""
    fields = read_object(raw, _Fields, param=param)
    rest = {key: value for key, value in raw.items() if key not in _MODELLED}
    created = fields.created_at
    if created is not None and not (isinstance(created, int) and abs(created) < _LATEST):
        # The vendor's type allows fractions, the normalized model does not.
        rest["created_at"] = created
        created = int(created) if abs(created) < _LATEST else None
    return ResponseFields(
        id=fields.id or "",
        model=fields.model or "",
        created=created,
        status=fields.status or _status(fields),
        error=fields.error,
        incomplete_details=fields.incomplete_details,
        output=fields.output or [],
        usage=None if fields.usage is None else read_usage(fields.usage),
        extensions=extensions_of(rest),
    )


def _status(fields: _Fields) -> str:
    """What a response without a status tells of it."""
    if fields.error is not None:
        return FAILED
    return COMPLETED if fields.incomplete_details is None else INCOMPLETE


def answer_finish(fields: ResponseFields, *, kinds: Iterable[type[Block]]) -> Finish:
    """Why the response ended; `kinds` are those of its blocks.

    Raises:
        ValueError: it has not ended.
    """
    known = set(kinds)
    details = fields.incomplete_details or {}
    word = details.get("reason")
    word = word if isinstance(word, str) else None
    reason = read_finish(
        fields.status, word, called=ToolCallBlock in known, refused=RefusalBlock in known
    )
    if fields.status == INCOMPLETE:
        # For other reasons clients have no word, but shall know that there would be more.
        reason = reason or FinishReason.LENGTH
        return Finish(reason=reason, raw=word, details=fields.incomplete_details)
    if reason is None:
        raise ValueError(f"status: the response is not finished, but {fields.status[:64]!r}")
    failure = fields.error if isinstance(fields.error, dict) else None
    return Finish(
        reason=reason,
        raw=fields.status,
        details=failure if reason is FinishReason.ERROR else None,
    )
