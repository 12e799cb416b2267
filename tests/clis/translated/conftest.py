"""Vendors of other dialects than the program's own: each as strict as the real one, and with a
tool to call and something to say.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from attrs import define, field

from lunaroute_core.testing import RecordedRequest, Reply, json_reply, sse_reply

CALL_ID = "call_Xy12"
DONE = "The file is there; the last word was heard."
THOUGHT = "A shell can do it."
ENCRYPTED = "gAAAA+/opaque=="
SIGNATURE = "EqQB+/opaque=="


def frame(event: Any) -> bytes:
    name = f"event: {event['type']}\n" if "type" in event else ""
    return f"{name}data: {json.dumps(event)}\n\n".encode()


@define
class Vendor:
    """A vendor with a script: what to answer to each request with tools, in turn; a request
    without any is for a title.

    It keeps those with tools in `bodies`, and refuses and keeps in `complaints` whatever the
    real one would have refused.
    """

    dialect: str
    target: str
    refusals: Callable[..., list[str]]
    script: Iterator[Reply] = field(factory=lambda: iter(()))
    bodies: list[dict[str, Any]] = field(factory=list)
    complaints: list[str] = field(factory=list)

    def playing(self, *replies: Reply) -> Callable[[RecordedRequest], Reply]:
        self.script = iter(replies)
        return self.answer

    def answer(self, request: RecordedRequest) -> Reply:
        body = json.loads(request.body)
        headers = {it: request.header(f"anthropic-{it}") for it in ("version", "beta")}
        said = self.refusals(self.dialect, body, **headers)
        if request.target != self.target:
            said.append(f"no such path: {request.target}")
        if said:
            self.complaints += said
            return self.refusing("; ".join(said))
        if "tools" not in body:
            return self.saying("A title")
        self.bodies.append(body)
        return next(self.script)

    def provider(self, url: str, **more: Any) -> dict[str, Any]:
        """A configuration whose provider `up` is this vendor."""
        kind = "anthropic" if self.dialect == "anthropic_messages" else "openai"
        base_url = url if kind == "anthropic" else f"{url}/v1"
        own: dict[str, Any] = {} if kind == "anthropic" else {"server": "openai"}
        own |= {"type": kind, "base_url": base_url, "dialects": [self.dialect]}
        return {"providers": {"up": {"api_key": "sk-up", **own, **more}}}

    def calling(self, name: str, arguments: dict[str, Any]) -> Reply:
        """A stream that thinks, says a word and calls a tool."""
        return sse_reply(self.stream(name, arguments))

    def saying(self, words: str = DONE) -> Reply:
        return sse_reply(STREAMS[self.dialect](None, "", words))

    def busy(self, kind: str) -> Reply:
        """An answer that says to come back in a second: of a `rate` limit or for `load`."""
        status, body = BUSY[kind][self.dialect == "anthropic_messages"]
        return json_reply(status, body, headers=((b"retry-after", b"1"),))

    def refusing(self, message: str) -> Reply:
        own = self.dialect == "anthropic_messages"
        error = (anthropic_error if own else openai_error)(message, "invalid_request_error")
        return json_reply(400, error)

    def calling_free(self, name: str, text: str) -> Reply:
        """Chat's stream that calls a tool with free text."""
        return sse_reply(chat_stream(name, text, "On it.", free=True))

    def stream(self, name: str, arguments: dict[str, Any]) -> list[bytes]:
        """The events of a stream that calls a tool, one by one."""
        return STREAMS[self.dialect](name, json.dumps(arguments), "On it.")

    def whole(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """The same answer of an OpenAI dialect without a stream."""
        if self.dialect == "openai_responses":
            last = self.stream(name, arguments)[-1]
            return json.loads(last.split(b"data: ", 1)[1])["response"]
        function = {"name": name, "arguments": json.dumps(arguments)}
        call = {"id": CALL_ID, "type": "function", "function": function}
        message = {"role": "assistant", "content": "On it.", "tool_calls": [call]}
        choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
        head = {"id": "chatcmpl-2", "object": "chat.completion", "created": 1, "model": "gpt"}
        usage = {"prompt_tokens": 10, "completion_tokens": 9, "total_tokens": 19}
        return {**head, "choices": [choice], "usage": usage}

    def tools(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        """The tools that a request offers, as their objects with a name."""
        tools = [it.get(it.get("type"), it) for it in body["tools"]]
        return [it for it in tools if "name" in it]

    def results(self, body: dict[str, Any]) -> list[str]:
        """The results that a request brings, each call's name or id left out."""
        return RESULTS[self.dialect](body)


@pytest.fixture
def vendor(refusals) -> Callable[[str], Vendor]:
    """`vendor(dialect)`: its server, to be played by a stage."""
    targets = {
        "openai_chat": "/v1/chat/completions",
        "openai_responses": "/v1/responses",
        "anthropic_messages": "/v1/messages",
    }
    return lambda dialect: Vendor(dialect, targets[dialect], refusals)


def openai_error(message: str, kind: str, code: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def anthropic_error(message: str, kind: str) -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": message}}


BUSY = {
    "rate": (
        (429, openai_error("Slow down.", "requests", "rate_limit_exceeded")),
        (429, anthropic_error("Slow down.", "rate_limit_error")),
    ),
    "load": (
        (503, openai_error("Overloaded.", "server_error", "server_is_overloaded")),
        (529, anthropic_error("Overloaded.", "overloaded_error")),
    ),
}


# --- streams ----------------------------------------------------------------------------------------


def chat_stream(name: str | None, raw: str, words: str, *, free: bool = False) -> list[bytes]:
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "gpt"}
    kind, text = ("custom", "input") if free else ("function", "arguments")
    call = {"index": 0, "id": CALL_ID, "type": kind}
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    deltas += [{"content": words[:7]}, {"content": words[7:]}]
    if name is not None:
        deltas.append({"tool_calls": [{**call, kind: {"name": name, text: ""}}]})
        halves = (raw[:9], raw[9:])
        deltas += [{"tool_calls": [{"index": 0, kind: {text: it}}]} for it in halves]
    finish = "tool_calls" if name else "stop"
    choices = [{"index": 0, "delta": it, "finish_reason": None} for it in deltas]
    choices.append({"index": 0, "delta": {}, "finish_reason": finish})
    chunks = [{**head, "choices": [it], "usage": None} for it in choices]
    usage = {"prompt_tokens": 10, "completion_tokens": 9, "total_tokens": 19}
    return [
        *map(frame, chunks),
        frame({**head, "choices": [], "usage": usage}),
        b"data: [DONE]\n\n",
    ]


def responses_stream(name: str | None, raw: str, words: str) -> list[bytes]:
    events: list[dict[str, Any]] = []
    part = {"type": "output_text", "text": words, "annotations": []}
    summary = {"type": "summary_text", "text": THOUGHT}
    reasoning = {"type": "reasoning", "id": "rs_1", "summary": [summary]}
    reasoning["encrypted_content"] = ENCRYPTED
    message = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed"}
    message["content"] = [part]
    call = {"type": "function_call", "id": "fc_1", "call_id": CALL_ID, "name": name}
    call |= {"arguments": raw, "status": "completed"}
    items = [reasoning, message, *([call] if name else [])]
    response = {"id": "resp_1", "object": "response", "created_at": 1, "model": "gpt"}
    response |= {"error": None, "incomplete_details": None, "tools": [], "tool_choice": "auto"}
    response["parallel_tool_calls"] = True

    def add(kind: str, **more: Any) -> None:
        events.append({"type": f"response.{kind}", "sequence_number": len(events), **more})

    add("created", response={**response, "status": "in_progress", "output": []})
    for index, item in enumerate(items):
        place = {"output_index": index, "item_id": item["id"]}
        empty = {"summary": []} if item is reasoning else {}
        empty = {"content": []} if item is message else empty
        empty = {"arguments": ""} if item is call else empty
        add("output_item.added", output_index=index, item={**item, **empty})
        if item is reasoning:
            place["summary_index"] = 0
            add("reasoning_summary_part.added", **place, part={**summary, "text": ""})
            add("reasoning_summary_text.delta", **place, delta=THOUGHT)
            add("reasoning_summary_text.done", **place, text=THOUGHT)
            add("reasoning_summary_part.done", **place, part=summary)
        elif item is message:
            place["content_index"] = 0
            add("content_part.added", **place, part={**part, "text": ""})
            for half in (words[:7], words[7:]):
                add("output_text.delta", **place, delta=half, logprobs=[])
            add("output_text.done", **place, text=words, logprobs=[])
            add("content_part.done", **place, part=part)
        else:
            for half in (raw[:9], raw[9:]):
                add("function_call_arguments.delta", **place, delta=half)
            add("function_call_arguments.done", **place, arguments=raw)
        add("output_item.done", output_index=index, item=item)
    usage = {"input_tokens": 10, "output_tokens": 9, "total_tokens": 19}
    usage["input_tokens_details"] = {"cached_tokens": 0}
    usage["output_tokens_details"] = {"reasoning_tokens": 3}
    add("completed", response={**response, "status": "completed", "output": items, "usage": usage})
    return [frame(event) for event in events]


def messages_stream(name: str | None, raw: str, words: str) -> list[bytes]:
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude"}
    message |= {"content": [], "stop_reason": None, "stop_sequence": None}
    message["usage"] = {"input_tokens": 10, "output_tokens": 1}
    thinking = {"type": "thinking", "thinking": "", "signature": ""}
    thought = [
        {"type": "thinking_delta", "thinking": THOUGHT},
        {"type": "signature_delta", "signature": SIGNATURE},
    ]
    said = [{"type": "text_delta", "text": half} for half in (words[:7], words[7:])]
    call = {"type": "tool_use", "id": CALL_ID, "name": name, "input": {}}
    pieces = ("", raw[:9], raw[9:])
    given = [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]
    blocks = [(thinking, thought), ({"type": "text", "text": ""}, said)]
    blocks += [(call, given)] if name else []
    events: list[dict[str, Any]] = [{"type": "message_start", "message": message}]
    for index, (block, deltas) in enumerate(blocks):
        place = {"index": index}
        events.append({"type": "content_block_start", **place, "content_block": block})
        events += [{"type": "content_block_delta", **place, "delta": it} for it in deltas]
        events.append({"type": "content_block_stop", **place})
    delta = {"stop_reason": "tool_use" if name else "end_turn", "stop_sequence": None}
    events.append({"type": "message_delta", "delta": delta, "usage": {"output_tokens": 9}})
    return [frame(event) for event in [*events, {"type": "message_stop"}]]


STREAMS = {
    "openai_chat": chat_stream,
    "openai_responses": responses_stream,
    "anthropic_messages": messages_stream,
}


# --- results ----------------------------------------------------------------------------------------


def chat_results(body: dict[str, Any]) -> list[str]:
    return [str(it["content"]) for it in body["messages"] if it["role"] == "tool"]


def responses_results(body: dict[str, Any]) -> list[str]:
    kinds = ("function_call_output", "custom_tool_call_output")
    return [str(it["output"]) for it in body["input"] if it.get("type") in kinds]


def messages_results(body: dict[str, Any]) -> list[str]:
    contents = [it["content"] for it in body["messages"] if isinstance(it["content"], list)]
    blocks = [block for content in contents for block in content]
    return [str(it["content"]) for it in blocks if it["type"] == "tool_result"]


RESULTS = {
    "openai_chat": chat_results,
    "openai_responses": responses_results,
    "anthropic_messages": messages_results,
}
