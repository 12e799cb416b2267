"""The `messages` of a request: leading instructions, then turns."""

from msgspec import Struct

from lunaroute_core.dialects.openai_chat.arguments import parsed_arguments
from lunaroute_core.dialects.openai_chat.content_decoding import decode_content
from lunaroute_core.dialects.openai_chat.extensions import DIALECT, FORM, extensions, left_over
from lunaroute_core.dialects.openai_chat.fields import Fields, wrong_or_missing, wrong_type
from lunaroute_core.dialects.openai_chat.reasoning import decode_reasoning
from lunaroute_core.dialects.request_json import check_bytes
from lunaroute_core.errors import InvalidRequestError
from lunaroute_core.json_value import JSONObject, JSONValue
from lunaroute_core.model import (
    AudioBlock,
    Block,
    Message,
    RefusalBlock,
    ToolCallBlock,
    ToolResultBlock,
)
from lunaroute_core.request_limits import RequestLimits

_INSTRUCTIONS = frozenset({"role", "content"})
_TURN = _INSTRUCTIONS | {"name"}
_ASSISTANT_TURN = _TURN | {"refusal", "tool_calls"}
_TOOL_TURN = _TURN | {"tool_call_id", "is_error"}
_SELDOM = frozenset(
    {"audio", "function_call", "reasoning", "reasoning_content", "reasoning_details"}
)
"""What most assistant messages have not."""
_TEXT_OF = {"function": "arguments", "custom": "input"}
"""By the kind of a call: the field with the text for what is called."""
_CALL = {kind: frozenset({"id", "type", kind}) for kind in _TEXT_OF}
_CALLED = {kind: frozenset({"name", text}) for kind, text in _TEXT_OF.items()}


