"""Requests and answers on their way between two dialects, and the vendors' SDKs as judges of
both ends: the types of what is sent, the clients' own parsers of what comes back.
"""

import itertools
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from typing import Any, ClassVar

import anthropic
import httpx2
import msgspec
import openai
import pydantic
import pytest
from anthropic.types import Message
from anthropic.types.message_create_params import MessageCreateParams
from attrs import define, frozen
from openai.types.chat import ChatCompletion
from openai.types.chat.completion_create_params import CompletionCreateParams
from openai.types.responses import Response
from openai.types.responses.response_create_params import ResponseCreateParams

from lunaroute_core import ModelRequest, ModelStream, RequestContext, WireStream
from lunaroute_core.capabilities import capabilities_of
from lunaroute_core.dialects.registry import DIALECTS
from lunaroute_core.errors import ProviderError
from lunaroute_core.model import NormalizedRequest, RequestSource, StreamOptions
from lunaroute_core.sse import SSEFramer, encode_event
from lunaroute_core.testing import check_events
from lunaroute_core.translation import Translation

MODELS = {
    "openai_chat": "gpt-4.1",
    "openai_responses": "gpt-4.1",
    "anthropic_messages": "claude-sonnet-4-0",
}
PARAMS = {
    "openai_chat": CompletionCreateParams,
    "openai_responses": ResponseCreateParams,
    "anthropic_messages": MessageCreateParams,
}
ANSWERS = {
    "openai_chat": ChatCompletion,
    "openai_responses": Response,
    "anthropic_messages": Message,
}
USER = {"role": "user", "content": "Hi"}


@frozen
class Translated:
    """A request for another vendor's upstream, and what was said on its way."""

    body: dict[str, Any]
    raw: bytes
    warnings: list[tuple[str, str]]


@frozen
class Streamed:
    """A stream as its client got it: the bytes, and what the vendor's SDK makes of them."""

    raw: bytes
    answer: dict[str, Any]


def _frames(events: Iterable[Any]) -> bytes:
    """Events as a vendor sends them: named after their `type`; strings as they are."""
    return b"".join(map(_frame, events))


def _frame(event: Any) -> bytes:
    if isinstance(event, bytes):
        return event
    if isinstance(event, str):
        return encode_event(event.encode())
    return encode_event(msgspec.json.encode(event), event=event.get("type"))


@pytest.fixture(scope="session")
def frames() -> Callable[[Iterable[Any]], bytes]:
    return _frames


def asking(client: str, *, stream: bool = False) -> NormalizedRequest:
    """A client's request that says nothing; it wants the usage of a stream."""
    options = StreamOptions(enabled=stream, include_usage=True if stream else None)
    return NormalizedRequest(model="m", source=RequestSource(dialect=client), stream=options)


@pytest.fixture(scope="session")
def validate() -> Callable[[str, dict[str, Any]], None]:
    """Checks a body against the types of a vendor's SDK, every iterable in it to its end."""
    adapters = {name: pydantic.TypeAdapter(params) for name, params in PARAMS.items()}

    def walk(value: object) -> None:
        if isinstance(value, dict):
            for item in value.values():
                walk(item)
        elif not isinstance(value, str | bytes) and isinstance(value, Iterable):
            for item in value:
                walk(item)

    return lambda dialect, body: walk(adapters[dialect].validate_python(body))


@pytest.fixture(scope="session")
def translate(validate) -> Callable[..., Translated]:
    """`translate(client, upstream, body)` with what is known of the model, or of `known`."""

    def run(
        client: str,
        upstream: str,
        body: dict[str, Any],
        *,
        strict: bool = False,
        model: str | None = None,
        **known: object,
    ) -> Translated:
        body = {"model": model or MODELS[upstream], **body}
        request = DIALECTS[client].requests.decode(msgspec.json.encode(body))
        own = {"*": known}
        capabilities = capabilities_of(upstream, request.model, own=own)
        translation = Translation(capabilities=capabilities, strict=strict)
        raw = DIALECTS[upstream].requests.encode(request, translation)
        written = msgspec.json.decode(raw)
        validate(upstream, written)
        said = [(warning.outcome, warning.param) for warning in translation.warnings]
        return Translated(written, raw, said)

    return run


