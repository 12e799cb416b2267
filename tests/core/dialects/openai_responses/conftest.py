"""Fixtures: the codec parts under a fixed clock, the SDK's reading of what they write, and other
dialects' requests on their way to this one."""

import json
from types import UnionType
from typing import Annotated, Literal, Union, get_args, get_origin

import msgspec
import pytest
from hypothesis import strategies as st
from msgspec import structs
from openai._models import construct_type
from openai._streaming import SSEDecoder
from openai._types import omit
from openai.lib.streaming.responses._responses import ResponseStreamState
from openai.types.responses import Response, ResponseStreamEvent
from openai.types.responses.response_create_params import (
    ResponseCreateParamsNonStreaming,
    ResponseCreateParamsStreaming,
)
from pydantic import BaseModel, TypeAdapter

from lunaroute_core.capabilities import capabilities_of
from lunaroute_core.dialects.openai_responses.requests import ResponsesRequests
from lunaroute_core.dialects.openai_responses.responses import ResponsesAnswers
from lunaroute_core.dialects.openai_responses.streams import ResponsesStreams
from lunaroute_core.dialects.registry import dialect_named
from lunaroute_core.errors import InvalidRequestError
from lunaroute_core.model import (
    ArgumentsDelta,
    BlockEnd,
    BlockStart,
    CitationAdd,
    NormalizedResponse,
    OpaqueEvent,
    OpaqueSet,
    ReasoningBlock,
    ReasoningDelta,
    RefusalBlock,
    RefusalDelta,
    StreamEnd,
    StreamFinish,
    StreamPing,
    StreamStart,
    TextBlock,
    TextDelta,
    ToolCallBlock,
    UsageUpdate,
)
from lunaroute_core.sse import encode_event
from lunaroute_core.testing import check_events
from lunaroute_core.translation import Translation

NOW = 1_750_000_000.5


@pytest.fixture(scope="session")
def requests():
    return ResponsesRequests()


@pytest.fixture(scope="session")
def answers():
    return ResponsesAnswers(clock=lambda: NOW)


@pytest.fixture(scope="session")
def streams():
    return ResponsesStreams(clock=lambda: NOW)


@pytest.fixture(scope="session")
def decode(requests):
    """Decode a request given as a dict, with a model unless it names one."""

    def decoded(body, **options):
        return requests.decode(json.dumps({"model": "gpt-5", **body}).encode(), **options)

    return decoded


@pytest.fixture(scope="session")
def sdk_events():
    """The stream's events, as the SDK's SSE parser and types read them."""

    def read(stream: bytes):
        events = [json.loads(sse.data) for sse in SSEDecoder().iter_bytes(iter([stream]))]
        return [construct_type(type_=ResponseStreamEvent, value=event) for event in events]

    return read


@pytest.fixture(scope="session")
def accumulated(sdk_events):
    """What the SDK's stream accumulator makes of a whole stream."""

    def accumulate(stream: bytes):
        state = ResponseStreamState(input_tools=omit, text_format=omit)
        final = None
        for event in sdk_events(stream):
            state.handle_event(event)
            if event.type in ("response.completed", "response.incomplete", "response.failed"):
                final = event.response
        return final, state

    return accumulate


@pytest.fixture(scope="session")
def validated():
    """Strict validation by the SDK's type."""
    return Response.model_validate_json


@pytest.fixture(scope="session")
def rewritten(requests):
    """The request's JSON, written again from its normalized form."""

    def write(request):
        return json.loads(requests.encode(request, Translation()))

    return write


VALID = {
    False: TypeAdapter(ResponseCreateParamsNonStreaming),
    True: TypeAdapter(ResponseCreateParamsStreaming),
}


def read_whole(value):
    """Read a validated value to its end: pydantic validates iterables only then."""
    if isinstance(value, dict):
        for inner in value.values():
            read_whole(inner)
    elif not isinstance(value, str | int | float | None):
        for inner in value:
            read_whole(inner)


