"""Content blocks: what a message is made of.

Blocks, not strings with tool calls beside them: the order of reasoning, text and calls
is what the vendors' signatures cover, and it cannot be recovered once lost. Everything
that a vendor may compare byte for byte (tool arguments, signatures, image data) is kept
as the string that was received.
"""

from typing import Literal, TypeAlias

from msgspec import UNSET, Struct, UnsetType

from lunaroute_core.json_value import JSONObject, JSONValue

Extensions: TypeAlias = dict[str, JSONObject]
"""Fields only one dialect knows, by dialect name; re-emitted only to that dialect."""


class CacheMark(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A prompt-cache breakpoint after this element."""

    ttl: Literal["5m", "30m", "1h", "12h"] | None = None


class InlineSource(Struct, frozen=True, kw_only=True, tag="inline"):
    """Data inside the request. `data` is base64 exactly as received."""

    media_type: str
    data: str


class UrlSource(Struct, frozen=True, kw_only=True, tag="url"):
    url: str


class FileSource(Struct, frozen=True, kw_only=True, tag="file"):
    """A file in one vendor's store: meaningless to any other vendor or account."""

    vendor: str
    file_id: str


class TextSource(Struct, frozen=True, kw_only=True, tag="text"):
    text: str
    media_type: str = "text/plain"


Source: TypeAlias = InlineSource | UrlSource | FileSource | TextSource


class Origin(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who minted an opaque reasoning payload; only that one may get it back."""

    dialect: str
    vendor: str = ""
    account: str = ""
    model: str = ""


class _Block(Struct, kw_only=True, omit_defaults=True, tag_field="kind"):
    cache: CacheMark | None = None
    extensions: Extensions = {}


class Citation(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A reference from answer text to a source.

    `start` and `end` are character offsets into the block's own text, when known.
    `raw` is the vendor's object.
    """

    dialect: str
    raw: JSONObject
    url: str | None = None
    title: str | None = None
    cited_text: str | None = None
    start: int | None = None
    end: int | None = None


class TextBlock(_Block, tag="text"):
    """Text. `logprobs` are the log probabilities of its tokens, where a client asked for them:
    objects with the `token`, its `logprob`, its `bytes` and its rivals, `top_logprobs`.
    """

    text: str
    citations: list[Citation] = []
    logprobs: list[JSONObject] = []


class ImageBlock(_Block, tag="image"):
    source: Source
    detail: str | None = None


class DocumentBlock(_Block, tag="document"):
    """A file to read. `blocks` instead of `source` is Anthropic's `content` document."""

    source: Source | None = None
    blocks: "list[Block]" = []
    title: str | None = None
    context: str | None = None
    citations_enabled: bool | None = None


class AudioBlock(_Block, tag="audio"):
    """Audio in (`data`, base64, and `format`) or a reference to earlier output (`audio_id`)."""

    data: str | None = None
    format: str | None = None
    audio_id: str | None = None
    transcript: str | None = None
    expires_at: int | None = None


class SearchResultBlock(_Block, tag="search_result"):
    source: str
    title: str
    blocks: "list[Block]" = []
    citations_enabled: bool | None = None


class ToolCallBlock(_Block, tag="tool_call"):
    """A call of a client-side tool.

    `raw_arguments` is the text the model wrote: JSON for `function` tools (perhaps
    truncated, perhaps empty), free text for `custom` ones. `arguments` is its parsed
    value, UNSET when it does not parse.
    """

    id: str
    name: str
    tool_kind: Literal["function", "custom"] = "function"
    raw_arguments: str = ""
    arguments: JSONValue | UnsetType = UNSET
    item_id: str | None = None
    """The Responses item id, which is not the call id."""
    namespace: str | None = None
    """The name of the tool's namespace, if it is in one."""


class ToolResultBlock(_Block, tag="tool_result"):
    call_id: str
    blocks: "list[Block]" = []
    is_error: bool | None = None
    tool_kind: Literal["function", "custom"] = "function"


class ReasoningBlock(_Block, tag="reasoning"):
    """The model's thinking.

    `visible`: `parts` of readable text and perhaps an `opaque` signature over them.
    `redacted`: only `opaque`. `signature_only`: no text, but a signature.
    Consecutive blocks stay distinct: merging texts voids signatures.
    """

    variant: Literal["visible", "redacted", "signature_only"] = "visible"
    parts: list[str] = []
    opaque: str | None = None
    origin: Origin | None = None
    item_id: str | None = None


class RefusalBlock(_Block, tag="refusal"):
    text: str


class HostedCallBlock(_Block, tag="hosted_call"):
    """A call of a tool that the vendor itself runs (web search, code execution, …)."""

    dialect: str
    type: str
    raw: JSONObject
    id: str | None = None


class HostedResultBlock(_Block, tag="hosted_result"):
    dialect: str
    type: str
    raw: JSONObject
    call_id: str | None = None


class CompactionBlock(_Block, tag="compaction"):
    """Earlier conversation, compacted by the vendor."""

    dialect: str
    raw: JSONObject


class OpaqueBlock(_Block, tag="opaque"):
    """A block whose type this version does not know, kept whole."""

    dialect: str
    type: str
    raw: JSONObject


Block: TypeAlias = (
    TextBlock
    | ImageBlock
    | DocumentBlock
    | AudioBlock
    | SearchResultBlock
    | ToolCallBlock
    | ToolResultBlock
    | ReasoningBlock
    | RefusalBlock
    | HostedCallBlock
    | HostedResultBlock
    | CompactionBlock
    | OpaqueBlock
)
