"""Reads one input item: a message, a call, an output, reasoning, or a hosted tool's item.

Whose turn an item belongs to follows from its kind: what the model writes is the
assistant's, what a client's tool answers is the tool's.
"""

from collections.abc import Callable
from typing import Literal, TypeAlias

import msgspec
from msgspec import UNSET, Struct, UnsetType

from lunaroute_core.dialects.openai_responses.content_parts import read_parts
from lunaroute_core.dialects.openai_responses.fields import (
    ITEM,
    PARTS,
    STRING_FORM,
    extensions_of,
    mark,
    read_object,
    remainder,
)
from lunaroute_core.dialects.openai_responses.name import DIALECT, VENDOR
from lunaroute_core.dialects.request_json import check_bytes, missing_field
from lunaroute_core.errors import InvalidRequestError
from lunaroute_core.json_value import JSONObject, JSONValue
from lunaroute_core.model import (
    Block,
    CompactionBlock,
    HostedCallBlock,
    HostedResultBlock,
    OpaqueBlock,
    Origin,
    ReasoningBlock,
    TextBlock,
    ToolCallBlock,
    ToolResultBlock,
)
from lunaroute_core.request_limits import RequestLimits

Role: TypeAlias = Literal["system", "user", "assistant", "tool"]

HOSTED_CALLS = frozenset(
    {
        "apply_patch_call",
        "code_interpreter_call",
        "computer_call",
        "file_search_call",
        "image_generation_call",
        "local_shell_call",
        "mcp_approval_request",
        "mcp_call",
        "mcp_list_tools",
        "program",
        "shell_call",
        "tool_search_call",
        "web_search_call",
    }
)
HOSTED_RESULTS = frozenset(
    {
        "apply_patch_call_output",
        "computer_call_output",
        "local_shell_call_output",
        "mcp_approval_response",
        "program_output",
        "shell_call_output",
        "tool_search_output",
    }
)
_OUTPUTS = frozenset({"function_call_output", "custom_tool_call_output"})
_ANSWERED_BY_VENDOR = frozenset({"program_output", "tool_search_output"})
"""Results that come from the vendor, unless the item says `execution: client`."""

_CALL_FIELDS = {"type", "call_id", "name", "id", "namespace"}

_ROLES: dict[str, Role] = {
    "user": "user",
    "assistant": "assistant",
    "system": "system",
    "developer": "system",
}


class InputItem(Struct, kw_only=True):
    """What an item adds to the conversation."""

    role: Role
    blocks: list[Block]
    phase: str | None = None


ItemReader: TypeAlias = Callable[[JSONObject, str, RequestLimits], InputItem]
"""From the item, its path and the limits."""


class _Message(Struct):
    role: str
    content: str | list[JSONObject]
    phase: str | None = None


class _FunctionCall(Struct):
    call_id: str
    name: str
    arguments: str
    id: str | None = None
    namespace: str | None = None


class _CustomCall(Struct):
    call_id: str
    name: str
    input: str
    id: str | None = None
    namespace: str | None = None


class _Output(Struct):
    output: str | list[JSONObject]
    call_id: str | None = None


class _ReasoningText(Struct):
    text: str


class _Reasoning(Struct):
    id: str | None = None
    summary: list[_ReasoningText] | None = None
    content: list[_ReasoningText] | None = None
    encrypted_content: str | None = None


def read_item(raw: JSONObject, *, param: str, limits: RequestLimits) -> InputItem:
    """Raises InvalidRequestError, naming the field, for an item that is malformed."""
    kind = _kind(raw, param)
    if kind in _READERS:
        return _READERS[kind](raw, param, limits)
    if kind in HOSTED_CALLS:
        return _whole(raw, HostedCallBlock(dialect=DIALECT, type=kind, raw=raw, id=_id(raw, "id")))
    if kind in HOSTED_RESULTS:
        block = HostedResultBlock(dialect=DIALECT, type=kind, raw=raw, call_id=_id(raw, "call_id"))
        by_client = is_client_result(kind, execution=raw.get("execution"))
        return InputItem(role="tool" if by_client else "assistant", blocks=[block])
    if kind == "compaction":
        return _whole(raw, CompactionBlock(dialect=DIALECT, raw=raw))
    return _whole(raw, OpaqueBlock(dialect=DIALECT, type=kind, raw=raw))


def is_client_result(kind: str, *, execution: JSONValue) -> bool:
    """Whether items of a type hand back what a client's tool answered; `execution` is the item's
    field of that name.
    """
    if kind in _ANSWERED_BY_VENDOR:
        return execution == "client"
    return kind in HOSTED_RESULTS or kind in _OUTPUTS


def _kind(raw: JSONObject, param: str) -> str:
    """The item's type; messages and item references may leave it out."""
    kind = raw.get("type")
    if isinstance(kind, str):
        return kind
    if kind is None and "role" in raw:
        return "message"
    if kind is None and "id" in raw:
        return "item_reference"
    raise missing_field(f"{param}.type")


def _id(raw: JSONObject, key: str) -> str | None:
    value = raw.get(key)
    return value if isinstance(value, str) else None


def _whole(raw: JSONObject, block: Block) -> InputItem:
    role = raw.get("role")
    known = _ROLES.get(role) if isinstance(role, str) else None
    return InputItem(role=known or "assistant", blocks=[block])


