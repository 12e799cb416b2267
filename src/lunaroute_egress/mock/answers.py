"""What each simulated model says: functions from a request to an answer."""

import base64
import hashlib
from collections.abc import Callable
from itertools import groupby

import msgspec
from attrs import frozen

from lunaroute_core.json_value import JSONObject
from lunaroute_core.model import (
    Block,
    CustomTool,
    Finish,
    FinishReason,
    FunctionTool,
    Message,
    NormalizedRequest,
    Origin,
    ReasoningBlock,
    StreamOptions,
    TextBlock,
    ToolCallBlock,
    ToolResultBlock,
)
from lunaroute_egress.mock.options import MockOptions, ScriptedAnswer
from lunaroute_egress.mock.sample_value import sample_value
from lunaroute_egress.mock.written_block import WrittenBlock

ClientTool = FunctionTool | CustomTool

DEFAULT_TEXT = "Hello from the simulated model. It says this to everyone."
THINKING_TEXT = "The question is simple, and so is the answer."
NO_TOOLS_TEXT = "No tool was offered that I could call."


@frozen
class Answer:
    """The content of one answer and why it stops."""

    blocks: list[WrittenBlock]
    finish: Finish


@frozen(kw_only=True)
class SimulatedModel:
    """One built-in model.

    Attributes:
        answer: what it says.
        complete: whether its streams reach their end.
        latency: seconds to the first token, at least.
        tokens_per_second: its own rate, where the options set none that is slower.
    """

    answer: Callable[[NormalizedRequest, MockOptions], Answer]
    complete: bool = True
    latency: float = 0.0
    tokens_per_second: float | None = None


def fingerprint(request: NormalizedRequest) -> str:
    """24 hexadecimal digits, equal for equal requests, streamed or not."""
    same = msgspec.structs.replace(request, stream=StreamOptions())
    return hashlib.sha256(msgspec.json.encode(same)).hexdigest()[:24]


def echo(request: NormalizedRequest, options: MockOptions) -> Answer:
    """The last user turn's text."""
    del options
    users = (turn for turn in reversed(request.turns) if turn.role == "user")
    return _said(_text_of(next(users, Message(role="user")).blocks))


def scripted(request: NormalizedRequest, options: MockOptions) -> Answer:
    """The script's answer for this point of the conversation.

    The point is the number of answers in the history, so that equal requests get equal
    answers and nothing has to be remembered between them.
    """
    if not options.script:
        return _said(DEFAULT_TEXT)
    answers = sum(role == "assistant" for role, _ in groupby(turn.role for turn in request.turns))
    return _scripted_answer(options.script[answers % len(options.script)], request)


def call_tools(request: NormalizedRequest, options: MockOptions) -> Answer:
    """Calls of the offered tools, or, once their results are there, text quoting them."""
    results = _latest_results(request.turns)
    if results:
        quoted = "\n".join(_text_of(result.blocks) for result in results)
        return _said(f"The tool answered: {quoted}")
    tools = _callable_tools(request)
    if not tools:
        return _said(NO_TOOLS_TEXT)
    count = 1 if request.parallel_tool_calls is False else options.parallel_calls
    count = min(count, request.limits.max_tool_calls or count)
    identity = fingerprint(request)
    calls = [_call_of(tools[turn % len(tools)], identity, turn) for turn in range(count)]
    return Answer([*calls], Finish(reason=FinishReason.TOOL_CALLS))


def think(request: NormalizedRequest, options: MockOptions) -> Answer:
    """Reasoning, then the text of `text`."""
    said = scripted(request, options)
    if any(isinstance(block, ReasoningBlock) for block in said.blocks):
        return said
    return Answer([_thought(THINKING_TEXT, request), *said.blocks], said.finish)


SIMULATED_MODELS = {
    "echo": SimulatedModel(answer=echo),
    "text": SimulatedModel(answer=scripted),
    "tools": SimulatedModel(answer=call_tools),
    "thinking": SimulatedModel(answer=think),
    "cut": SimulatedModel(answer=scripted, complete=False),
    "slow": SimulatedModel(answer=scripted, latency=1.0, tokens_per_second=5.0),
}


def _said(text: str) -> Answer:
    return Answer([TextBlock(text=text)], Finish(reason=FinishReason.STOP))


def _scripted_answer(script: ScriptedAnswer, request: NormalizedRequest) -> Answer:
    blocks: list[WrittenBlock] = []
    if script.thinking is not None:
        blocks.append(_thought(script.thinking, request))
    if script.text is not None:
        blocks.append(TextBlock(text=script.text))
    identity = fingerprint(request)
    for index, call in enumerate(script.tool_calls):
        blocks.append(_call(call.name, call.arguments, _call_id(identity, index)))
    implied = FinishReason.TOOL_CALLS if script.tool_calls else FinishReason.STOP
    return Answer(blocks, Finish(reason=script.finish_reason or implied))


def _thought(text: str, request: NormalizedRequest) -> ReasoningBlock:
    signature = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    origin = Origin(dialect=request.source.dialect, vendor="mock", model=request.model)
    return ReasoningBlock(parts=[text], opaque=signature, origin=origin)


def _text_of(blocks: list[Block]) -> str:
    return "\n".join(block.text for block in blocks if isinstance(block, TextBlock))


def _latest_results(turns: list[Message]) -> list[ToolResultBlock]:
    """Tool results since the last answer."""
    results: list[ToolResultBlock] = []
    for turn in reversed(turns):
        if turn.role == "assistant":
            break
        found = [block for block in turn.blocks if isinstance(block, ToolResultBlock)]
        results = [*found, *results]
    return results


def _callable_tools(request: NormalizedRequest) -> list[ClientTool]:
    """The client's tools among which the request lets the model choose."""
    tools = [tool for tool in request.tools if isinstance(tool, ClientTool)]
    choice = request.tool_choice
    if choice is None or choice.mode in {"auto", "required"}:
        return tools
    if choice.mode in {"named", "allowed"}:
        return [tool for tool in tools if tool.name in choice.names]
    return []


def _call_id(identity: str, index: int) -> str:
    return f"call_{identity[:16]}{index:02d}"


def _call_of(tool: ClientTool, identity: str, index: int) -> ToolCallBlock:
    call_id = _call_id(identity, index)
    if isinstance(tool, CustomTool):
        text = f"input for {tool.name}"
        return ToolCallBlock(id=call_id, name=tool.name, tool_kind="custom", raw_arguments=text)
    arguments = sample_value(tool.schema or {"type": "object"})
    return _call(tool.name, arguments if isinstance(arguments, dict) else {}, call_id)


def _call(name: str, arguments: JSONObject, call_id: str) -> ToolCallBlock:
    raw = msgspec.json.encode(arguments).decode()
    return ToolCallBlock(id=call_id, name=name, raw_arguments=raw, arguments=arguments)
