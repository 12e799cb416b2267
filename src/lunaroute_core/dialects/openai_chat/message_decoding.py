"""The `messages` of a request: leading instructions, then turns."""

from msgspec import Struct

from lunaroute_core.dialects.openai_chat.arguments import parsed_arguments
from lunaroute_core.dialects.openai_chat.content_decoding import decode_content
from lunaroute_core.dialects.openai_chat.extensions import DIALECT, FORM, extensions
from lunaroute_core.dialects.openai_chat.fields import Fields
from lunaroute_core.dialects.openai_chat.reasoning import decode_reasoning
from lunaroute_core.dialects.request_json import check_bytes
from lunaroute_core.errors import InvalidRequestError
from lunaroute_core.json_value import JSONObject, JSONValue
from lunaroute_core.model import (
    AudioBlock,
    Block,
    Message,
    RefusalBlock,
    TextBlock,
    ToolCallBlock,
    ToolResultBlock,
)
from lunaroute_core.request_limits import RequestLimits

_PLAIN_FIELDS = 2
"""`role` and `content`."""


class MessageReader(Struct):
    """Reads messages in order; an answer to a call is understood from the calls before it."""

    limits: RequestLimits
    instructions: list[Block] = []
    turns: list[Message] = []
    _custom_calls: set[str] = set()
    _legacy_calls: list[ToolCallBlock] = []

    def read(self, value: JSONValue, *, path: str) -> None:
        """Take the next message.

        Raises:
            InvalidRequestError: it is malformed, or over a limit.
        """
        if isinstance(value, dict) and len(value) == _PLAIN_FIELDS and value.get("role") == "user":
            content = value.get("content")
            if isinstance(content, str):
                self._add_text(content, path=path)
                return
        message = Fields.of(value, path=path)
        role = message.needed_text("role")
        match role:
            case "system" | "developer":
                self._read_system(message, role)
            case "user":
                blocks, form = self._content(message, needed=True)
                self._add(Message(role="user", blocks=blocks), message, form)
            case "assistant":
                self._read_assistant(message)
            case "tool":
                self._read_tool(message)
            case "function":
                self._read_function(message)
            case _:
                raise InvalidRequestError(
                    f"{message.at('role')}: unknown role {role!r}", param=message.at("role")
                )

    def _content(self, message: Fields, *, needed: bool) -> tuple[list[Block], JSONObject]:
        return decode_content(message, max_bytes=self.limits.max_string_bytes, needed=needed)

    def _add_text(self, text: str, *, path: str) -> None:
        """A user's message of nothing else, as most are: the same as if read field by field."""
        check_bytes(text, self.limits.max_string_bytes, param=f"{path}.content")
        self.turns.append(Message(role="user", blocks=[TextBlock(text=text)]))

    def _add(self, turn: Message, message: Fields, form: JSONObject) -> None:
        turn.name = message.text("name")
        turn.extensions = extensions(message.left, form)
        self.turns.append(turn)

    def _read_system(self, message: Fields, role: str) -> None:
        blocks, form = self._content(message, needed=True)
        if role == "developer":
            form["role"] = role
        # A message without blocks has nothing that could carry its form among the
        # instructions; it and what follows it are turns.
        if self.turns or not blocks:
            self._add(Message(role="system", blocks=blocks), message, form)
            return
        if form or message.left:
            head: JSONObject = {"count": len(blocks), **form, **message.left}
            first = blocks[0]
            first.extensions = extensions(first.extensions.get(DIALECT, {}), {"message": head})
        self.instructions.extend(blocks)

    def _read_assistant(self, message: Fields) -> None:
        blocks, form = decode_reasoning(message)
        content, content_form = self._content(message, needed=False)
        form |= content_form
        blocks += content
        refusal = message.text("refusal")
        if refusal is not None:
            blocks.append(RefusalBlock(text=refusal))
            if content_form:
                form["refusal"] = "field"
        if (audio := message.fields("audio")) is not None:
            blocks.append(_spoken(audio))
        calls = message.array("tool_calls")
        if calls == []:
            form["tool_calls"] = "empty"
        for at, call in enumerate(calls or []):
            blocks.append(self._call(Fields.of(call, path=f"{message.at('tool_calls')}[{at}]")))
        if (call := message.fields("function_call")) is not None:
            blocks.append(self._legacy_call(call))
        self._add(Message(role="assistant", blocks=blocks), message, form)

    def _call(self, call: Fields) -> ToolCallBlock:
        block = ToolCallBlock(id=call.needed_text("id"), name="")
        # By the object, not by `type`: some servers have types of their own for functions.
        if call.peek("custom") is not None:
            custom = call.needed_fields("custom")
            block.tool_kind, block.name = "custom", custom.needed_text("name")
            block.raw_arguments = self._arguments(custom, "input")
            self._custom_calls.add(block.id)
        else:
            self._fill_function(block, call.needed_fields("function"))
        if call.peek("type") == block.tool_kind:
            call.take("type")
        block.extensions = extensions(call.left)
        return block

    def _fill_function(self, block: ToolCallBlock, function: Fields) -> None:
        block.name = function.needed_text("name")
        block.raw_arguments = self._arguments(function, "arguments")
        block.arguments = parsed_arguments(block.raw_arguments)

    def _arguments(self, call: Fields, key: str) -> str:
        text = call.needed_text(key)
        check_bytes(text, self.limits.max_tool_arguments_bytes, param=call.at(key))
        return text

    def _legacy_call(self, call: Fields) -> ToolCallBlock:
        """A `function_call` has no id: it gets one by its place, which is always the same."""
        block = ToolCallBlock(id=f"call_legacy_{len(self._legacy_calls)}", name="")
        self._fill_function(block, call)
        block.extensions = {DIALECT: {FORM: {"legacy": True}}}
        self._legacy_calls.append(block)
        return block

    def _read_tool(self, message: Fields) -> None:
        call_id = message.needed_text("tool_call_id")
        blocks, form = self._content(message, needed=True)
        result = ToolResultBlock(
            call_id=call_id,
            blocks=blocks,
            is_error=message.flag("is_error"),
            tool_kind="custom" if call_id in self._custom_calls else "function",
        )
        self._add(Message(role="tool", blocks=[result]), message, form)

    def _read_function(self, message: Fields) -> None:
        """The answer to a `function_call`, which it knows only by the function's name."""
        name = message.peek("name")
        ids = [call.id for call in self._legacy_calls if call.name == name]
        blocks, form = self._content(message, needed=False)
        result = ToolResultBlock(
            call_id=ids[-1] if ids else f"call_legacy_{message.needed_text('name')}", blocks=blocks
        )
        turn = Message(role="tool", blocks=[result])
        self._add(turn, message, {**form, "legacy": True})
        turn.name = turn.name or str(name)


def _spoken(audio: Fields) -> AudioBlock:
    """Earlier audio output: its id, and what else of it a client echoes."""
    return AudioBlock(
        audio_id=audio.needed_text("id"),
        data=audio.text("data"),
        transcript=audio.text("transcript"),
        expires_at=audio.integer("expires_at"),
    )
