"""Requests of the SDKs' own types, as programs write them: calls have results, names are names."""

import base64
import typing
from collections.abc import Callable
from typing import Any

from anthropic.types.message_create_params import MessageCreateParamsNonStreaming
from hypothesis import strategies as st
from openai.types.chat.completion_create_params import CompletionCreateParamsNonStreaming
from openai.types.responses.response_create_params import ResponseCreateParamsNonStreaming

from .sdk_values import Drawing, Rule, alternatives, fields_of

C, R, A = "openai_chat", "openai_responses", "anthropic_messages"

PARAMS = {
    C: CompletionCreateParamsNonStreaming,
    R: ResponseCreateParamsNonStreaming,
    A: MessageCreateParamsNonStreaming,
}
TALK = {"messages", "input", "model", "system", "instructions"}


# --- rules ----------------------------------------------------------------------------------------


def sampled(*options: Any) -> Rule:
    return lambda drawing: drawing.choice(options)


def identifier(drawing: Drawing) -> str:
    return f"id_{drawing.mark()}"


def url(drawing: Drawing) -> str:
    return f"https://example.com/{drawing.mark()}?a=b&c=%20"


def base64_data(drawing: Drawing) -> str:
    return base64.b64encode(drawing.mark().encode() + b"\xff\x00").decode()


def image_url(drawing: Drawing) -> str:
    return url(drawing) if drawing.chance(2) else f"data:image/png;base64,{base64_data(drawing)}"


def file_data(drawing: Drawing) -> str:
    return f"data:application/pdf;base64,{base64_data(drawing)}"


def schema(drawing: Drawing) -> dict[str, Any]:
    """A JSON schema of an object."""
    properties = {
        drawing.mark(): drawing.choice(
            [
                {"type": "string", "description": drawing.text(), "minLength": 1},
                {"type": ["integer", "null"], "enum": [1, None]},
                {"type": "array", "items": {"$ref": "#/$defs/d"}},
                {"anyOf": [{"type": "string"}, {"type": "object", "properties": {}}]},
            ]
        )
        for _ in range(drawing.draw(st.integers(0, 2)))
    }
    made = {"type": "object", "properties": properties}
    if drawing.chance(3):
        made |= {"additionalProperties": False, "required": [*properties]}
    if any("items" in it for it in properties.values()):
        made["$defs"] = {"d": {"type": "string", "title": drawing.text()}}
    return made


def arguments(drawing: Drawing) -> str:
    return drawing.choice(["", "{}", '{"a":']) if drawing.chance(5) else drawing.json_text()


def allowed(*, nested: bool) -> Rule:
    def rule(drawing: Drawing) -> list[dict[str, Any]]:
        name = {"name": identifier(drawing)}
        return [{"type": "function", "function": name} if nested else {"type": "function", **name}]

    return rule


def texts(drawing: Drawing) -> list[str]:
    return [drawing.mark() for _ in range(drawing.draw(st.integers(1, 3)))]


SETTINGS: dict[str, Rule] = {
    "model": sampled("a-model"),
    "temperature": sampled(0, 0.5, 1, 1.0),
    "top_p": sampled(0.5, 1, 1.0),
    "presence_penalty": sampled(-2, 0.5, 2.0),
    "frequency_penalty": sampled(-2, 0.5, 2.0),
    "seed": sampled(-1, 0, 2**53),
    "n": sampled(1, 2, None),
    "logit_bias": sampled({}, {"50256": -100}, None),
    "top_logprobs": sampled(0, 20, None),
    "max_tokens": sampled(1, 2048, 100_000),
    "max_completion_tokens": sampled(1, 2048, 100_000, None),
    "max_output_tokens": sampled(16, 2048, 100_000, None),
    "max_tool_calls": sampled(1, 9, None),
    "stop": lambda drawing: drawing.mark() if drawing.chance(2) else texts(drawing),
    "stop_sequences": texts,
}
"""Of the request itself."""