@pytest.fixture(scope="session")
def translated(requests):
    """A request of another dialect as this one's JSON, valid for the SDK, and the translation."""

    def run(dialect, fields, model, *, strict=False, capabilities=None):
        request = dialect_named(dialect).requests.decode(
            msgspec.json.encode({**fields, "model": model})
        )
        known = capabilities_of("openai_responses", model)
        known = msgspec.structs.replace(known, **(capabilities or {}))
        translation = Translation(capabilities=known, strict=strict)
        raw = requests.encode(request, translation)
        assert raw == requests.encode(request, Translation(capabilities=known))
        body = msgspec.json.decode(raw)
        read_whole(VALID[bool(body.get("stream"))].validate_python(body))
        return body, translation

    return run


@pytest.fixture(scope="session")
def anthropic(translated):
    """An Anthropic client's request in this dialect, and what was lost on the way.

    The model is OpenAI's newest, unless another is named.
    """

    def run(messages=None, *, model="gpt-5.6-sol", strict=False, capabilities=None, **fields):
        default = [{"role": "user", "content": "hi"}]
        fields = {"max_tokens": 50, "messages": messages or default, **fields}
        body, translation = translated(
            "anthropic_messages", fields, model, strict=strict, capabilities=capabilities
        )
        return body, [(it.outcome, it.param) for it in translation.warnings]

    return run


@pytest.fixture(scope="session")
def chat(translated):
    """A Chat client's request in this dialect, and what was lost on the way."""

    def run(messages=None, *, model="gpt-5.6-sol", strict=False, capabilities=None, **fields):
        fields = {"messages": messages or [{"role": "user", "content": "hi"}], **fields}
        body, translation = translated(
            "openai_chat", fields, model, strict=strict, capabilities=capabilities
        )
        return body, [(it.outcome, it.param) for it in translation.warnings]

    return run


@pytest.fixture(scope="session")
def refusal():
    """The field that a request is rejected for."""

    def run(client, *args, **fields):
        with pytest.raises(InvalidRequestError) as caught:
            client(*args, **fields)
        return caught.value.details.param

    return run


# --- what the vendor answers ----------------------------------------------------------------------


SIMPLE = {
    str: st.sampled_from(["", "a", "b c", "é\u2028"]),
    bool: st.booleans(),
    int: st.integers(0, 1000),
    float: st.sampled_from([0.0, 0.5, 12.25]),
    type(None): st.none(),
    object: st.sampled_from([{}, {"a": [1]}, "x"]),
}


def sdk_value(kind):  # noqa: PLR0911 - one for each kind of type
    """Values of a type of the SDK, its models as JSON objects."""
    origin, args = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return sdk_value(args[0])
    if origin in (Union, UnionType):
        return st.one_of([sdk_value(it) for it in args])
    if origin is Literal:
        return st.sampled_from(args)
    if origin is list:
        return st.lists(sdk_value(args[0]), max_size=2)
    if origin is dict:
        return st.dictionaries(sdk_value(args[0]), sdk_value(args[1]), max_size=2)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return st.deferred(lambda: sdk_model(kind))
    return SIMPLE[kind]


@st.composite
def sdk_model(draw, kind, only=None):
    """Of fields that may be left out some are."""
    return {
        field.alias or name: draw(sdk_value(field.annotation))
        for name, field in kind.model_fields.items()
        if (only is None or name in only) and (field.is_required() or draw(st.booleans()))
    }


HEAD = {
    "id": "resp_1",
    "object": "response",
    "created_at": 1_750_000_000,
    "model": "gpt-5",
    "completed_at": 1_750_000_001,
    "temperature": 0.5,
    "parallel_tool_calls": True,
    "tool_choice": "auto",
    "tools": [],
}