@pytest.fixture(scope="session")
def answered() -> Callable[..., dict[str, Any]]:
    """`answered(upstream, client, answer)`: an upstream's whole answer as its client gets it."""

    def run(
        upstream: str, client: str, answer: object, *, request: NormalizedRequest | None = None
    ) -> dict[str, Any]:
        response = DIALECTS[upstream].responses.decode(msgspec.json.encode(answer))
        raw = DIALECTS[client].responses.encode(response, request=request or asking(client))
        ANSWERS[client].model_validate_json(raw)
        return msgspec.json.decode(raw)

    return run


@pytest.fixture(scope="session")
def streamed(accumulate) -> Callable[..., Streamed]:
    """`streamed(upstream, client, events)`: an upstream's stream as its client gets it.

    `cut` is the size of the pieces it arrives in.
    """

    def run(
        upstream: str,
        client: str,
        events: Iterable[Any],
        *,
        request: NormalizedRequest | None = None,
        cut: int | None = None,
    ) -> Streamed:
        wire, framer = _frames(events), SSEFramer()
        size = cut or max(len(wire), 1)
        pieces = [wire[at : at + size] for at in range(0, len(wire), size)]
        decoder = DIALECTS[upstream].streams.decoder()
        blocks = [framer.feed(piece) for piece in pieces]
        decoded = [event for block in blocks if block for event in decoder.decode(block)]
        decoded += decoder.end()
        check_events(decoded)
        encoder = DIALECTS[client].streams.encoder(request=request or asking(client, stream=True))
        raw = b"".join(map(encoder.encode, decoded))
        return Streamed(raw, accumulate(client, raw))

    return run


@define
class _Pieces:
    """A `ByteSource` of pieces that are there already."""

    pieces: list[bytes]

    async def read(self) -> bytes:
        return self.pieces.pop(0) if self.pieces else b""

    async def aclose(self) -> None:
        self.pieces.clear()


@pytest.fixture(scope="session")
def broken() -> Callable[..., Any]:
    """`await broken(upstream, client, events)`: the bytes of a stream that does not end well,
    with the error frame that the gateway ends it with.
    """

    async def run(upstream: str, client: str, events: Iterable[Any]) -> bytes:
        context = RequestContext(client_dialect=client)
        request = ModelRequest(
            model="m", stream=True, context=context, normalized=asking(client, stream=True)
        )
        wire = WireStream(dialect=upstream, source=_Pieces([_frame(event) for event in events]))
        written = b""
        async with ModelStream(provider="up", model="m", wire=wire) as stream:
            try:
                async for block in stream.blocks(request):
                    written += block
            except ProviderError as error:
                written += DIALECTS[client].errors.encode_event(
                    error.details,
                    request_id="req_1",
                    answer=stream.summary,
                    position=stream.position,
                )
        return written

    return run


@pytest.fixture(scope="session")
def accumulate() -> Iterable[Callable[[str, bytes], dict[str, Any]]]:
    """`accumulate(dialect, stream)`: what the vendor's SDK makes of a whole stream."""
    bodies: list[bytes] = []

    def answer(_request: httpx2.Request) -> httpx2.Response:
        headers = {"content-type": "text/event-stream"}
        return httpx2.Response(200, headers=headers, content=bodies.pop())

    with ExitStack() as opened:
        http = opened.enter_context(httpx2.Client(transport=httpx2.MockTransport(answer)))
        options = {"api_key": "k", "max_retries": 0, "http_client": http}
        gpt, claude = openai.OpenAI(**options), anthropic.Anthropic(**options)

        def run(dialect: str, body: bytes) -> dict[str, Any]:
            bodies.append(body)
            match dialect:
                case "openai_chat":
                    with gpt.chat.completions.stream(model="m", messages=[USER]) as stream:
                        stream.until_done()
                        final = stream.current_completion_snapshot
                        return _without_parsed(final.to_dict(warnings=False))
                case "openai_responses":
                    return _responses_answer(gpt)
                case _:
                    with claude.messages.stream(model="m", max_tokens=8, messages=[USER]) as stream:
                        return stream.get_final_message().to_dict(warnings=False)

        yield run


def _responses_answer(client: openai.OpenAI) -> dict[str, Any]:
    """The answer that a terminal event holds; the SDK itself gives only completed ones."""
    final, done = None, []
    with client.responses.stream(model="m", input="Hi") as stream:
        for event in stream:
            if event.type == "response.output_item.done":
                done.append(event.item.to_dict(warnings=False))
            if event.type in ("response.completed", "response.incomplete", "response.failed"):
                final = _without_parsed(event.response.to_dict(warnings=False))
    assert final is not None
    assert final["output"] == done
    return final