COMMON: dict[str, Rule] = {
    "budget_tokens": sampled(1024, 1500),
    "name": identifier,
    "namespace": identifier,
    "id": identifier,
    "call_id": identifier,
    "tool_call_id": identifier,
    "tool_use_id": identifier,
    "parameters": schema,
    "schema": schema,
    "output_schema": schema,
    "input_schema": schema,
    "arguments": arguments,
    "url": url,
    "file_url": url,
    "server_url": url,
    "image_url": image_url,
    "file_data": file_data,
    "data": base64_data,
}
RULES: dict[str, dict[str, Rule]] = {
    C: {
        **COMMON,
        "ImageURL.url": image_url,
        "ChatCompletionAllowedToolsParam.tools": allowed(nested=True),
    },
    R: {**COMMON, "ToolChoiceAllowedParam.tools": allowed(nested=False)},
    A: {**COMMON, "PlainTextSourceParam.data": Drawing.text},
}
for _dialect, _rules in RULES.items():
    _rules |= {f"{PARAMS[_dialect].__name__}.{key}": rule for key, rule in SETTINGS.items()}
del RULES[C]["image_url"]  # which is an object there

ONE_OF = {
    "FileFile": ("file_data", "file_id"),
    **dict.fromkeys(
        ("ResponseInputFileParam", "ResponseInputFileContentParam"),
        ("file_data", "file_id", "file_url"),
    ),
    **dict.fromkeys(
        ("ResponseInputImageParam", "ResponseInputImageContentParam"), ("image_url", "file_id")
    ),
}
"""The SDKs say of these that none is needed, the vendors that one is."""


def element(kind: str, dialect: str) -> type:
    """One of the types that a request's conversation or tools are made of, by its name."""
    return _ELEMENTS[dialect][kind]


def _elements(dialect: str) -> dict[str, type]:
    needed, optional = fields_of(PARAMS[dialect])
    fields = needed | optional
    conversation = fields["input" if dialect == R else "messages"]
    found = {
        it.__name__: it
        for it in (*alternatives(conversation), *alternatives(fields["tools"]))
        if isinstance(it, type) or hasattr(it, "__required_keys__")
    }
    for message in [*found.values()]:
        inside = fields_of(message)[0] | fields_of(message)[1] if _is_typed(message) else {}
        for key in ("content", "tool_calls"):
            if key in inside:
                found |= {it.__name__: it for it in alternatives(inside[key]) if _is_typed(it)}
    return found


def _is_typed(kind: Any) -> bool:
    return hasattr(kind, "__required_keys__")


_ELEMENTS = {dialect: _elements(dialect) for dialect in PARAMS}


# --- anything -------------------------------------------------------------------------------------


@st.composite
def any_requests(draw: Any, dialect: str) -> dict[str, Any]:
    """Whatever a vendor's type allows, sense or no sense, and fields it does not know."""
    drawing = Drawing(draw, RULES[dialect], one_of=ONE_OF, most=4, extra=True)
    body = drawing.object(PARAMS[dialect])
    body["model"] = "a-model"
    key = "input" if dialect == R else "messages"
    if not body.get(key):
        body[key] = drawing.object(element(_USER[dialect], dialect))
        body[key] = [body[key]]
    return body


_USER = {
    C: "ChatCompletionUserMessageParam",
    R: "EasyInputMessageParam",
    A: "UserMessageParam",
}


# --- conversations --------------------------------------------------------------------------------


@st.composite
def conversations(draw: Any, dialect: str, *, rare: bool = True) -> dict[str, Any]:
    """A conversation that goes back and forth, and a few settings. With `rare` all elements that
    a vendor has occur, else those that every vendor has in some form.
    """
    drawing = Drawing(draw, RULES[dialect], one_of=ONE_OF, most=2)
    talk = _Talk(drawing, dialect, rare=rare)
    settings = _settings(drawing, dialect, rare=rare)
    rounds = drawing.draw(st.integers(0, 2))
    for _ in range(rounds):
        talk.user()
        talk.assistant()
    talk.user()
    body = {**settings, **talk.body(), "model": "a-model"}
    if drawing.chance(2):
        body["stream"] = True
    return body


_SHARED_SETTINGS = {
    C: {"temperature", "top_p", "max_completion_tokens", "max_tokens", "parallel_tool_calls",
        "reasoning_effort", "safety_identifier", "user", "tool_choice", "metadata"},
    R: {"temperature", "top_p", "max_output_tokens", "parallel_tool_calls", "reasoning",
        "safety_identifier", "user", "tool_choice", "metadata", "store"},
    A: {"temperature", "top_p", "stop_sequences", "metadata", "tool_choice", "thinking",
        "output_config", "cache_control"},
}  # fmt: skip


