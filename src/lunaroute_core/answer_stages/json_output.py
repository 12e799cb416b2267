"""Checking that an answer is the JSON that was asked for, where no model was held to it."""

from collections.abc import Iterable, Iterator

import msgspec
from attrs import define, field

from lunaroute_core.answer_stages.schema_violation import schema_violation
from lunaroute_core.json_value import JSONObject, JSONValue
from lunaroute_core.model import (
    Block,
    BlockStart,
    Finish,
    FinishReason,
    NormalizedResponse,
    StreamEvent,
    StreamFinish,
    TextBlock,
    TextDelta,
)


@define
class JSONOutput:
    """An `AnswerStage`: an answer that the model finished by itself is an error unless its text
    is JSON, an object if no schema is given.

    An answer that was cut short, that calls tools or that refuses is none to be checked. In a
    stream the text goes to the client as it comes, and the error at its end.

    Args:
        schema: the JSON Schema that the value must satisfy, as far as `schema_violation` says.
    """

    _schema: JSONObject | None = None
    _text: list[str] = field(factory=list[str], init=False)

    def response(self, response: NormalizedResponse) -> NormalizedResponse:
        self._check(list(_texts(response.blocks)), response.finish)
        return response

    def events(self, event: StreamEvent) -> Iterable[StreamEvent]:
        match event:
            case BlockStart(block=TextBlock(text=text)) | TextDelta(text=text):
                self._text.append(text)
            case StreamFinish():
                self._check(self._text, event.finish)
            case _:
                pass
        return (event,)

    def _check(self, texts: list[str], finish: Finish | None) -> None:
        if finish is not None and finish.reason is not FinishReason.STOP:
            return
        value = _read("".join(texts))
        if self._schema is None:
            if not isinstance(value, dict):
                raise ValueError("the model's answer is no JSON object")
            return
        if reason := schema_violation(value, self._schema):
            raise ValueError(f"the model's answer does not fit the schema: {reason}")


def _texts(blocks: Iterable[Block]) -> Iterator[str]:
    return (block.text for block in blocks if isinstance(block, TextBlock))


def _read(text: str) -> JSONValue:
    try:
        return msgspec.json.decode(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"the model's answer is no JSON: {error}") from error