def _without_parsed(value: Any) -> Any:
    """An answer without what the SDK adds to those of typed calls."""
    if isinstance(value, list):
        return [_without_parsed(item) for item in value]
    if not isinstance(value, dict):
        return value
    added = ("parsed", "parsed_arguments")
    return {key: _without_parsed(item) for key, item in value.items() if key not in added}


# --- what vendors say -------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def vendors() -> "type[Vendors]":
    """What each vendor answers, written by hand: no codec is judged by another one's idea."""
    return Vendors


class Vendors:
    """One answer in any dialect, whole or streamed.

    `calls` are ids, names and arguments; `counts` the fresh, read and written input tokens and
    the output's; `cuts` the sizes of the pieces in which text and arguments are streamed.
    """

    finishes: ClassVar = {
        "openai_chat": {it: it for it in ("stop", "length", "content_filter", "tool_calls")},
        "openai_responses": {
            "stop": ("completed", None),
            "tool_calls": ("completed", None),
            "length": ("incomplete", "max_output_tokens"),
            "content_filter": ("incomplete", "content_filter"),
        },
        "anthropic_messages": {
            "stop": "end_turn",
            "length": "max_tokens",
            "content_filter": "refusal",
            "tool_calls": "tool_use",
        },
    }

    @staticmethod
    def whole(dialect: str, **answer: Any) -> dict[str, Any]:
        return _WHOLE[dialect](_Answer(**answer))

    @staticmethod
    def stream(dialect: str, **answer: Any) -> list[Any]:
        return _STREAM[dialect](_Answer(**answer))


@frozen(kw_only=True)
class _Answer:
    text: str | None = None
    calls: Sequence[tuple[str, str, str]] = ()
    finish: str = "stop"
    counts: tuple[int, int, int, int] = (9, 0, 0, 5)
    cuts: Sequence[int] = (3,)

    def pieces(self, text: str) -> list[str]:
        sizes, pieces = itertools.cycle(self.cuts), []
        while text:
            size = next(sizes)
            pieces.append(text[:size])
            text = text[size:]
        return pieces


def _openai_usage(counts: tuple[int, int, int, int], prompt: str, output: str) -> dict[str, Any]:
    fresh, read, written, said = counts
    total = fresh + read + written
    return {
        prompt: total,
        output: said,
        "total_tokens": total + said,
        f"{prompt}_details": {"cached_tokens": read, "cache_write_tokens": written},
        f"{output}_details": {"reasoning_tokens": 0},
    }


def _chat_head(kind: str) -> dict[str, Any]:
    return {"id": "chatcmpl-1", "object": kind, "created": 1, "model": "gpt"}


def _chat_whole(answer: _Answer) -> dict[str, Any]:
    said: dict[str, Any] = {"role": "assistant", "content": answer.text, "refusal": None}
    if answer.calls:
        said["tool_calls"] = [
            {"id": call_id, "type": "function", "function": {"name": name, "arguments": raw}}
            for call_id, name, raw in answer.calls
        ]
    choice = {"index": 0, "message": said, "logprobs": None, "finish_reason": answer.finish}
    usage = _openai_usage(answer.counts, "prompt_tokens", "completion_tokens")
    return {**_chat_head("chat.completion"), "choices": [choice], "usage": usage}


