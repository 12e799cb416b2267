"""Instructions and turns as `messages`: `message_decoding` the other way round."""

from lunaroute_core.dialects.openai_chat.extensions import (
    DIALECT,
    form_of,
    own_fields,
    restored,
)
from lunaroute_core.dialects.openai_chat.message_encoding import call_body
from lunaroute_core.dialects.openai_chat.part_writing import (
    given,
    write_content,
    write_content_as,
)
from lunaroute_core.dialects.openai_chat.reasoning import reasoning_text, restored_detail
from lunaroute_core.json_value import JSONObject, JSONValue
from lunaroute_core.model import (
    AudioBlock,
    Block,
    Message,
    NormalizedRequest,
    ReasoningBlock,
    RefusalBlock,
    TextBlock,
    ToolCallBlock,
    ToolResultBlock,
)


def write_messages(request: NormalizedRequest) -> list[JSONValue]:
    """Leading system messages, then one for each turn, and for each tool's result."""
    messages: list[JSONValue] = [*_write_instructions(request.instructions)]
    for turn in request.turns:
        messages += _write_turn(turn)
    return messages


def _write_instructions(blocks: list[Block]) -> list[JSONObject]:
    """Messages as their first blocks say; a block of which none speaks is a `system` string."""
    messages: list[JSONObject] = []
    rest = blocks
    while rest:
        head = form_of(rest[0].extensions).get("message")
        fields = dict(head) if isinstance(head, dict) else {}
        count = fields.pop("count", 1)
        length = count if isinstance(count, int) else 1
        role, parts = fields.pop("role", "system"), fields.pop("content", None) == "parts"
        content = write_content_as([_unmarked(it) for it in rest[:length]], parts=parts)
        messages.append({"role": role, **content, **fields})
        rest = rest[length:]
    return messages


def _unmarked(block: Block) -> Block:
    """A text block without the mark of its message, so that it can be told from others."""
    if isinstance(block, TextBlock) and form_of(block.extensions):
        own = own_fields(block.extensions)
        kept = {DIALECT: own} if own else {}
        return TextBlock(text=block.text, cache=block.cache, extensions=kept)
    return block


def _write_turn(turn: Message) -> list[JSONObject]:
    match turn.role:
        case "assistant":
            messages = [_write_assistant(turn)]
        case "tool":
            results = [it for it in turn.blocks if isinstance(it, ToolResultBlock)]
            messages = [_write_result(it, turn) for it in results]
        case _:
            role = form_of(turn.extensions).get("role", turn.role)
            messages = [{"role": role, **write_content(turn.blocks, turn.extensions)}]
    name = given(name=turn.name)
    return [restored({**message, **name}, turn.extensions) for message in messages]


def _write_result(result: ToolResultBlock, turn: Message) -> JSONObject:
    content = write_content(result.blocks, turn.extensions)
    if form_of(turn.extensions).get("legacy"):
        return {"role": "function", **content}
    return {
        "role": "tool",
        "tool_call_id": result.call_id,
        **content,
        **given(is_error=result.is_error),
    }


def _write_assistant(turn: Message) -> JSONObject:
    form = form_of(turn.extensions)
    content, refusal = _content_and_refusal(turn.blocks, form)
    message: JSONObject = {
        "role": "assistant",
        **_write_reasoning(turn.blocks, form),
        **write_content(content, turn.extensions),
        **given(refusal=refusal),
    }
    for block in turn.blocks:
        if isinstance(block, AudioBlock) and block.audio_id is not None:
            message["audio"] = _spoken(block)
    message |= _write_calls(turn.blocks, form)
    return message


def _content_and_refusal(blocks: list[Block], form: JSONObject) -> tuple[list[Block], str | None]:
    """What stands in `content`, and what in `refusal`.

    A refusal has the field to itself, unless it came in an array of parts.
    """
    content = [it for it in blocks if not _has_own_field(it)]
    if form.get("content") == "parts" and form.get("refusal") != "field":
        return content, None
    refusals = [it for it in content if isinstance(it, RefusalBlock)]
    if form.get("content") == "parts":
        refusals = refusals[-1:]
    content = [it for it in content if not any(it is refusal for refusal in refusals)]
    return content, "".join(it.text for it in refusals) if refusals else None


def _has_own_field(block: Block) -> bool:
    if isinstance(block, AudioBlock):
        return block.audio_id is not None
    return isinstance(block, ReasoningBlock | ToolCallBlock)


def _write_reasoning(blocks: list[Block], form: JSONObject) -> JSONObject:
    """The field it came in; entries also where there is more than text to give back."""
    reasoning = [it for it in blocks if isinstance(it, ReasoningBlock)]
    if not reasoning:
        return {}
    if form.get("reasoning") == "details":
        return {
            "reasoning_details": [restored_detail(it, index=at) for at, it in enumerate(reasoning)]
        }
    key = "reasoning" if form.get("reasoning") == "reasoning" else "reasoning_content"
    return {key: reasoning_text(blocks)}


def _spoken(audio: AudioBlock) -> JSONObject:
    return given(
        id=audio.audio_id,
        data=audio.data,
        transcript=audio.transcript,
        expires_at=audio.expires_at,
    )


def _write_calls(blocks: list[Block], form: JSONObject) -> JSONObject:
    calls = [it for it in blocks if isinstance(it, ToolCallBlock)]
    legacy = [it for it in calls if form_of(it.extensions).get("legacy")]
    current = [it for it in calls if not form_of(it.extensions).get("legacy")]
    written: list[JSONValue] = [_write_call(it) for it in current]
    fields: JSONObject = {}
    if written or form.get("tool_calls") == "empty":
        fields["tool_calls"] = written
    for call in legacy:
        fields["function_call"] = {"name": call.name, "arguments": call.raw_arguments}
    return fields


def _write_call(call: ToolCallBlock) -> JSONObject:
    written: JSONObject = {"id": call.id, **call_body(call, call.raw_arguments)}
    return restored(written, call.extensions)
