"""What a request says, whichever dialect it is in, read without any codec."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from attrs import frozen

MARK = re.compile(r"m\d+x")


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Each text and each key of a JSON value, with its path; of JSON inside a text those."""
    if isinstance(value, dict):
        for key, inner in value.items():
            where = f"{path}.{key}" if path else key
            yield where, key
            yield from leaves(inner, where)
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from leaves(inner, f"{path}[{at}]")
    elif isinstance(value, str):
        inner = parsed(value)
        if inner is not None:
            yield from leaves(inner, path)
        elif value.startswith("data:"):
            yield path, value.partition(",")[2]
        else:
            yield path, value


def parsed(text: str) -> Any:
    """The object or list that a text holds as JSON; None for other texts."""
    if text[:1] not in ("{", "["):
        return None
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict | list) else None


def marked(body: Any) -> list[tuple[str, str]]:
    """The texts of a request that occur once, with their paths."""
    return [(path, text) for path, text in leaves(body) if MARK.search(text) or is_data(text)]


def is_data(text: str) -> bool:
    """Whether it is such a text in base64."""
    return text.endswith(("/wA=", "8A", "/AA==")) and len(text) >= 8


def everything(body: Any) -> str:
    """All texts of a request, to find one in."""
    return "\0\0".join(text for _, text in leaves(body))


def keys_of(path: str) -> list[str]:
    """The names in a path, without places in lists."""
    return re.sub(r"\[\d*\]", "", path).split(".")


def covers(param: str, path: str) -> bool:
    """Whether what is said of a field is said of the one at `path`, too: it stands above that,
    or is a field of the same name, since warnings do not count elements. Texts that a client
    gives as instructions are warned of as those of its messages.
    """
    said, keys = keys_of(param), keys_of(path)
    return keys[: len(said)] == said or (len(said) > 1 and said[-1] in keys)


_KINDS = {"reasoning": {"reasoning", "thinking", "redacted_thinking"}}
"""What warnings call reasoning in any dialect."""


def elements_named(params: Iterable[str], body: Any) -> Iterator[str]:
    """The paths of the elements of a history whose type a warning names as it names fields."""
    for param in params:
        kind = keys_of(param)[-1]
        yield from _elements(body, _KINDS.get(kind, {kind}))


