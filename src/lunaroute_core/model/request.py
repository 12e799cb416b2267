"""The normalized request: one conversation and what is asked of the model.

Optionals are three-state where the vendors tell "absent", "null" and "false" apart:
UNSET is absent, None is an explicit null.
"""

from typing import Literal, TypeAlias

from msgspec import UNSET, Struct, UnsetType

from lunaroute_core.json_value import JSONObject, JSONValue
from lunaroute_core.model.content import Block, CacheMark, Extensions
from lunaroute_core.model.response import NormalizedResponse


class Message(Struct, kw_only=True, omit_defaults=True):
    """One turn. A `tool` turn may hold several results, as Anthropic's does: splitting
    them is lossless, regrouping would be guesswork.
    """

    role: Literal["system", "user", "assistant", "tool"]
    blocks: list[Block] = []
    name: str | None = None
    phase: str | None = None
    """Responses' marker of commentary versus final answer."""
    extensions: Extensions = {}


class ToolNamespace(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A common name of client-side tools (Responses): their calls name it beside the tool.

    Those of one namespace stand together in a request.
    """

    name: str
    description: str | None = None
    extensions: Extensions = {}


class FunctionTool(Struct, kw_only=True, omit_defaults=True, tag_field="kind", tag="function"):
    """A client-side tool with a JSON schema, kept whole."""

    name: str
    description: str | None = None
    schema: JSONObject | None = None
    strict: bool | UnsetType | None = UNSET
    namespace: ToolNamespace | None = None
    cache: CacheMark | None = None
    extensions: Extensions = {}


class CustomTool(Struct, kw_only=True, omit_defaults=True, tag_field="kind", tag="custom"):
    """A client-side tool that takes free text, perhaps under a grammar."""

    name: str
    description: str | None = None
    format: JSONObject | None = None
    namespace: ToolNamespace | None = None
    cache: CacheMark | None = None
    extensions: Extensions = {}


class HostedTool(Struct, kw_only=True, omit_defaults=True, tag_field="kind", tag="hosted"):
    """A tool that the vendor runs. `config` is the vendor's whole object."""

    dialect: str
    type: str
    config: JSONObject
    name: str | None = None
    cache: CacheMark | None = None


Tool: TypeAlias = FunctionTool | CustomTool | HostedTool


class ToolChoice(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`named` and `allowed` list tool names; `hosted` keeps the vendor's own object in `raw`."""

    mode: Literal["auto", "none", "required", "named", "allowed", "hosted"]
    names: list[str] = []
    required: bool = False
    """For `allowed`: whether one of the set must be called."""
    raw: JSONObject | None = None


class Limits(Struct, frozen=True, kw_only=True, omit_defaults=True):
    max_output_tokens: int | None = None
    max_tool_calls: int | None = None


class Sampling(Struct, frozen=True, kw_only=True, omit_defaults=True):
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    seed: int | None = None
    stop: list[str] | None = None
    logit_bias: dict[str, float] | None = None
    n: int | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None


class Reasoning(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`mode` is Anthropic's thinking type, `effort` the scale both vendors share,
    `budget_tokens` the manual budget, `display` how thinking is shown
    (`summarized`, `omitted`, or Responses' `summary` word).
    """

    mode: Literal["enabled", "adaptive", "disabled", "between_tools"] | None = None
    effort: str | None = None
    budget_tokens: int | None = None
    display: str | None = None


class OutputFormat(Struct, frozen=True, kw_only=True, omit_defaults=True):
    kind: Literal["text", "json_object", "json_schema"] = "text"
    name: str | None = None
    description: str | None = None
    schema: JSONObject | None = None
    strict: bool | UnsetType | None = UNSET


class Output(Struct, frozen=True, kw_only=True, omit_defaults=True):
    format: OutputFormat | None = None
    verbosity: str | None = None
    modalities: list[str] | None = None
    audio: JSONObject | None = None


class CacheOptions(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Prompt caching asked for the request as a whole."""

    key: str | None = None
    mark: CacheMark | None = None
    options: JSONObject | None = None


class Identity(Struct, frozen=True, kw_only=True, omit_defaults=True):
    user: str | None = None
    safety_identifier: str | None = None
    metadata: dict[str, JSONValue] | None = None


class Conversation(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """State that the vendor keeps between requests (Responses)."""

    store: bool | UnsetType | None = UNSET
    previous_response_id: str | None = None
    kept_here: bool = False
    """Whether the gateway keeps it instead: `turns` are whole, and no upstream is asked to."""


class StreamOptions(Struct, frozen=True, kw_only=True, omit_defaults=True):
    enabled: bool = False
    include_usage: bool | None = None


class RequestSource(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where the request came from: its dialect and what its headers said of it."""

    dialect: str
    version: str | None = None
    betas: list[str] = []
    legacy_functions: bool = False
    """Chat's `functions`/`function_call`, whose answers have another shape."""


class NormalizedRequest(Struct, kw_only=True, omit_defaults=True):
    model: str
    source: RequestSource
    instructions: list[Block] = []
    """Leading system content; later system turns stay in `turns`, in order."""
    turns: list[Message] = []
    tools: list[Tool] = []
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    limits: Limits = Limits()
    sampling: Sampling = Sampling()
    reasoning: Reasoning | None = None
    output: Output = Output()
    cache: CacheOptions | None = None
    identity: Identity = Identity()
    tier: str | None = None
    conversation: Conversation = Conversation()
    stream: StreamOptions = StreamOptions()
    extensions: Extensions = {}
    paused: NormalizedResponse | None = None
    """What the model has said in answer to this before it paused, in the blocks of the dialect that
    the request is to be written in: the answer goes on from there."""

    @property
    def continues_tool_loop(self) -> bool:
        """Whether the client hands back tool results, and no message of the user's after them."""
        theirs = (turn.role for turn in reversed(self.turns) if turn.role in ("user", "tool"))
        return next(theirs, None) == "tool"
