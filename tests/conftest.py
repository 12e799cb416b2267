"""What vendors refuse, so that an upstream in a test is no more lenient than a real one.

The types are those of the vendors' SDKs; the rules beyond them are what the vendors' documentation
and error messages say of the order and the pairing of messages, of ids, names and schemas.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pydantic
import pytest
from anthropic.types.beta.message_create_params import MessageCreateParams as BetaMessageParams
from anthropic.types.message_create_params import MessageCreateParams
from openai.types.chat.completion_create_params import CompletionCreateParams
from openai.types.responses.response_create_params import ResponseCreateParams

Body = dict[str, Any]

PARAMS = {
    "openai_chat": CompletionCreateParams,
    "openai_responses": ResponseCreateParams,
    "anthropic_messages": MessageCreateParams,
    "beta": BetaMessageParams,
}
OLDER_VERSION = "2023-06-01"
SAMPLING = {"temperature", "top_p", "top_k"}
"""Fields of Anthropic's that only its older version has, and the SDK's types no longer."""
NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
UNBOUNDED = {"minimum", "maximum", "multipleOf", "minLength", "maxLength", "maxItems", "oneOf"}


@pytest.fixture(scope="session", autouse=True)
def _state_directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Gateways that tests configure keep their secret elsewhere than in the user's home."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LUNAROUTE_HOME", str(tmp_path_factory.mktemp("lunaroute")))
        yield


@pytest.fixture(scope="session")
def refusals() -> Callable[..., list[str]]:
    """`refusals(dialect, body, **headers)`: why the dialect's vendor would answer 400.

    `version` and `beta` are Anthropic's headers.
    """
    adapters = {name: pydantic.TypeAdapter(params) for name, params in PARAMS.items()}

    def run(
        dialect: str, body: Body, *, version: str | None = None, beta: str | None = None
    ) -> list[str]:
        adapter = adapters["beta" if beta and dialect == "anthropic_messages" else dialect]
        older = SAMPLING if version == OLDER_VERSION else set()
        checked = {key: value for key, value in body.items() if key not in older}
        try:
            typed = _materialised(adapter.validate_python(checked))
        except pydantic.ValidationError as error:
            return [f"{it['loc']}: {it['msg']}" for it in error.errors()]
        said = list(_unknown(checked, typed, ""))
        return [*said, *RULES[dialect](body), *_headers(dialect, version)]

    return run


def _headers(dialect: str, version: str | None) -> Iterator[str]:
    if (version is None) is (dialect == "anthropic_messages"):
        yield f"anthropic-version: {version}"


def _materialised(value: Any) -> Any:
    """What a type made of a value: its iterables are checked only while they are read."""
    if isinstance(value, dict):
        return {key: _materialised(item) for key, item in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return [_materialised(item) for item in value]
    return value


def _unknown(sent: Any, typed: Any, where: str) -> Iterator[str]:
    """Fields that no type has: vendors refuse them as unrecognized arguments."""
    if isinstance(sent, dict) and isinstance(typed, dict):
        for key, value in sent.items():
            if key not in typed:
                yield f"{where}.{key}: unknown field"
            else:
                yield from _unknown(value, typed[key], f"{where}.{key}")
    elif isinstance(sent, list) and isinstance(typed, list):
        for index, (one, other) in enumerate(zip(sent, typed, strict=True)):
            yield from _unknown(one, other, f"{where}[{index}]")


def _objects(schema: Any) -> Iterator[Body]:
    """Every object inside a JSON value, itself first."""
    if isinstance(schema, dict):
        yield schema
    inner = schema.values() if isinstance(schema, dict) else schema
    if isinstance(inner, Iterable) and not isinstance(inner, str):
        for value in inner:
            yield from _objects(value)


def _open_objects(schema: Body) -> bool:
    """Whether an object in a schema allows properties that it does not list."""
    objects = [it for it in _objects(schema) if it.get("type") == "object"]
    return any(it.get("additionalProperties") is not False for it in objects)


def _not_strict(schema: Body) -> bool:
    optional = any(
        set(it.get("properties", {})) != set(it.get("required", []))
        for it in _objects(schema)
        if it.get("type") == "object"
    )
    return optional or _open_objects(schema)


def _tool_complaints(tools: list[Body], *, choice: bool) -> Iterator[str]:
    names = [it["name"] for it in tools if "name" in it]
    yield from (f"tool name {it!r}" for it in names if not NAME.fullmatch(it))
    yield from (f"two tools {it!r}" for it, count in Counter(names).items() if count > 1)
    if choice and not tools:
        yield "a tool choice without tools"


# --- Chat -------------------------------------------------------------------------------------------


def _chat(body: Body) -> Iterator[str]:
    tools = [it[it["type"]] for it in body.get("tools", [])]
    asked = "tool_choice" in body or "parallel_tool_calls" in body
    yield from _tool_complaints(tools, choice=asked)
    if "tools" in body and not tools:
        yield "tools: empty"
    for tool in tools:
        if tool.get("strict") and _not_strict(tool["parameters"]):
            yield f"{tool['name']}: the schema is not strict"
    shape = body.get("response_format", {}).get("json_schema", {})
    if shape.get("strict") and _not_strict(shape["schema"]):
        yield "response_format: the schema is not strict"
    if "stream_options" in body and not body.get("stream"):
        yield "stream_options without stream"
    if len(body.get("stop") or []) > 4 and isinstance(body["stop"], list):
        yield "stop: more than four"
    if not body["messages"]:
        yield "messages: empty"
    yield from _chat_pairing(body["messages"])


def _chat_pairing(messages: list[Body]) -> Iterator[str]:
    """Every call is answered at once, by tool messages and nothing in between."""
    waiting: list[str] = []
    for index, message in enumerate(messages):
        if message["role"] == "tool":
            if message["tool_call_id"] not in waiting:
                yield f"messages[{index}]: a result of no call"
            else:
                waiting.remove(message["tool_call_id"])
            continue
        if waiting:
            yield f"messages[{index}]: {waiting} had no result"
        waiting = [it["id"] for it in message.get("tool_calls", [])]
        yield from (f"messages[{index}]: id {it}" for it in waiting if len(it) > 40)
        if len(set(waiting)) < len(waiting):
            yield f"messages[{index}]: two calls with one id"
        if message.get("tool_calls") == []:
            yield f"messages[{index}].tool_calls: empty"
        if message.get("content") in (None, []) and not (waiting or message.get("refusal")):
            yield f"messages[{index}]: no content"
    if waiting:
        yield f"{waiting} had no result"


# --- Responses --------------------------------------------------------------------------------------

ITEM_PREFIXES = {"message": "msg_", "function_call": "fc_", "reasoning": "rs_"}
CALLS = {
    "function_call": "function_call_output",
    "custom_tool_call": "custom_tool_call_output",
}
PARTS = {
    "user": {"input_text", "input_image", "input_file"},
    "assistant": {"output_text", "refusal"},
}


def _responses(body: Body) -> Iterator[str]:
    tools = [it for it in body.get("tools", []) if it["type"] in ("function", "custom")]
    asked = "tool_choice" in body and not body.get("tools")
    yield from _tool_complaints(tools, choice=asked and body["tool_choice"] != "none")
    for tool in tools:
        strict = tool["type"] == "function" and tool.get("strict", True) is not False
        if strict and _not_strict(tool["parameters"] or {}):
            yield f"{tool['name']}: the schema is not strict"
    shape = body.get("text", {}).get("format", {})
    if shape.get("type") == "json_schema" and shape.get("strict") and _not_strict(shape["schema"]):
        yield "text.format: the schema is not strict"
    if body.get("max_output_tokens", 16) < 16:
        yield "max_output_tokens: below 16"
    if isinstance(body.get("input"), list):
        yield from _item_complaints(body["input"])
        yield from _item_pairing(body["input"])


def _item_complaints(items: list[Body]) -> Iterator[str]:
    for index, item in enumerate(items):
        kind = item.get("type", "message")
        prefix = ITEM_PREFIXES.get(kind, "")
        if not item.get("id", prefix).startswith(prefix):
            yield f"input[{index}].id: expected an id that begins with {prefix!r}"
        if len(item.get("call_id", "")) > 64:
            yield f"input[{index}].call_id: longer than 64"
        if kind == "message" and not isinstance(item["content"], str):
            allowed = PARTS.get(item["role"], PARTS["user"])
            kinds = {part["type"] for part in item["content"]}
            if not kinds or kinds - allowed:
                yield f"input[{index}].content: {kinds or 'nothing'} of {item['role']}"
        if kind == "reasoning" and not item.get("encrypted_content"):
            yield f"input[{index}]: reasoning that nobody stored"


def _item_pairing(items: list[Body]) -> Iterator[str]:
    """Every call is answered somewhere behind it, once, by an item of its own kind."""
    waiting: dict[str, str] = {}
    for index, item in enumerate(items):
        kind = item.get("type", "message")
        if kind in CALLS:
            waiting[item["call_id"]] = CALLS[kind]
        elif kind in CALLS.values() and waiting.pop(item["call_id"], None) != kind:
            yield f"input[{index}]: a result of no call"
        following = items[index + 1] if index + 1 < len(items) else {}
        led_to = {following.get("type"), following.get("role")}
        if kind == "reasoning" and not led_to & {"reasoning", "assistant", *CALLS}:
            yield f"input[{index}]: reasoning without the item it led to"
    if waiting:
        yield f"{list(waiting)} had no result"


# --- Anthropic --------------------------------------------------------------------------------------


def _messages(body: Body) -> Iterator[str]:
    tools = [it for it in body.get("tools", []) if "input_schema" in it]
    asked = body.get("tool_choice", {}).get("type") not in (None, "none")
    yield from _tool_complaints(tools, choice=asked and not body.get("tools"))
    for tool in tools:
        schema = tool["input_schema"]
        if schema.get("type") != "object" or {"oneOf", "anyOf", "allOf"} & set(schema):
            yield f"{tool['name']}: the schema is no object"
    shape = (body.get("output_config") or {}).get("format")
    if shape and (_open_objects(shape["schema"]) or _limited(shape["schema"])):
        yield "output_config.format: the schema is not of the supported subset"
    if sum("cache_control" in it for it in _objects(_without_schemas(body))) > 4:
        yield "cache_control: more than four"
    if any(not it.strip() for it in body.get("stop_sequences", [])):
        yield "stop_sequences: only white space"
    if (body.get("temperature") or 0) > 1:
        yield "temperature: above 1"
    yield from _thinking(body)
    yield from _blocks(body)
    yield from _order(body["messages"])


def _limited(schema: Body) -> bool:
    return any(UNBOUNDED & set(it) for it in _objects(schema) if "type" in it or "oneOf" in it)


def _without_schemas(body: Body) -> Body:
    tools = [{k: v for k, v in it.items() if k != "input_schema"} for it in body.get("tools", [])]
    return {**body, "tools": tools}


def _thinking(body: Body) -> Iterator[str]:
    thinking = body.get("thinking", {})
    if thinking.get("type") != "enabled":
        return
    if not 1024 <= thinking["budget_tokens"] < body["max_tokens"]:
        yield "thinking.budget_tokens: not between 1024 and max_tokens"
    if body.get("temperature", 1) != 1 or "top_k" in body:
        yield "temperature: not 1 while thinking"
    if body.get("tool_choice", {}).get("type") in ("any", "tool"):
        yield "tool_choice: forces a tool while thinking"


def _blocks(body: Body) -> Iterator[str]:
    system = body.get("system", [])
    contents = [("system", system), *((it["role"], it["content"]) for it in body["messages"])]
    for role, content in contents:
        if isinstance(content, str):
            if not content.strip():
                yield f"{role}: empty content"
            continue
        if not content and role != "system":
            yield f"{role}: empty content"
        for block in content:
            if block["type"] == "text" and not block["text"].strip():
                yield f"{role}: an empty text"
            ids = (block.get("id"), block.get("tool_use_id"))
            if any(it and not re.fullmatch(r"[a-zA-Z0-9_-]+", it) for it in ids):
                yield f"{role}: id {ids}"


def _order(messages: list[Body]) -> Iterator[str]:
    """Each assistant turn's calls are answered by the next turn, before anything else in it."""
    if not messages or messages[0]["role"] != "user":
        yield "messages[0]: not the user's"
    waiting: list[str] = []
    for index, message in enumerate(messages):
        content = message["content"] if isinstance(message["content"], list) else []
        results = [it["tool_use_id"] for it in content if it["type"] == "tool_result"]
        if sorted(results) != sorted(waiting):
            yield f"messages[{index}]: results {results} of calls {waiting}"
        if results and any(it["type"] != "tool_result" for it in content[: len(results)]):
            yield f"messages[{index}]: the results do not come first"
        calls = [it["id"] for it in content if it["type"] == "tool_use"]
        waiting = calls if message["role"] == "assistant" else []
        if message["role"] == "system":
            yield from _misplaced(messages, index)
    if waiting:
        yield f"{waiting} had no result"


def _misplaced(messages: list[Body], index: int) -> Iterator[str]:
    """A system message follows a user's and ends the conversation or precedes an assistant's."""
    following = messages[index + 1]["role"] if index + 1 < len(messages) else "assistant"
    if index == 0 or messages[index - 1]["role"] != "user" or following != "assistant":
        yield f"messages[{index}]: a system message where none may be"


RULES: dict[str, Callable[[Body], Iterator[str]]] = {
    "openai_chat": _chat,
    "openai_responses": _responses,
    "anthropic_messages": _messages,
}