def _read_message(raw: JSONObject, param: str, limits: RequestLimits) -> InputItem:
    message = read_object(raw, _Message, param=param)
    role = _ROLES.get(message.role)
    if role is None:
        known = ", ".join(_ROLES)
        raise InvalidRequestError(
            f"{param}.role: must be one of {known}, got {message.role[:64]!r}",
            param=f"{param}.role",
        )
    usual = "output_text" if role == "assistant" else "input_text"
    blocks, form = _read_content(message.content, usual, f"{param}.content", limits)
    if not blocks:
        whole = OpaqueBlock(dialect=DIALECT, type="message", raw=raw)
        return InputItem(role=role, blocks=[whole], phase=message.phase)
    for block in blocks:
        if isinstance(block, OpaqueBlock):
            mark(block, ITEM, None)
    head = remainder(raw, {"content"})
    if form is not None:
        head["content"] = form
    mark(blocks[0], ITEM, head)
    return InputItem(role=role, blocks=blocks, phase=message.phase)


def _read_content(
    content: str | list[JSONObject], usual: str, param: str, limits: RequestLimits
) -> tuple[list[Block], JSONObject | None]:
    """The blocks, and the content's form where it is not a list."""
    if isinstance(content, str):
        check_bytes(content, limits.max_string_bytes, param=param)
        return [TextBlock(text=content)], STRING_FORM
    return read_parts(content, usual=usual, param=param), None


def _read_function_call(raw: JSONObject, param: str, limits: RequestLimits) -> InputItem:
    call = read_object(raw, _FunctionCall, param=param)
    check_bytes(call.arguments, limits.max_tool_arguments_bytes, param=f"{param}.arguments")
    block = ToolCallBlock(
        id=call.call_id,
        name=call.name,
        raw_arguments=call.arguments,
        arguments=parsed_arguments(call.arguments),
        item_id=call.id,
        namespace=call.namespace,
        extensions=extensions_of(remainder(raw, _CALL_FIELDS | {"arguments"})),
    )
    return InputItem(role="assistant", blocks=[block])


def parsed_arguments(text: str) -> JSONValue | UnsetType:
    """The value of a call's arguments, UNSET when they are no JSON."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return UNSET


def _read_custom_call(raw: JSONObject, param: str, limits: RequestLimits) -> InputItem:
    call = read_object(raw, _CustomCall, param=param)
    check_bytes(call.input, limits.max_tool_arguments_bytes, param=f"{param}.input")
    block = ToolCallBlock(
        id=call.call_id,
        name=call.name,
        tool_kind="custom",
        raw_arguments=call.input,
        item_id=call.id,
        namespace=call.namespace,
        extensions=extensions_of(remainder(raw, _CALL_FIELDS | {"input"})),
    )
    return InputItem(role="assistant", blocks=[block])


def _read_output(raw: JSONObject, param: str, limits: RequestLimits) -> InputItem:
    output = read_object(raw, _Output, param=param)
    if output.call_id is None:
        block = OpaqueBlock(dialect=DIALECT, type=str(raw["type"]), raw=raw)
        return InputItem(role="tool", blocks=[block])
    blocks, form = _read_content(output.output, "input_text", f"{param}.output", limits)
    rest = remainder(raw, {"type", "call_id", "output"})
    if form is not None:
        rest["output"] = form
    block = ToolResultBlock(
        call_id=output.call_id,
        blocks=blocks,
        tool_kind="custom" if raw["type"] == "custom_tool_call_output" else "function",
        extensions=extensions_of(rest),
    )
    return InputItem(role="tool", blocks=[block])


def _read_reasoning(raw: JSONObject, param: str, limits: RequestLimits) -> InputItem:  # noqa: ARG001
    return InputItem(role="assistant", blocks=[read_reasoning(raw, param=param)])


def read_reasoning(
    raw: JSONObject, *, param: str, parts_of: Literal["summary", "content"] | None = None
) -> ReasoningBlock:
    """A reasoning item. Its parts are those of the field `parts_of` or, where none is named,
    the summary's and, if that says nothing, the content's; the other field stays whole besides.
    """
    item = read_object(raw, _Reasoning, param=param)
    summary, content = _said(item.summary), _said(item.content)
    of_content = parts_of == "content" or (parts_of is None and not summary)
    parts = content if of_content else summary
    modelled = {"type", "id", "encrypted_content"}
    if summary and not of_content and raw["summary"] == summary_parts(parts):
        modelled.add("summary")
    rest = remainder(raw, modelled)
    if parts and of_content:
        rest[PARTS] = "content"
    return ReasoningBlock(
        variant="redacted" if item.encrypted_content and not parts else "visible",
        parts=parts,
        opaque=item.encrypted_content,
        origin=Origin(dialect=DIALECT, vendor=VENDOR) if item.encrypted_content else None,
        item_id=item.id,
        extensions=extensions_of(rest),
    )


def _said(parts: list[_ReasoningText] | None) -> list[str]:
    """The texts of parts; none if all of them are empty."""
    texts = [part.text for part in parts or []]
    return texts if any(texts) else []


def summary_parts(texts: list[str]) -> list[JSONValue]:
    return [{"type": "summary_text", "text": text} for text in texts]


_READERS: dict[str, ItemReader] = {
    "message": _read_message,
    "function_call": _read_function_call,
    "custom_tool_call": _read_custom_call,
    "function_call_output": _read_output,
    "custom_tool_call_output": _read_output,
    "reasoning": _read_reasoning,
}
