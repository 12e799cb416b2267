"""Writing a Chat stream: `chat.completion.chunk` events."""

from collections.abc import Callable

import msgspec
from attrs import define, field

from lunaroute_core.dialects.block_order import BlockEvent, BlockOrder
from lunaroute_core.dialects.openai_chat.extensions import DIALECT, FORM, form_of
from lunaroute_core.dialects.openai_chat.finish import finish_word, native_word
from lunaroute_core.dialects.openai_chat.identity import completion_id
from lunaroute_core.dialects.openai_chat.message_encoding import choice_logprobs
from lunaroute_core.dialects.openai_chat.stream_blocks import (
    BlockWriter,
    WrittenMessage,
    writer_for,
)
from lunaroute_core.dialects.openai_chat.usage import write_usage
from lunaroute_core.dialects.openai_vendor import openai_error_object
from lunaroute_core.errors import ErrorKind
from lunaroute_core.json_value import JSONObject
from lunaroute_core.model import (
    ArgumentsDelta,
    BlockEnd,
    BlockStart,
    FinishReason,
    NormalizedRequest,
    OpaqueEvent,
    ReasoningDelta,
    StreamEnd,
    StreamError,
    StreamEvent,
    StreamFinish,
    StreamPing,
    StreamStart,
    TextDelta,
    Usage,
    UsageUpdate,
)
from lunaroute_core.sse import encode_comment, encode_event


@define
class ChatStreamEncoder:
    """A `StreamEncoder`.

    One role chunk, deltas, one finish chunk, the usage chunk if the request asked for it,
    `[DONE]`. After an error nothing more is written. `clock` gives Unix time.
    """

    _request: NormalizedRequest
    _clock: Callable[[], float]
    position: int = field(default=0, init=False)
    _head: bytes = field(default=b"", init=False)
    """Each chunk's beginning, up to its choices: it is the same in all."""
    _before: bytes = field(default=b"", init=False)
    _after: bytes = field(default=b"", init=False)
    """What stands around the deltas: only the last chunk ends otherwise."""
    _order: BlockOrder = field(factory=BlockOrder, init=False)
    _written: WrittenMessage = field(factory=WrittenMessage, init=False)
    _writer: BlockWriter | None = field(default=None, init=False)
    _usage: Usage | None = field(default=None, init=False)
    _finished: bool = field(default=False, init=False)
    _over: bool = field(default=False, init=False)

    def encode(self, event: StreamEvent) -> bytes:
        frames = b""
        if self._over:
            return frames
        match event:
            case TextDelta() | ArgumentsDelta() | ReasoningDelta():
                frames = self._ordered(event)
            case StreamStart():
                frames = self._start(event)
            case UsageUpdate():
                self._usage = event.usage.merged_over(self._usage)
            case StreamFinish():
                frames = self._finish(event)
            case StreamEnd():
                frames = self._end()
            case StreamError():
                frames = self._fail(event)
            case StreamPing():
                frames = encode_comment("ping")
            case OpaqueEvent():
                pass
            case _:
                frames = self._ordered(event)
        return frames

    def _ordered(self, event: BlockEvent) -> bytes:
        return b"".join([self._write(it) for it in self._order.push(event)])

    @property
    def _legacy(self) -> bool:
        return self._request.source.legacy_functions

    @property
    def _asks_usage(self) -> bool:
        return bool(self._request.stream.include_usage)

    def _start(self, event: StreamStart) -> bytes:
        self._usage = event.usage
        head: JSONObject = {
            **event.extensions.get(DIALECT, {}),
            "id": completion_id(event.id),
            "object": "chat.completion.chunk",
            "created": int(self._clock()) if event.created is None else event.created,
            "model": event.model,
        }
        head.pop(FORM, None)
        self._head = msgspec.json.encode(head).removesuffix(b"}") + b',"choices":['
        self._before = b'data: %b{"index":0,"delta":' % self._head
        self._after = self._ending(None, None)
        return self._chunk({"role": "assistant", "content": None, "refusal": None})

    def _chunk(
        self,
        delta: JSONObject,
        *,
        logprobs: JSONObject | None = None,
        finish_reason: str | None = None,
        native: str | None = None,
    ) -> bytes:
        plain = finish_reason is None and logprobs is None
        after = self._after if plain else self._ending(finish_reason, logprobs, native)
        return self._before + msgspec.json.encode(delta) + after

    def _ending(
        self, finish_reason: str | None, logprobs: JSONObject | None, native: str | None = None
    ) -> bytes:
        usage = b',"usage":null' if self._asks_usage else b""
        told, word = msgspec.json.encode(logprobs), msgspec.json.encode(finish_reason)
        if native is not None:
            word += b',"native_finish_reason":' + msgspec.json.encode(native)
        return b',"logprobs":%b,"finish_reason":%b}]%b}\n\n' % (told, word, usage)

    def _write(self, event: BlockEvent) -> bytes:
        """One event of the block whose turn it is."""
        if type(event) is BlockStart:
            self._writer = writer_for(event.block, self._written, legacy=self._legacy)
            deltas = self._writer.open() if self._writer is not None else ()
        elif self._writer is None:
            return b""
        elif type(event) is BlockEnd:
            deltas = self._writer.close(event.block)
        else:
            deltas = self._writer.add(event)
        if isinstance(event, TextDelta) and event.logprobs:
            logprobs = choice_logprobs(event.logprobs, {})
            nothing: JSONObject = {}
            return self._chunk(next(iter(deltas), nothing), logprobs=logprobs)
        return b"".join([self._chunk(delta) for delta in deltas])

    def _finish(self, event: StreamFinish) -> bytes:
        if self._finished:
            return b""
        if event.finish.reason is FinishReason.ERROR:
            message = "the upstream ended the answer with an error"
            return self._fail(StreamError(kind=ErrorKind.SERVER, message=message))
        self._finished = True
        written = self._written
        frames = [self._write(it) for it in self._order.rest()]
        calls = written.calls > 0
        if not (written.text_length or calls or written.has_other_content):
            frames.append(self._chunk({"content": ""}))
        if written.annotations:
            frames.append(self._chunk({"annotations": [*written.annotations]}))
        word = finish_word(event.finish, calls=calls, legacy=self._legacy)
        kept = form_of(event.extensions).get("choice")
        logprobs = choice_logprobs([], kept) if isinstance(kept, dict) else None
        native = native_word(event.finish)
        frames.append(self._chunk({}, logprobs=logprobs, finish_reason=word, native=native))
        return b"".join(frames)

    def _end(self) -> bytes:
        """Nothing for an answer without a finish: it must not look complete."""
        self._over = True
        if not self._finished:
            return b""
        done = encode_event(b"[DONE]")
        if not self._asks_usage:
            return done
        usage = msgspec.json.encode(write_usage(self._usage))
        return encode_event(self._head + b'],"usage":' + usage + b"}") + done

    def _fail(self, event: StreamError) -> bytes:
        self._over = True
        return encode_event(msgspec.json.encode({"error": openai_error_object(event.details)}))