def _elements(value: Any, kinds: set[str], path: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(kind := value.get("type"), str) and kind in kinds:
            yield path
        for key, inner in value.items():
            yield from _elements(inner, kinds, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from _elements(inner, kinds, f"{path}[{at}]")


def differences(one: Any, other: Any, path: str = "") -> Iterator[str]:
    """The paths at which two JSON values differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in {**one, **other}:
            where = f"{path}.{key}" if path else key
            if key in one and key in other:
                yield from differences(one[key], other[key], where)
            else:
                yield where
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for at, (first, second) in enumerate(zip(one, other, strict=True)):
            yield from differences(first, second, f"{path}[{at}]")
    elif one != other or isinstance(one, bool) != isinstance(other, bool):
        yield path


@frozen
class Exchange:
    """A call and what it was answered, as the texts in them that occur once."""

    call: frozenset[str]
    result: frozenset[str]


def exchanges(dialect: str, body: dict[str, Any]) -> list[Exchange]:
    """The calls of a request with their results, by their ids."""
    reader = {"openai_chat": _chat, "openai_responses": _responses}.get(dialect, _anthropic)
    calls, results = reader(body)
    found = dict(results)
    return [Exchange(_marks([key, call]), _marks(found.get(key))) for key, call in calls]


def _marks(value: Any) -> frozenset[str]:
    return frozenset(MARK.findall(json.dumps(value)))


Calls = tuple[list[tuple[str, Any]], list[tuple[str, Any]]]


def _chat(body: dict[str, Any]) -> Calls:
    """The older `function_call` has its name for an id."""
    calls: list[tuple[str, Any]] = []
    results: list[tuple[str, Any]] = []
    for message in body["messages"]:
        calls += [
            (call["id"], call.get("function") or call.get("custom"))
            for call in message.get("tool_calls") or ()
        ]
        if older := message.get("function_call"):
            calls.append((older["name"], older))
        if message["role"] in ("tool", "function"):
            key = "tool_call_id" if message["role"] == "tool" else "name"
            results.append((message[key], message["content"]))
    return calls, results


_CALLS = {"function_call": ("name", "arguments"), "custom_tool_call": ("name", "input")}


def _responses(body: dict[str, Any]) -> Calls:
    items = body["input"] if isinstance(body["input"], list) else []
    calls = [
        (it["call_id"], [it.get(key) for key in (*_CALLS[it["type"]], "namespace")])
        for it in items
        if it.get("type") in _CALLS
    ]
    results = [
        (it["call_id"], it["output"])
        for it in items
        if it.get("type") in ("function_call_output", "custom_tool_call_output")
    ]
    return calls, results


def _anthropic(body: dict[str, Any]) -> Calls:
    blocks = [
        block
        for message in body["messages"]
        if isinstance(message["content"], list)
        for block in message["content"]
    ]
    calls = [(it["id"], [it["name"], it["input"]]) for it in blocks if it["type"] == "tool_use"]
    results = [
        (it["tool_use_id"], it.get("content")) for it in blocks if it["type"] == "tool_result"
    ]
    return calls, results


# --- answers --------------------------------------------------------------------------------------


Pieces = Iterator[tuple[str, Any]]


def spoken(dialect: str, answer: dict[str, Any]) -> list[tuple[str, str]]:
    """What a model said in an answer, in order and by kind: thoughts, texts, refusals, calls."""
    reader = {"openai_chat": _chat_spoken, "openai_responses": _responses_spoken}
    pieces = reader.get(dialect, _anthropic_spoken)(answer)
    return [(kind, text) for kind, piece in pieces for _, text in leaves(piece) if text]


def _chat_spoken(answer: dict[str, Any]) -> Pieces:
    message = answer["choices"][0]["message"]
    yield "text", message["content"]
    yield "refusal", message["refusal"]
    for call in message.get("tool_calls") or ():
        said = call.get("function") or call["custom"]
        yield "call", [call["id"], said["name"], said.get("arguments") or said.get("input")]


def _responses_spoken(answer: dict[str, Any]) -> Pieces:
    for item in answer["output"]:
        match item["type"]:
            case "message":
                for part in item["content"]:
                    kind = "refusal" if part["type"] == "refusal" else "text"
                    yield kind, part[kind]
            case "reasoning":
                shown = item["summary"] or item.get("content") or ()
                yield "thought", [part["text"] for part in shown]
            case "function_call" | "custom_tool_call":
                said = item.get("arguments") or item.get("input")
                yield "call", [item["call_id"], item["name"], said]


def _anthropic_spoken(answer: dict[str, Any]) -> Pieces:
    for block in answer["content"]:
        match block["type"]:
            case "text":
                yield "text", block["text"]
            case "thinking":
                yield "thought", block["thinking"]
            case "tool_use":
                yield "call", [block["id"], block["name"], block["input"]]


def token_counts(usage: dict[str, Any]) -> tuple[int, int, int, int]:
    """Fresh, read and written input, and output."""
    if "cache_read_input_tokens" in usage:
        read, written = usage["cache_read_input_tokens"], usage["cache_creation_input_tokens"]
        return usage["input_tokens"], read, written, usage["output_tokens"]
    prompt, output = (
        ("prompt_tokens", "completion_tokens")
        if "prompt_tokens" in usage
        else ("input_tokens", "output_tokens")
    )
    details = usage[f"{prompt}_details"]
    read, written = details["cached_tokens"], details["cache_write_tokens"]
    assert usage["total_tokens"] == usage[prompt] + usage[output]
    return usage[prompt] - read - written, read, written, usage[output]
