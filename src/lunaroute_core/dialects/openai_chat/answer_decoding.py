"""A whole answer: `message_encoding` the other way round, and lenient with other servers.

Fields of the first choice that the normalized model has no place for, such as the `logprobs` of
a refusal, are kept under `$form` in the answer's extensions, as `choice`; those of others in their own.
"""

import msgspec

from lunaroute_core.dialects.openai_chat.annotations import read_annotations
from lunaroute_core.dialects.openai_chat.answer_reasoning import (
    answer_detail,
    details_of,
    origin_of,
    plain_text,
)
from lunaroute_core.dialects.openai_chat.arguments import parsed_arguments
from lunaroute_core.dialects.openai_chat.extensions import DIALECT, extensions
from lunaroute_core.dialects.openai_chat.finish import read_finish
from lunaroute_core.dialects.openai_chat.identity import call_id
from lunaroute_core.dialects.openai_chat.usage import read_usage
from lunaroute_core.dialects.openai_vendor.logprobs import read_tokens
from lunaroute_core.json_value import JSONObject, JSONValue
from lunaroute_core.model import (
    AudioBlock,
    Block,
    Candidate,
    NormalizedResponse,
    ReasoningBlock,
    RefusalBlock,
    TextBlock,
    ToolCallBlock,
)

_TOP_LEVEL = frozenset({"id", "object", "created", "model", "choices", "usage"})
_IN_CHOICE = frozenset({"index", "message", "finish_reason"})
_ANSWER: msgspec.json.Decoder[JSONValue] = msgspec.json.Decoder()


def decode_completion(body: bytes) -> NormalizedResponse:
    """The answer, its first choice as the answer proper.

    Raises:
        ValueError: no completion: not JSON, no choice, or an `error` that came with a 200.
    """
    answer = read_object(body)
    if answer.get("error"):
        raise ValueError("an error object instead of a completion")
    answer_id, model = text_of(answer, "id"), text_of(answer, "model")
    choices = _choices(answer, answer_id=answer_id, model=model)
    if not choices:
        raise malformed("a completion without choices")
    first, *alternatives = choices
    rest = {key: value for key, value in answer.items() if key not in _TOP_LEVEL}
    form: JSONObject = {"choice": first.extensions[DIALECT]} if first.extensions else {}
    return NormalizedResponse(
        id=answer_id,
        model=model,
        blocks=first.blocks,
        finish=first.finish,
        usage=read_usage(answer.get("usage")),
        created=created_of(answer),
        alternatives=alternatives,
        extensions=extensions(rest, form),
    )


def malformed(reason: str) -> ValueError:
    """The error for bytes that are no answer of this dialect."""
    return ValueError(reason)


def read_object(data: bytes) -> JSONObject:
    """Raises ValueError for anything but a JSON object."""
    try:
        value = _ANSWER.decode(data)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(value, dict):
        raise malformed("no JSON object")
    return value


def created_of(answer: JSONObject) -> int | None:
    """Unix time in seconds; some servers give fractions."""
    created = answer.get("created")
    return int(created) if isinstance(created, int | float) and abs(created) < 2**53 else None


def text_of(values: JSONObject, key: str) -> str:
    """A text, empty where there is none."""
    value = values.get(key)
    return value if isinstance(value, str) else ""


def _choices(answer: JSONObject, *, answer_id: str, model: str) -> list[Candidate]:
    listed = answer.get("choices")
    if not isinstance(listed, list):
        raise malformed("a completion without choices")
    choices: list[Candidate] = []
    for at, choice in enumerate(listed):
        message = choice.get("message") if isinstance(choice, dict) else None
        if not isinstance(choice, dict) or not isinstance(message, dict):
            raise malformed(f"choices[{at}] has no message")
        index = choice.get("index")
        blocks = decode_message(message, answer_id=answer_id, model=model)
        rest: JSONObject = {k: v for k, v in choice.items() if k not in _IN_CHOICE and v}
        _take_logprobs(rest, blocks)
        choices.append(
            Candidate(
                index=index if isinstance(index, int) else at,
                blocks=blocks,
                finish=read_finish(text_of(choice, "finish_reason") or None, blocks),
                extensions=extensions(rest),
            )
        )
    return choices