class MessageReader(Struct):
    """Reads messages in order; an answer to a call is understood from the calls before it."""

    limits: RequestLimits
    instructions: list[Block] = []
    turns: list[Message] = []
    _custom_calls: set[str] = set()
    _legacy_calls: list[ToolCallBlock] = []

    def read(self, messages: list[JSONValue]) -> None:
        """Take all messages.

        Raises:
            InvalidRequestError: one is malformed, or over a limit.
        """
        for at, message in enumerate(messages):
            path = f"messages[{at}]"
            if not isinstance(message, dict):
                raise wrong_type(path, "an object")
            match message.get("role"):
                case "user":
                    blocks = decode_content(message, self.limits, path=path)
                    self._add(Message(role="user", blocks=blocks), message, path=path)
                case "assistant":
                    self._read_assistant(message, path)
                case "tool":
                    self._read_tool(message, path)
                case "system" | "developer" as role:
                    self._read_system(message, role, path=path)
                case "function":
                    self._read_function(message, path)
                case str() as role:
                    raise InvalidRequestError(
                        f"{path}.role: unknown role {role!r}", param=f"{path}.role"
                    )
                case role:
                    raise wrong_or_missing(role, "a string", param=f"{path}.role")

    def _add(
        self,
        turn: Message,
        message: JSONObject,
        *,
        path: str,
        read: frozenset[str] = _TURN,
        form: JSONObject | None = None,
    ) -> None:
        """Append a turn, and keep what was not read of its message."""
        content = message.get("content")
        left: JSONObject = {}
        if len(message) > 2 or content is None:  # there is more than role and content
            name = message.get("name")
            if name is not None and not isinstance(name, str):
                raise wrong_type(f"{path}.name", "a string")
            turn.name = name
            left = left_over(message, read)
        if isinstance(content, list):
            form = {"content": "parts", **(form or {})}
        if left or form:
            turn.extensions = extensions(left, form)
        self.turns.append(turn)

    def _read_system(self, message: JSONObject, role: str, *, path: str) -> None:
        blocks = decode_content(message, self.limits, path=path)
        form: JSONObject = {"role": role} if role == "developer" else {}
        # A message without blocks has nothing that could carry its form among the
        # instructions; it and what follows it are turns.
        if self.turns or not blocks:
            self._add(Message(role="system", blocks=blocks), message, path=path, form=form)
            return
        if isinstance(message["content"], list):
            form = {"content": "parts", **form}
        left = left_over(message, _INSTRUCTIONS)
        if form or left:
            head: JSONObject = {"count": len(blocks), **form, **left}
            first = blocks[0]
            first.extensions = extensions(first.extensions.get(DIALECT, {}), {"message": head})
        self.instructions.extend(blocks)

    def _read_assistant(self, message: JSONObject, path: str) -> None:
        fields = None if _SELDOM.isdisjoint(message) else Fields.of(message, path=path)
        blocks, form = ([], {}) if fields is None else decode_reasoning(fields)
        content, refusal = message.get("content"), message.get("refusal")
        if content is not None:
            blocks += decode_content(message, self.limits, path=path)
        if refusal is not None:
            if not isinstance(refusal, str):
                raise wrong_type(f"{path}.refusal", "a string")
            blocks.append(RefusalBlock(text=refusal))
            if isinstance(content, list):
                form["refusal"] = "field"
        if fields is not None and (audio := fields.fields("audio")) is not None:
            blocks.append(_spoken(audio))
        if (calls := message.get("tool_calls")) is not None:
            blocks += self._calls(calls, path=f"{path}.tool_calls")
            if not calls:
                form["tool_calls"] = "empty"
        if fields is not None:
            if (old_call := fields.fields("function_call")) is not None:
                blocks.append(self._legacy_call(old_call))
            message = fields.left
        turn = Message(role="assistant", blocks=blocks)
        self._add(turn, message, path=path, read=_ASSISTANT_TURN, form=form)

    def _calls(self, calls: JSONValue, *, path: str) -> list[ToolCallBlock]:
        if not isinstance(calls, list):
            raise wrong_type(path, "an array")
        blocks: list[ToolCallBlock] = []
        for at, call in enumerate(calls):
            blocks.append(self._call(call, path=f"{path}[{at}]"))
        return blocks

    def _call(self, value: JSONValue, *, path: str) -> ToolCallBlock:
        if not isinstance(value, dict):
            raise wrong_type(path, "an object")
        # By the object, not by `type`: some servers have types of their own for functions.
        kind = "function" if value.get("custom") is None else "custom"
        call_id, called, key = value.get("id"), value.get(kind), _TEXT_OF[kind]
        if not isinstance(call_id, str):
            raise wrong_or_missing(call_id, "a string", param=f"{path}.id")
        if not isinstance(called, dict):
            raise wrong_or_missing(called, "an object", param=f"{path}.{kind}")
        name, text = called.get("name"), called.get(key)
        if not isinstance(name, str):
            raise wrong_or_missing(name, "a string", param=f"{path}.{kind}.name")
        if not isinstance(text, str):
            raise wrong_or_missing(text, "a string", param=f"{path}.{kind}.{key}")
        most = self.limits.max_tool_arguments_bytes
        if most is not None:
            check_bytes(text, most, param=f"{path}.{kind}.{key}")
        block = ToolCallBlock(id=call_id, name=name, tool_kind=kind, raw_arguments=text)
        if kind == "custom":
            self._custom_calls.add(call_id)
        else:
            block.arguments = parsed_arguments(text)
        left = _left_of_call(value, called, kind=kind)
        if left:
            block.extensions = {DIALECT: left}
        return block

    def _legacy_call(self, call: Fields) -> ToolCallBlock:
        """A `function_call` has no id: it gets one by its place, which is always the same."""
        name, text = call.needed_text("name"), call.needed_text("arguments")
        check_bytes(text, self.limits.max_tool_arguments_bytes, param=call.at("arguments"))
        block = ToolCallBlock(
            id=f"call_legacy_{len(self._legacy_calls)}",
            name=name,
            raw_arguments=text,
            arguments=parsed_arguments(text),
            extensions={DIALECT: {FORM: {"legacy": True}}},
        )
        self._legacy_calls.append(block)
        return block

    def _read_tool(self, message: JSONObject, path: str) -> None:
        call_id, is_error = message.get("tool_call_id"), message.get("is_error")
        if not isinstance(call_id, str):
            raise wrong_or_missing(call_id, "a string", param=f"{path}.tool_call_id")
        if is_error is not None and not isinstance(is_error, bool):
            raise wrong_type(f"{path}.is_error", "a boolean")
        result = ToolResultBlock(
            call_id=call_id,
            blocks=decode_content(message, self.limits, path=path),
            is_error=is_error,
            tool_kind="custom" if call_id in self._custom_calls else "function",
        )
        self._add(Message(role="tool", blocks=[result]), message, path=path, read=_TOOL_TURN)

    def _read_function(self, message: JSONObject, path: str) -> None:
        """The answer to a `function_call`, which it knows only by the function's name."""
        name, content = message.get("name"), message.get("content")
        if not isinstance(name, str):
            raise wrong_or_missing(name, "a string", param=f"{path}.name")
        ids = [call.id for call in self._legacy_calls if call.name == name]
        result = ToolResultBlock(
            call_id=ids[-1] if ids else f"call_legacy_{name}",
            blocks=[] if content is None else decode_content(message, self.limits, path=path),
        )
        self._add(Message(role="tool", blocks=[result]), message, path=path, form={"legacy": True})


def _left_of_call(call: JSONObject, called: JSONObject, *, kind: str) -> JSONObject:
    """What is left of a call and, at its place, of the object that says what is called."""
    read, inner = _CALL[kind], _CALLED[kind]
    if call.get("type") != kind:
        read -= {"type"}
    # All that was read is there, so that only a larger object has more.
    left = left_over(call, read) if len(call) > len(read) else {}
    if len(called) > len(inner):
        left[kind] = left_over(called, inner)
    return left


def _spoken(audio: Fields) -> AudioBlock:
    """Earlier audio output: its id, and what else of it a client echoes."""
    return AudioBlock(
        audio_id=audio.needed_text("id"),
        data=audio.text("data"),
        transcript=audio.text("transcript"),
        expires_at=audio.integer("expires_at"),
    )