def _settings(drawing: Drawing, dialect: str, *, rare: bool) -> dict[str, Any]:
    needed, optional = fields_of(PARAMS[dialect])
    known = {*needed, *optional} - TALK - {"stream", "tools"}
    only = known if rare and drawing.chance(3) else known & _SHARED_SETTINGS[dialect]
    settings = drawing.object(PARAMS[dialect], only=only, **dict.fromkeys(TALK & {*needed}))
    settings = {key: it for key, it in settings.items() if key not in TALK}
    if tools := _tools(drawing, dialect, rare=rare):
        settings["tools"] = tools
    return settings


_FUNCTION = {
    C: "ChatCompletionFunctionToolParam",
    R: "FunctionToolParam",
    A: "ToolParam",
}
_CUSTOM = {C: "ChatCompletionCustomToolParam", R: "CustomToolParam"}


def _tools(drawing: Drawing, dialect: str, *, rare: bool) -> list[dict[str, Any]]:
    tools = []
    for _ in range(drawing.draw(st.integers(0, 2))):
        if rare and drawing.chance(8):
            union = (fields_of(PARAMS[dialect])[1])["tools"]
            tools += drawing.value(union)
        elif dialect in _CUSTOM and drawing.chance(4):
            tools.append(drawing.object(element(_CUSTOM[dialect], dialect)))
        else:
            tools.append(drawing.object(element(_FUNCTION[dialect], dialect)))
    return tools