def _take_logprobs(choice: JSONObject, blocks: list[Block]) -> None:
    """Give the text what a choice tells of its tokens."""
    text = next((it for it in blocks if isinstance(it, TextBlock)), None)
    logprobs = choice.get("logprobs")
    if text is None or not isinstance(logprobs, dict):
        return
    text.logprobs = read_tokens(logprobs.get("content"))
    if not text.logprobs:
        return
    others: JSONObject = {key: it for key, it in logprobs.items() if key != "content" and it}
    if others:
        choice["logprobs"] = others
    else:
        del choice["logprobs"]


def decode_message(message: JSONObject, *, answer_id: str, model: str) -> list[Block]:
    """The blocks of a choice's message: reasoning, text, refusal, audio, calls."""
    blocks: list[Block] = []
    if text := plain_text(message):
        blocks.append(ReasoningBlock(parts=[text], origin=origin_of(model)))
    blocks += [answer_detail(it, model=model) for it in details_of(message)]
    if content := content_text(message.get("content")):
        citations = read_annotations(message.get("annotations"))
        blocks.append(TextBlock(text=content, citations=citations))
    if refusal := text_of(message, "refusal"):
        blocks.append(RefusalBlock(text=refusal))
    if isinstance(audio := message.get("audio"), dict):
        blocks.append(decode_audio(audio))
    blocks += _calls(message, answer_id=answer_id)
    return blocks


def content_text(content: JSONValue) -> str:
    """The text of `content`, which some servers give as parts.

    Raises:
        ValueError: it is neither.
    """
    if content is None or isinstance(content, str):
        return content or ""
    if not isinstance(content, list):
        raise malformed("content is neither text nor parts")
    return "".join(text_of(part, "text") for part in content if isinstance(part, dict))


def decode_audio(audio: JSONObject) -> AudioBlock:
    expires_at = audio.get("expires_at")
    return AudioBlock(
        audio_id=text_of(audio, "id") or None,
        data=text_of(audio, "data") or None,
        transcript=text_of(audio, "transcript") or None,
        expires_at=expires_at if isinstance(expires_at, int) else None,
    )


def _calls(message: JSONObject, *, answer_id: str) -> list[Block]:
    listed = message.get("tool_calls")
    entries = [it for it in listed if isinstance(it, dict)] if isinstance(listed, list) else []
    if isinstance(older := message.get("function_call"), dict):
        entries.append({"function": older})
    return [_call(it, answer_id=answer_id, place=at) for at, it in enumerate(entries)]


def _call(entry: JSONObject, *, answer_id: str, place: int) -> ToolCallBlock:
    """A call, with an id for those that have none.

    Raises:
        ValueError: it does not say what is called.
    """
    custom, body = call_of(entry)
    name, raw = text_of(body, "name"), arguments_of(body)
    if not name:
        raise ValueError("a call without a name")
    return ToolCallBlock(
        id=text_of(entry, "id") or call_id(answer_id, place=place),
        name=name,
        tool_kind="custom" if custom else "function",
        raw_arguments=raw,
        arguments=msgspec.UNSET if custom else parsed_arguments(raw),
    )


def call_of(entry: JSONObject) -> tuple[bool, JSONObject]:
    """Whether a call is of a custom tool, and what it says under `custom` or `function`."""
    if isinstance(custom := entry.get("custom"), dict):
        return True, custom
    function = entry.get("function")
    return False, function if isinstance(function, dict) else {}


def arguments_of(body: JSONObject) -> str:
    """The arguments as text; some servers give the object itself."""
    value = body.get("input", body.get("arguments"))
    if isinstance(value, dict):
        return msgspec.json.encode(value).decode()
    return value if isinstance(value, str) else ""
