"""What the simulated model is told to do."""

from typing import Annotated

from msgspec import Meta, Struct

from lunaroute_core.json_value import JSONObject
from lunaroute_core.model import FinishReason

Rate = Annotated[float, Meta(ge=0, le=1)]
Milliseconds = Annotated[float, Meta(ge=0)]
ErrorStatus = Annotated[int, Meta(ge=400, le=599)]


class ScriptedCall(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A tool call in a scripted answer. `arguments` need not fit the tool's schema."""

    name: str
    arguments: JSONObject = {}


class ScriptedAnswer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One answer: thinking, then text, then tool calls, whichever are given.

    `finish_reason` None follows from the content: `tool_calls` where there are calls,
    else `stop`.
    """

    text: str | None = None
    thinking: str | None = None
    tool_calls: list[ScriptedCall] = []
    finish_reason: FinishReason | None = None


class MockOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the mock provider behaves.

    Attributes:
        latency_ms: from the request to the first token.
        tokens_per_second: how fast the answer is written; None writes it at once.
        error_rate: the share of requests, 0 to 1, that fail with `error_status`.
        error_status: the HTTP status of those failures.
        retry_after: seconds a rate-limited or overloaded client is told to wait.
        seed: of the random numbers that pick the failing requests.
        parallel_calls: how many calls the model `tools` makes at once.
        script: what the model `text` says, one answer per turn of the conversation,
            from the start again after the last one; empty says one fixed sentence.
        models: further model names, each with the built-in model it behaves as.
    """

    latency_ms: Milliseconds = 0
    tokens_per_second: Annotated[float, Meta(gt=0)] | None = None
    error_rate: Rate = 0
    error_status: ErrorStatus = 503
    retry_after: Annotated[float, Meta(ge=0)] | None = 1
    seed: int = 0
    parallel_calls: Annotated[int, Meta(ge=1, le=64)] = 1
    script: list[ScriptedAnswer] = []
    models: dict[str, str] = {}