def _chat_stream(answer: _Answer) -> list[Any]:
    def chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return {**_chat_head("chat.completion.chunk"), "choices": [choice]}

    events: list[Any] = [chunk({"role": "assistant", "content": ""})]
    events += [chunk({"content": piece}) for piece in answer.pieces(answer.text or "")]
    for index, (call_id, name, raw) in enumerate(answer.calls):
        function = {"name": name, "arguments": ""}
        first = {"index": index, "id": call_id, "type": "function", "function": function}
        events.append(chunk({"tool_calls": [first]}))
        events += [
            chunk({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
            for piece in answer.pieces(raw)
        ]
    events.append(chunk({}, answer.finish))
    usage = _openai_usage(answer.counts, "prompt_tokens", "completion_tokens")
    return [*events, {**chunk({}), "choices": [], "usage": usage}, "[DONE]"]


def _message_head(answer: _Answer) -> dict[str, Any]:
    fresh, read, written, output = answer.counts
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {
            "input_tokens": fresh,
            "cache_read_input_tokens": read,
            "cache_creation_input_tokens": written,
            "output_tokens": output,
        },
    }


def _message_whole(answer: _Answer) -> dict[str, Any]:
    content = [{"type": "text", "text": answer.text}] if answer.text is not None else []
    content += [
        {"type": "tool_use", "id": call_id, "name": name, "input": msgspec.json.decode(raw)}
        for call_id, name, raw in answer.calls
    ]
    stop = Vendors.finishes["anthropic_messages"][answer.finish]
    return {**_message_head(answer), "content": content, "stop_reason": stop}


def _message_stream(answer: _Answer) -> list[Any]:
    head = _message_head(answer)
    begun = {**head, "usage": {**head["usage"], "output_tokens": 1}}
    events: list[Any] = [{"type": "message_start", "message": begun}, {"type": "ping"}]
    blocks: list[tuple[dict[str, Any], list[dict[str, Any]]]] = []
    if answer.text is not None:
        deltas = [{"type": "text_delta", "text": it} for it in answer.pieces(answer.text)]
        blocks.append(({"type": "text", "text": ""}, deltas))
    for call_id, name, raw in answer.calls:
        pieces = ["", *answer.pieces(raw)]
        deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]
        blocks.append(({"type": "tool_use", "id": call_id, "name": name, "input": {}}, deltas))
    for index, (block, deltas) in enumerate(blocks):
        place = {"index": index}
        events.append({"type": "content_block_start", **place, "content_block": block})
        events += [{"type": "content_block_delta", **place, "delta": it} for it in deltas]
        events.append({"type": "content_block_stop", **place})
    stop = Vendors.finishes["anthropic_messages"][answer.finish]
    delta = {"stop_reason": stop, "stop_sequence": None}
    usage = {"output_tokens": head["usage"]["output_tokens"]}
    events.append({"type": "message_delta", "delta": delta, "usage": usage})
    return [*events, {"type": "message_stop"}]


def _response_whole(answer: _Answer) -> dict[str, Any]:
    items: list[dict[str, Any]] = []
    if answer.text is not None:
        part = {"type": "output_text", "text": answer.text, "annotations": [], "logprobs": []}
        head = {"type": "message", "id": "msg_up", "status": "completed", "role": "assistant"}
        items.append({**head, "content": [part]})
    items += [
        {
            "type": "function_call",
            "id": f"fc_{call_id}",
            "status": "completed",
            "call_id": call_id,
            "name": name,
            "arguments": raw,
        }
        for call_id, name, raw in answer.calls
    ]
    status, reason = Vendors.finishes["openai_responses"][answer.finish]
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "model": "gpt",
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "error": None,
        "status": status,
        "incomplete_details": reason and {"reason": reason},
        "output": items,
        "usage": _openai_usage(answer.counts, "input_tokens", "output_tokens"),
    }


def _response_stream(answer: _Answer) -> list[Any]:
    events: list[Any] = []

    def add(kind: str, **more: Any) -> None:
        event = {"type": f"response.{kind}", "sequence_number": len(events), **more}
        events.append(event)

    whole = _response_whole(answer)
    begun = {**whole, "status": "in_progress", "incomplete_details": None}
    begun |= {"output": [], "usage": None}
    add("created", response=begun)
    add("in_progress", response=begun)
    for index, item in enumerate(whole["output"]):
        place = {"output_index": index}
        inner = {**place, "item_id": item["id"]}
        empty = {"content": []} if item["type"] == "message" else {"arguments": ""}
        add("output_item.added", **place, item={**item, "status": "in_progress", **empty})
        if item["type"] == "message":
            (part,) = item["content"]
            inner["content_index"] = 0
            add("content_part.added", **inner, part={**part, "text": ""})
            for piece in answer.pieces(part["text"]):
                add("output_text.delta", **inner, delta=piece, logprobs=[])
            add("output_text.done", **inner, text=part["text"], logprobs=[])
            add("content_part.done", **inner, part=part)
        else:
            for piece in answer.pieces(item["arguments"]):
                add("function_call_arguments.delta", **inner, delta=piece)
            add("function_call_arguments.done", **inner, arguments=item["arguments"])
        add("output_item.done", **place, item=item)
    add(whole["status"], response=whole)
    return events


_WHOLE = {
    "openai_chat": _chat_whole,
    "openai_responses": _response_whole,
    "anthropic_messages": _message_whole,
}
_STREAM = {
    "openai_chat": _chat_stream,
    "openai_responses": _response_stream,
    "anthropic_messages": _message_stream,
}
