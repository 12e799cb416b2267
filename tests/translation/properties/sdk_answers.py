"""Answers of the SDKs' own types, and the events in which their vendors would stream them."""

import json
from typing import Any

from anthropic.types import Message
from attrs import frozen
from hypothesis import strategies as st
from openai.types.chat import ChatCompletion, ChatCompletionMessage
from openai.types.chat.chat_completion import Choice
from openai.types.chat.chat_completion_message_function_tool_call import (
    ChatCompletionMessageFunctionToolCall,
)
from openai.types.responses import Response

from .sdk_requests import COMMON, A, C, R, sampled
from .sdk_values import Drawing, Rule, alternatives, plain

Events = list[Any]
"""Chunks and events as JSON; `[DONE]` is the string."""


@frozen
class Answer:
    """One answer, whole and in pieces; `marks` are its texts, names and arguments."""

    whole: dict[str, Any]
    events: Events


RULES: dict[str, Rule] = {
    **COMMON,
    "arguments": lambda drawing: drawing.json_text(),
    "created": sampled(1_700_000_000),
    "expires_at": sampled("2026-01-02T03:04:05Z"),
    "ChatCompletionAudio.expires_at": sampled(1_700_000_000),
    "bytes": sampled([104, 105], None),
    "logprob": sampled(-0.5, -1.25, 0.0),
    "Logprob.bytes": sampled([104, 105]),
    "LogprobTopLogprob.bytes": sampled([104, 105]),
}


def answers(dialect: str) -> st.SearchStrategy[Answer]:
    return {C: _chat, R: _responses, A: _anthropic}[dialect]()


def pieces(drawing: Drawing, text: str) -> list[str]:
    size = drawing.choice([1, 2, 5, 100])
    return [text[at : at + size] for at in range(0, len(text), size)]


def counts(drawing: Drawing) -> list[int]:
    return drawing.draw(st.lists(st.integers(0, 999), min_size=6, max_size=6))


# --- Chat -----------------------------------------------------------------------------------------


@st.composite
def _chat(draw: Any) -> Answer:
    drawing = Drawing(draw, RULES)
    message = _chat_message(drawing)
    finish = "tool_calls" if message.get("tool_calls") else "stop"
    cut = drawing.choice([None, None, "length", "content_filter"])
    choice = drawing.object(
        Choice, index=0, message=message, finish_reason=cut or finish, logprobs=None
    )
    if drawing.chance(3):
        choice["logprobs"] = _chat_logprobs(drawing, message)
    head = drawing.object(
        ChatCompletion,
        only={"service_tier", "system_fingerprint"},
        choices=[],
        created=1_700_000_000,
        model="gpt-x",
        id="chatcmpl-1",
    )
    usage = _openai_usage(counts(drawing), "prompt_tokens", "completion_tokens")
    whole = {**head, "choices": [choice], "usage": usage}
    return Answer(whole, _chat_events(drawing, head, choice, usage))


def _chat_message(drawing: Drawing) -> dict[str, Any]:
    calls = [
        drawing.object(ChatCompletionMessageFunctionToolCall)
        for _ in range(drawing.draw(st.integers(0, 2)))
    ]
    message: dict[str, Any] = {"role": "assistant", "content": None, "refusal": None}
    if not calls or drawing.chance(2):
        message["content"] = drawing.mark() + drawing.text()
    if not calls and drawing.chance(5):
        message |= {"content": None, "refusal": drawing.mark() + drawing.text()}
    if message["content"] is not None and drawing.chance(4):
        message |= drawing.object(ChatCompletionMessage, only={"annotations"}, **message)
    if calls:
        message["tool_calls"] = calls
    return message


def _chat_logprobs(drawing: Drawing, message: dict[str, Any]) -> dict[str, Any]:
    (tokens,) = alternatives(Choice.model_fields["logprobs"].annotation.__args__[0])
    made = drawing.object(tokens)
    made = {"content": made.get("content"), "refusal": made.get("refusal")}
    return {key: it if message[key] else None for key, it in made.items()}