@st.composite
def vendor_responses(draw):
    """Responses with any output that the vendor's type allows, as far as it makes sense."""
    items = sdk_value(Response.model_fields["output"].annotation.__args__[0])
    response = {**HEAD, "output": draw(st.lists(items, max_size=4))}
    response["status"] = draw(st.sampled_from(["completed", "incomplete"]))
    reasons = ["max_output_tokens", "content_filter", "max_messages", "steered"]
    cut_short = response["status"] == "incomplete"
    response["incomplete_details"] = (
        {"reason": draw(st.sampled_from(reasons))} if cut_short else None
    )
    response["error"] = None
    response["usage"] = vendor_usage(*draw(st.tuples(*[st.integers(0, 99)] * 6)))
    for place, item in enumerate(response["output"]):
        item["id"] = f"item_{place}"
        if "call_id" in item:
            item["call_id"] = f"call_{place}"
        if "name" in item and item["type"] in ("function_call", "custom_tool_call"):
            item["name"] = "f"
        # The status is the answer's own, and the last item's: all others are complete.
        last = place == len(response["output"]) - 1
        if item["type"] in ("message", "function_call"):
            item["status"] = "incomplete" if cut_short and last else "completed"
        if item["type"] == "message":
            for part in item["content"]:
                if part["type"] == "output_text" and part.get("logprobs") is None:
                    part["logprobs"] = []
    return response


def vendor_usage(fresh, read, m30, h12, output, reasoning):
    writes = {"ttl_30m_tokens": m30, "ttl_12h_tokens": h12}
    details = {"cached_tokens": read, "cache_write_tokens": m30 + h12}
    if m30 + h12:
        details["cache_write_tokens_details"] = writes
    total = fresh + read + m30 + h12
    return {
        "input_tokens": total,
        "input_tokens_details": details,
        "output_tokens": output + reasoning,
        "output_tokens_details": {"reasoning_tokens": reasoning},
        "total_tokens": total + output + reasoning,
    }


class VendorStream:
    """The events in which the vendor streams a response; texts come in pieces of two letters."""

    def __init__(self, response):
        self.events = []
        begun = {**response, "status": "in_progress", "output": [], "usage": None}
        begun["incomplete_details"] = None
        self.add("created", response=begun)
        self.add("in_progress", response=begun)
        for index, item in enumerate(response["output"]):
            self.add_item(item, {"output_index": index})
        self.add(response["status"], response=response)

    def add(self, kind, **fields):
        number = len(self.events)
        self.events.append({"type": f"response.{kind}", "sequence_number": number, **fields})

    def add_item(self, item, place):
        empty = {"content": [], "summary": [], "arguments": "", "input": ""}
        left = {**item, "status": "in_progress"} if "status" in item else dict(item)
        if item["type"] in ("message", "reasoning", "function_call", "custom_tool_call"):
            left |= {key: value for key, value in empty.items() if key in item}
        if item["type"] == "reasoning" and "encrypted_content" in item:
            left["encrypted_content"] = "not yet"
        self.add("output_item.added", item=left, **place)
        inside = {**place, "item_id": item["id"]}
        match item["type"]:
            case "message":
                for index, part in enumerate(item["content"]):
                    self.add_part(part, {**inside, "content_index": index})
            case "reasoning":
                for index, part in enumerate(item["summary"]):
                    at = {**inside, "summary_index": index}
                    self.add_text("reasoning_summary_part", "reasoning_summary_text", part, at)
                for index, part in enumerate(item.get("content") or []):
                    at = {**inside, "content_index": index}
                    self.add_text("content_part", "reasoning_text", part, at)
            case "function_call":
                self.add_pieces("function_call_arguments", "arguments", item["arguments"], inside)
            case "custom_tool_call":
                self.add_pieces("custom_tool_call_input", "input", item["input"], inside)
            case "web_search_call":
                self.add("web_search_call.searching", **inside)
        self.add("output_item.done", item=item, **place)

    def add_part(self, part, place):
        if part["type"] == "refusal":
            self.add("content_part.added", part={**part, "refusal": ""}, **place)
            self.add_pieces("refusal", "refusal", part["refusal"], place)
        else:
            empty = {**part, "text": "", "annotations": [], "logprobs": []}
            self.add("content_part.added", part=empty, **place)
            self.add_pieces("output_text", "text", part["text"], place, logprobs=[])
            for index, annotation in enumerate(part["annotations"]):
                at = {**place, "annotation_index": index}
                self.add("output_text.annotation.added", annotation=annotation, **at)
        self.add("content_part.done", part=part, **place)

    def add_text(self, part_event, text_event, part, place):
        self.add(f"{part_event}.added", part={**part, "text": ""}, **place)
        self.add_pieces(text_event, "text", part["text"], place)
        self.add(f"{part_event}.done", part=part, **place)

    def add_pieces(self, stem, key, text, place, **more):
        for at in range(0, len(text), 2):
            self.add(f"{stem}.delta", delta=text[at : at + 2], **place, **more)
        self.add(f"{stem}.done", **{key: text}, **place, **more)


