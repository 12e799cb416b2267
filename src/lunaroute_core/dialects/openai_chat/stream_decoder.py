"""Reading a Chat stream: `chat.completion.chunk` events."""

from collections.abc import Iterator

from attrs import define, field

from lunaroute_core.dialects.openai_chat.answer_decoding import (
    created_of,
    malformed,
    read_object,
    text_of,
)
from lunaroute_core.dialects.openai_chat.delta_reading import DeltaReader
from lunaroute_core.dialects.openai_chat.extensions import extensions
from lunaroute_core.dialects.openai_chat.finish import read_finish
from lunaroute_core.dialects.openai_chat.usage import read_usage
from lunaroute_core.dialects.openai_vendor import openai_error_details
from lunaroute_core.dialects.openai_vendor.logprobs import read_tokens
from lunaroute_core.json_value import JSONObject, JSONValue
from lunaroute_core.model import (
    StreamEnd,
    StreamError,
    StreamEvent,
    StreamFinish,
    StreamStart,
    UsageUpdate,
)
from lunaroute_core.sse import data_payloads

_DONE = b"[DONE]"
_FRAMING = frozenset({"id", "object", "created", "model", "choices", "usage", "obfuscation"})


@define
class ChatStreamDecoder:
    """A `StreamDecoder`.

    The finish is told only at the end, since usage comes after the finish reason: at `[DONE]`,
    or, for servers that send none, after the usage chunk or at the end of the stream. Of
    several choices the first is read; more are never asked for in translation.
    """

    _deltas: DeltaReader | None = field(default=None, init=False)
    _word: str | None = field(default=None, init=False)
    """The finish reason."""
    _logprobs: dict[str, list[JSONValue]] = field(factory=dict[str, list[JSONValue]], init=False)
    _over: bool = field(default=False, init=False)

    def decode(self, block: bytes) -> list[StreamEvent]:
        """The events in a block of whole frames.

        Raises:
            ValueError: an event is no chunk of a completion.
        """
        return [
            event for payload in data_payloads(block) if payload for event in self._read(payload)
        ]

    def end(self) -> list[StreamEvent]:
        """The closing events, if a finish reason has come but no `[DONE]`."""
        return list(self._finish()) if self._word is not None and not self._over else []

    def _read(self, payload: bytes) -> Iterator[StreamEvent]:
        if self._over:
            return
        # As the SDK does: whatever follows on that line is no content.
        if payload.startswith(_DONE):
            yield from self._finish()
            return
        chunk = read_object(payload)
        if chunk.get("error"):
            yield self._failed(chunk)
            return
        choices = chunk.get("choices") or []
        if not isinstance(choices, list):
            raise malformed("choices: must be an array")
        yield from self._read_chunk(chunk, choices)

    def _failed(self, chunk: JSONObject) -> StreamEvent:
        self._over = True
        details = openai_error_details({"error": chunk["error"]})
        return StreamError(
            kind=details.kind, message=details.message, type=details.type, code=details.code
        )

    def _read_chunk(self, chunk: JSONObject, choices: list[JSONValue]) -> Iterator[StreamEvent]:
        if self._deltas is None and (choices or text_of(chunk, "id")):
            self._deltas = DeltaReader(
                answer_id=text_of(chunk, "id"), model=text_of(chunk, "model")
            )
            yield _start(chunk)
        for choice in choices:
            if not isinstance(choice, dict):
                raise malformed("choices: must hold objects")
            if self._deltas is not None and not choice.get("index"):
                yield from self._read_choice(choice, self._deltas)
        usage = read_usage(chunk.get("usage"))
        if usage is None or self._deltas is None:
            return
        yield UsageUpdate(usage=usage)
        if not choices and self._word is not None:
            yield from self._finish()

    def _read_choice(self, choice: JSONObject, deltas: DeltaReader) -> Iterator[StreamEvent]:
        """What a chunk says, and then whether it is the last to say something."""
        delta, logprobs = choice.get("delta"), choice.get("logprobs")
        told = logprobs if isinstance(logprobs, dict) else {}
        if isinstance(delta, dict):
            yield from deltas.read(delta, read_tokens(told.get("content")))
        for key, tokens in told.items():
            if isinstance(tokens, list) and key != "content":
                self._logprobs.setdefault(key, []).extend(tokens)
        self._word = self._word or text_of(choice, "finish_reason") or None
        if self._word is not None:
            yield from deltas.end()

    def _finish(self) -> Iterator[StreamEvent]:
        """Close what is open and say why it ended.

        Raises:
            ValueError: nothing has begun.
        """
        if self._deltas is None:
            raise malformed("the stream ended before its first chunk")
        yield from self._deltas.end()
        self._over = True
        form: JSONObject = {"choice": kept} if (kept := self._kept(self._deltas)) else {}
        finish = read_finish(self._word, self._deltas.kinds)
        yield StreamFinish(finish=finish, extensions=extensions({}, form))
        yield StreamEnd()

    def _kept(self, deltas: DeltaReader) -> JSONObject:
        """What of the choice the normalized model has no place for."""
        kept: JSONObject = {}
        if self._logprobs:
            kept["logprobs"] = {key: [*tokens] for key, tokens in self._logprobs.items()}
        if deltas.late_annotations:
            kept["annotations"] = deltas.late_annotations
        return kept


def _start(chunk: JSONObject) -> StreamStart:
    rest: JSONObject = {key: value for key, value in chunk.items() if key not in _FRAMING}
    return StreamStart(
        id=text_of(chunk, "id"),
        model=text_of(chunk, "model"),
        created=created_of(chunk),
        extensions=extensions(rest),
    )