class _Talk:
    """A conversation being written in one dialect."""

    def __init__(self, drawing: Drawing, dialect: str, *, rare: bool) -> None:
        self.drawing, self.dialect, self.rare = drawing, dialect, rare
        self.items: list[Any] = []
        self.open: list[Any] = []
        self.lead: dict[str, Any] = {}
        getattr(self, f"_begin_{dialect}")()

    def body(self) -> dict[str, Any]:
        key = "input" if self.dialect == R else "messages"
        return {**self.lead, key: self.items}

    def user(self) -> None:
        getattr(self, f"_user_{self.dialect}")()

    def assistant(self) -> None:
        getattr(self, f"_assistant_{self.dialect}")()

    def make(self, kind: str, **given: Any) -> dict[str, Any]:
        return self.drawing.object(element(kind, self.dialect), **given)

    def parts(self, kinds: list[str], *, least: int = 0) -> list[dict[str, Any]]:
        """Content; the first of the kinds is the most common one."""
        drawing, made = self.drawing, []
        for _ in range(drawing.draw(st.integers(least, 2))):
            common = not drawing.chance(3)
            made.append(self.make(kinds[0] if common else drawing.choice(kinds)))
        return made

    def words(self) -> str:
        return self.drawing.mark() + self.drawing.text()

    # Chat

    def _begin_openai_chat(self) -> None:
        for _ in range(self.drawing.draw(st.integers(0, 2))):
            kinds = ["ChatCompletionDeveloperMessageParam", "ChatCompletionSystemMessageParam"]
            self.items.append(self.make(self.drawing.choice(kinds)))

    def _user_openai_chat(self) -> None:
        if self.rare and self.drawing.chance(8):
            self.items.append(self.make("ChatCompletionSystemMessageParam"))
        kinds = ["ChatCompletionContentPartTextParam", "ChatCompletionContentPartImageParam"]
        if self.rare:
            kinds += ["File", "ChatCompletionContentPartInputAudioParam"]
        content = self.parts(kinds, least=1) if self.drawing.chance(2) else self.words()
        self.items.append(self.make("ChatCompletionUserMessageParam", content=content))

    def _assistant_openai_chat(self) -> None:
        calls = [
            self.make(
                "ChatCompletionMessageCustomToolCallParam"
                if self.drawing.chance(5)
                else "ChatCompletionMessageFunctionToolCallParam"
            )
            for _ in range(self.drawing.draw(st.integers(0, 2)))
        ]
        given: dict[str, Any] = {"tool_calls": calls} if calls else {"content": self.words()}
        if not self.rare or not self.drawing.chance(6):
            given |= {"audio": None, "function_call": None}
        message = self.make("ChatCompletionAssistantMessageParam", **given)
        self.items.append({k: v for k, v in message.items() if v is not None})
        if message.get("function_call"):
            name = message["function_call"]["name"]
            self.items.append(self.make("ChatCompletionFunctionMessageParam", name=name))
        for call in calls:
            self.items.append(self.make("ChatCompletionToolMessageParam", tool_call_id=call["id"]))

    # Responses

    def _begin_openai_responses(self) -> None:
        if self.drawing.chance(2):
            self.lead["instructions"] = self.words()
        if self.drawing.chance(4):
            role = self.drawing.choice(["developer", "system"])
            self.items.append(self._message(role))

    def _message(self, role: str) -> dict[str, Any]:
        kinds = ["ResponseInputTextParam"]
        if role == "user":
            kinds.append("ResponseInputImageParam")
            if self.rare:
                kinds.append("ResponseInputFileParam")
        content = self.parts(kinds, least=1)
        if self.drawing.chance(3):
            return self.make("Message", role=role, content=content)
        easy = content if self.drawing.chance(2) else self.words()
        return self.make("EasyInputMessageParam", role=role, content=easy)

    def _user_openai_responses(self) -> None:
        if self.rare and self.drawing.chance(8):
            self.items.append(self._message("developer"))
        self.items.append(self._message("user"))

    def _assistant_openai_responses(self) -> None:
        if self.drawing.chance(3):
            self.items.append(self.make("ResponseReasoningItemParam"))
        if self.drawing.chance(2):
            self.items.append(self.make("ResponseOutputMessageParam"))
        else:
            words = self.words()
            self.items.append(self.make("EasyInputMessageParam", role="assistant", content=words))
        results = []
        for _ in range(self.drawing.draw(st.integers(0, 2))):
            custom = self.drawing.chance(4)
            kind = "ResponseCustomToolCallParam" if custom else "ResponseFunctionToolCallParam"
            call = self.make(kind)
            self.items.append(call)
            kind = "ResponseCustomToolCallOutputParam" if custom else "FunctionCallOutput"
            result = self.make(kind, call_id=call["call_id"])
            # It may say again what was called.
            again = {key: call.get(key) for key in ("name", "namespace") if key in result}
            results.append({**result, **again})
        self.items += results
        if self.rare and self.drawing.chance(6):
            names = [it for it in _ELEMENTS[R] if it in _ITEMS]
            self.items.append(self.make(self.drawing.choice(names)))

    # Anthropic

    def _begin_anthropic_messages(self) -> None:
        match self.drawing.draw(st.integers(0, 2)):
            case 1:
                self.lead["system"] = self.words()
            case 2:
                self.lead["system"] = self.parts(["TextBlockParam"], least=1)

    def _user_anthropic_messages(self) -> None:
        kinds = ["TextBlockParam", "ImageBlockParam"]
        if self.rare:
            kinds += ["DocumentBlockParam", "SearchResultBlockParam"]
        content: Any = [*self.open, *self.parts(kinds, least=0 if self.open else 1)]
        if not self.open and self.drawing.chance(3):
            content = self.words()
        self.open = []
        self.items.append(self.make("UserMessageParam", content=content))
        if self.rare and self.drawing.chance(8):
            self.items.append(self.make("SystemMessageParam"))

    def _assistant_anthropic_messages(self) -> None:
        content = []
        if self.drawing.chance(3):
            kinds = ["ThinkingBlockParam", "RedactedThinkingBlockParam"]
            content.append(self.make(self.drawing.choice(kinds)))
        content.append(self.make("TextBlockParam"))
        if self.rare and self.drawing.chance(8):
            names = [it for it in _ELEMENTS[A] if it.endswith("BlockParam")]
            content.append(self.make(self.drawing.choice(names)))
        for _ in range(self.drawing.draw(st.integers(0, 2))):
            call = self.make("ToolUseBlockParam")
            content.append(call)
            self.open.append(self.make("ToolResultBlockParam", tool_use_id=call["id"]))
        self.items.append(self.make("AssistantMessageParam", content=content))


_ITEMS = {
    it.__name__
    for it in alternatives(typing.get_type_hints(ResponseCreateParamsNonStreaming)["input"])
    if _is_typed(it)
}

Builder = Callable[..., st.SearchStrategy[dict[str, Any]]]
