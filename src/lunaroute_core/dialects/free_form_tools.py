"""Tools that take free text, as functions of one text, for models that know only functions.

`answer_stages.free_form_input` reads the text from their calls again.
"""

import msgspec

from lunaroute_core.json_value import JSONObject
from lunaroute_core.model import CustomTool, ToolCallBlock

FREE_TEXT: JSONObject = {
    "type": "object",
    "properties": {"input": {"type": "string"}},
    "required": ["input"],
    "additionalProperties": False,
}
"""The schema of such a function."""


def free_text_arguments(call: ToolCallBlock) -> str:
    """The arguments for a call whose input is free text."""
    return msgspec.json.encode({"input": call.raw_arguments}).decode()


def grammar_note(tool: CustomTool) -> str | None:
    """What tells a model that cannot be held to a tool's grammar of it; None without one.

    Source: `tools[].format` of Responses, `{type: grammar, syntax, definition}`.
    """
    form = tool.format or {}
    if form.get("type", "text") == "text":
        return None
    syntax, definition = form.get("syntax"), form.get("definition")
    grammar = definition if isinstance(definition, str) else msgspec.json.encode(form).decode()
    named = f"this {syntax} grammar" if isinstance(syntax, str) else "this grammar"
    return f"`input` is free text and must conform to {named}:\n\n{grammar}"