def _chat_events(
    drawing: Drawing, head: dict[str, Any], choice: dict[str, Any], usage: dict[str, Any]
) -> Events:
    head = {**head, "object": "chat.completion.chunk"}

    def chunk(delta: dict[str, Any], **more: Any) -> dict[str, Any]:
        return {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None, **more}]}

    message, events = choice["message"], [chunk({"role": "assistant", "content": ""})]
    for key in ("content", "refusal"):
        said = [chunk({key: piece}) for piece in pieces(drawing, message[key] or "")]
        tokens = (choice["logprobs"] or {}).get(key)
        if said and tokens is not None:
            said[0]["choices"][0]["logprobs"] = {"content": None, "refusal": None, key: tokens}
        events += said
    if message.get("annotations"):
        events.append(chunk({"annotations": message["annotations"]}))
    for index, call in enumerate(message.get("tool_calls") or ()):
        function = {"name": call["function"]["name"], "arguments": ""}
        first = {"index": index, "id": call["id"], "type": "function", "function": function}
        events.append(chunk({"tool_calls": [first]}))
        events += [
            chunk({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
            for piece in pieces(drawing, call["function"]["arguments"])
        ]
    events.append(chunk({}, finish_reason=choice["finish_reason"]))
    return [*events, {**head, "choices": [], "usage": usage}, "[DONE]"]


def _openai_usage(numbers: list[int], prompt: str, output: str) -> dict[str, Any]:
    fresh, read, written, said, thought, _ = numbers
    total = fresh + read + written
    return {
        prompt: total,
        output: said + thought,
        "total_tokens": total + said + thought,
        f"{prompt}_details": {"cached_tokens": read, "cache_write_tokens": written},
        f"{output}_details": {"reasoning_tokens": thought},
    }


# --- Responses ------------------------------------------------------------------------------------

_ITEM = plain(Response.model_fields["output"].annotation).__args__[0]
_ITEMS = {it.__name__: it for it in alternatives(_ITEM)}
_USUAL_ITEMS = [
    "ResponseOutputMessage",
    "ResponseOutputMessage",
    "ResponseFunctionToolCall",
    "ResponseReasoningItem",
]
_CUT_SHORT = ["max_output_tokens", "content_filter", "max_messages", "steered"]


@st.composite
def _responses(draw: Any) -> Answer:
    drawing = Drawing(draw, RULES)
    output = [_item(drawing, at) for at in range(drawing.draw(st.integers(0, 3)))]
    reason = drawing.choice([None, None, *_CUT_SHORT])
    for item in output:
        if item["type"] in ("message", "function_call"):
            last = item is output[-1]
            item["status"] = "incomplete" if reason and last else "completed"
    status = "incomplete" if reason else "completed"
    whole = {
        "id": "resp_1",
        "object": "response",
        "created_at": 1_700_000_000,
        "completed_at": None if reason else 1_700_000_001,
        "model": "gpt-x",
        "temperature": 0.5,
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "status": status,
        "incomplete_details": {"reason": reason} if reason else None,
        "error": None,
        "output": output,
        "usage": _openai_usage(counts(drawing), "input_tokens", "output_tokens"),
    }
    return Answer(whole, _ResponseEvents(drawing, whole).events)


def _item(drawing: Drawing, at: int) -> dict[str, Any]:
    rare = drawing.chance(6)
    name = drawing.choice([*_ITEMS] if rare else _USUAL_ITEMS)
    item = drawing.object(_ITEMS[name], id=f"item_{at}")
    for part in item["content"] if item["type"] == "message" else ():
        if part["type"] == "output_text" and part.get("logprobs") is None:
            part["logprobs"] = []
    return item


class _ResponseEvents:
    """The life of a response's items, one after the other."""

    def __init__(self, drawing: Drawing, response: dict[str, Any]) -> None:
        self.drawing = drawing
        self.events: Events = []
        begun = {**response, "status": "in_progress", "output": [], "usage": None}
        begun |= {"incomplete_details": None, "completed_at": None}
        self.add("created", response=begun)
        self.add("in_progress", response=begun)
        for index, item in enumerate(response["output"]):
            self.add_item(item, {"output_index": index})
        self.add(response["status"], response=response)

    def add(self, kind: str, **fields: Any) -> None:
        number = len(self.events)
        self.events.append({"type": f"response.{kind}", "sequence_number": number, **fields})

    def add_item(self, item: dict[str, Any], place: dict[str, Any]) -> None:
        empty = {"content": [], "summary": [], "arguments": "", "input": ""}
        opened = {**item, "status": "in_progress"} if "status" in item else dict(item)
        if item["type"] in ("message", "reasoning", "function_call", "custom_tool_call"):
            opened |= {key: it for key, it in empty.items() if key in item}
        if item["type"] == "reasoning" and item.get("encrypted_content") is not None:
            opened["encrypted_content"] = "not yet"
        self.add("output_item.added", item=opened, **place)
        self.add_inside(item, {**place, "item_id": item["id"]})
        self.add("output_item.done", item=item, **place)

    def add_inside(self, item: dict[str, Any], place: dict[str, Any]) -> None:
        match item["type"]:
            case "message":
                for index, part in enumerate(item["content"]):
                    self.add_part(part, {**place, "content_index": index})
            case "reasoning":
                for index, part in enumerate(item["summary"]):
                    at = {**place, "summary_index": index}
                    self.add_thought("reasoning_summary_part", "reasoning_summary_text", part, at)
                for index, part in enumerate(item.get("content") or []):
                    at = {**place, "content_index": index}
                    self.add_thought("content_part", "reasoning_text", part, at)
            case "function_call":
                self.add_pieces("function_call_arguments", "arguments", item["arguments"], place)
            case "custom_tool_call":
                self.add_pieces("custom_tool_call_input", "input", item["input"], place)

    def add_part(self, part: dict[str, Any], place: dict[str, Any]) -> None:
        if part["type"] == "refusal":
            self.add("content_part.added", part={**part, "refusal": ""}, **place)
            self.add_pieces("refusal", "refusal", part["refusal"], place)
        else:
            opened = {**part, "text": "", "annotations": [], "logprobs": []}
            self.add("content_part.added", part=opened, **place)
            self.add_text(part, place)
            for index, annotation in enumerate(part["annotations"]):
                at = {**place, "annotation_index": index}
                self.add("output_text.annotation.added", annotation=annotation, **at)
        self.add("content_part.done", part=part, **place)

    def add_text(self, part: dict[str, Any], place: dict[str, Any]) -> None:
        tokens = part["logprobs"]
        for piece in pieces(self.drawing, part["text"]):
            self.add("output_text.delta", delta=piece, logprobs=tokens, **place)
            tokens = []
        self.add("output_text.done", text=part["text"], logprobs=part["logprobs"], **place)

    def add_thought(
        self, part_event: str, text_event: str, part: dict[str, Any], place: dict[str, Any]
    ) -> None:
        self.add(f"{part_event}.added", part={**part, "text": ""}, **place)
        self.add_pieces(text_event, "text", part["text"], place)
        self.add(f"{part_event}.done", part=part, **place)

    def add_pieces(self, stem: str, key: str, text: str, place: dict[str, Any]) -> None:
        for piece in pieces(self.drawing, text):
            self.add(f"{stem}.delta", delta=piece, **place)
        self.add(f"{stem}.done", **{key: text}, **place)


# --- Anthropic ------------------------------------------------------------------------------------

_BLOCKS = {it.__name__: it for it in alternatives(Message.model_fields["content"].annotation)}
_USUAL_BLOCKS = ["TextBlock", "TextBlock", "ToolUseBlock", "ThinkingBlock"]


@st.composite
def _anthropic(draw: Any) -> Answer:
    drawing = Drawing(draw, RULES)
    content = [_block(drawing) for _ in range(drawing.draw(st.integers(0, 3)))]
    called = any(it["type"] == "tool_use" for it in content)
    stop = drawing.choice(
        [
            "tool_use" if called else "end_turn",
            "max_tokens",
            "refusal",
            "model_context_window_exceeded",
            *([] if called else ["stop_sequence", "pause_turn"]),
        ]
    )
    stopped = {
        "stop_reason": stop,
        "stop_sequence": drawing.mark() if stop == "stop_sequence" else None,
    }
    fresh, read, m5, h1, said, thought = counts(drawing)
    usage = {
        "input_tokens": fresh,
        "cache_read_input_tokens": read,
        "cache_creation_input_tokens": m5 + h1,
        "cache_creation": {"ephemeral_5m_input_tokens": m5, "ephemeral_1h_input_tokens": h1},
        "output_tokens": said + thought,
        "output_tokens_details": {"thinking_tokens": thought},
    }
    whole = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-x",
        "content": content,
        **stopped,
        "usage": usage,
    }
    return Answer(whole, _message_events(drawing, whole, stopped))


def _block(drawing: Drawing) -> dict[str, Any]:
    rare = drawing.chance(5)
    block = drawing.object(_BLOCKS[drawing.choice([*_BLOCKS] if rare else _USUAL_BLOCKS)])
    if block["type"] == "thinking" and not block["signature"]:
        block["signature"] = drawing.mark()  # which Anthropic never leaves out
    return block


def _message_events(drawing: Drawing, message: dict[str, Any], stopped: dict[str, Any]) -> Events:
    usage = {**message["usage"], "output_tokens": 1}
    del usage["output_tokens_details"]
    nothing = {"content": [], "stop_reason": None, "stop_sequence": None, "usage": usage}
    events: Events = [{"type": "message_start", "message": {**message, **nothing}}]
    for index, block in enumerate(message["content"]):
        opened, deltas = _streamed(drawing, block)
        place = {"index": index}
        events.append({"type": "content_block_start", **place, "content_block": opened})
        events += [{"type": "content_block_delta", **place, "delta": it} for it in deltas]
        events.append({"type": "content_block_stop", **place})
    total = {key: it for key, it in message["usage"].items() if key != "cache_creation"}
    events.append({"type": "message_delta", "delta": stopped, "usage": total})
    return [*events, {"type": "message_stop"}]


def _streamed(drawing: Drawing, block: dict[str, Any]) -> tuple[dict[str, Any], Events]:
    """A block as it begins, and what comes of it afterwards."""
    match block["type"]:
        case "text":
            opened = {**block, "text": "", **({"citations": []} if block.get("citations") else {})}
            deltas = [{"type": "text_delta", "text": it} for it in pieces(drawing, block["text"])]
            deltas += [
                {"type": "citations_delta", "citation": it} for it in block.get("citations") or ()
            ]
            return opened, deltas
        case "thinking":
            opened = {**block, "thinking": "", "signature": ""}
            deltas = [
                {"type": "thinking_delta", "thinking": it}
                for it in pieces(drawing, block["thinking"])
            ]
            return opened, [*deltas, {"type": "signature_delta", "signature": block["signature"]}]
        case "tool_use" | "server_tool_use":
            text = json.dumps(block["input"])
            deltas = [
                {"type": "input_json_delta", "partial_json": it} for it in pieces(drawing, text)
            ]
            return {**block, "input": {}}, deltas
        case _:
            return block, []