@pytest.fixture(scope="session", name="vendor_responses")
def _vendor_responses():
    """Responses with any output that the vendor's type allows."""
    return vendor_responses()


@pytest.fixture(scope="session")
def vendor_fields():
    """All that a response says besides its output."""
    others = {name for name in Response.model_fields if name not in ("output", "usage", "error")}
    settled = {"id", "object", "status", "incomplete_details"}
    return sdk_model(Response, only=others - settled)


@pytest.fixture(scope="session")
def vendor_stream():
    """The events in which the vendor would stream a response."""
    return lambda response: VendorStream(response).events


@pytest.fixture(scope="session")
def wire():
    """Events as bytes, named after their type."""

    def written(events):
        return b"".join(
            encode_event(msgspec.json.encode(event), event=event.get("type")) for event in events
        )

    return written


@pytest.fixture(scope="session")
def decoded(wire):
    """What the decoder makes of events."""

    def run(events):
        decoder = ResponsesStreams().decoder()
        return [*decoder.decode(wire(events)), *decoder.end()]

    return run


@pytest.fixture(scope="session")
def put_together():
    """What stream events amount to as a whole answer; their final blocks must say the same."""

    def run(events):
        check_events(events)
        answer, blocks, final = None, {}, {}
        for event in events:
            match event:
                case StreamStart():
                    answer = NormalizedResponse(
                        id=event.id, model=event.model, created=event.created, usage=event.usage
                    )
                case BlockStart():
                    blocks[event.index] = structs.replace(event.block)
                case BlockEnd():
                    final[event.index] = event.block
                case UsageUpdate():
                    answer.usage = event.usage.merged_over(answer.usage)
                case StreamFinish():
                    answer.finish, answer.extensions = event.finish, event.extensions
                case StreamEnd() | OpaqueEvent() | StreamPing():
                    pass
                case _:
                    add_delta(blocks[event.index], event)
        answer.blocks = [final[index] for index in sorted(final)]
        for block, last in zip([blocks[it] for it in sorted(blocks)], answer.blocks, strict=True):
            assert said(block) == said(last)
        return answer

    return run


def add_delta(block, event):
    match event:
        case TextDelta() | RefusalDelta():
            block.text += event.text
        case CitationAdd():
            block.citations = [*block.citations, event.citation]
        case ArgumentsDelta():
            block.raw_arguments += event.fragment
        case OpaqueSet():
            block.opaque = event.opaque
        case ReasoningDelta():
            missing = [""] * (event.part + 1 - len(block.parts))
            block.parts = [*block.parts, *missing]
            block.parts[event.part] += event.text


def said(block):
    """What clients of other dialects are told of a block."""
    match block:
        case TextBlock():
            return block.text, block.citations
        case RefusalBlock():
            return block.text
        case ToolCallBlock():
            return block.id, block.name, block.tool_kind, block.raw_arguments
        case ReasoningBlock():
            return "\n\n".join(block.parts).rstrip("\n"), block.opaque, block.origin
        case _:
            return type(block)
