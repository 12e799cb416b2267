"""The configuration. A key is here once it has an effect; the string beneath it is its
documentation, which the reference page and the JSON Schema take over.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from lunaroute_core.request_limits import DEFAULT_LIMITS, STRICT_LIMITS, RequestLimits
from lunaroute_server.config.conversation import (
    ReasoningConfig,
    StateConfig,
    StoredResponsesConfig,
)
from lunaroute_server.config.provider import (
    ProviderConfig,
    Seconds,
    WholeSeconds,
    vendor_providers,
)
from lunaroute_server.config.routing import RoutingConfig

ApiDialect = Literal["openai", "anthropic", "both"]
LogLevel = Literal["debug", "info", "warning", "error"]
LogFormat = Literal["auto", "console", "json"]
Port = Annotated[int, Meta(ge=0, le=65535)]
Count = Annotated[int, Meta(ge=1)]
OptionalCount = Count | None | UnsetType


class HttpServerConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The listening side."""

    tcp_nodelay: bool = True
    """Send small packets at once: stream events are small."""
    tcp_keepalive_secs: WholeSeconds | None = 60
    """TCP keep-alive probes to a silent client start after this long; null turns them off."""
    send_buffer_size: Count | None = None
    """The socket's send buffer in bytes; null is the system's default."""
    recv_buffer_size: Count | None = None
    """The socket's receive buffer in bytes; null is the system's default."""
    sse_keepalive_enabled: bool = True
    """Whether silent streams are kept alive, so that nothing between gives up on them."""
    sse_keepalive_interval_secs: Seconds = 15
    """How long a stream may be silent before a keep-alive is sent."""
    max_request_body_bytes: Count = 100 * 1024 * 1024
    """Larger request bodies are refused with 413."""
    drain_secs: Annotated[float, Meta(ge=0)] = 30
    """After SIGTERM, open requests have so long to end; streams then still open end with an
    error event."""
    max_concurrent_requests: Count = 1000
    """Requests in progress beyond this are refused with 503 and `Retry-After`."""
    allowed_hosts: tuple[str, ...] = ()
    """Further `Host` names, in lower case, accepted while listening on loopback, where only
    loopback names are. The check keeps web pages from reaching the gateway by DNS rebinding."""
    allowed_origins: tuple[str, ...] = ()
    """Further web origins (`https://app.example.com`) that may call from a browser, beside
    those on this machine; `*` is all."""


class BypassConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Vendor paths that the gateway does not know, such as `/v1/embeddings`."""

    enabled: bool = True
    """Whether they are forwarded; otherwise they are answered with 404."""
    provider: str | None = None
    """Where to. Null: to the vendor whose path, headers or key it is."""


class LoggingConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is written to standard error."""

    level: LogLevel = "info"
    """The least severe messages that are written."""
    log_requests: bool = False
    """Whether each request is written, as one line when it is complete."""
    format: LogFormat = "auto"
    """`console` is for people, `json` for machines, `auto` is `console` on a terminal."""


class LimitsConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bounds on requests that are decoded. Null is unbounded; absent is the preset's value."""

    preset: Literal["default", "strict"] = "default"
    """`default` lets every legitimate request to today's models through; `strict` has the
    values of the original LunaRoute."""
    max_model_bytes: Count | UnsetType = UNSET
    """The model's name."""
    max_messages: Count | UnsetType = UNSET
    """Messages in one conversation."""
    max_string_bytes: OptionalCount = UNSET
    """One message's string content, in bytes of UTF-8."""
    max_tool_arguments_bytes: OptionalCount = UNSET
    """The arguments of one tool call in the history."""
    max_output_tokens: OptionalCount = UNSET
    """Output tokens a client may ask for."""
    max_choices: OptionalCount = UNSET
    """Choices (`n`) a client may ask for."""

    @property
    def request_limits(self) -> RequestLimits:
        """The preset with the overrides applied."""
        preset = STRICT_LIMITS if self.preset == "strict" else DEFAULT_LIMITS
        given = {name: getattr(self, name) for name in RequestLimits.__struct_fields__}
        changes = {name: value for name, value in given.items() if value is not UNSET}
        return msgspec.structs.replace(preset, **changes)


class Config(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A whole configuration. Every key is optional."""

    host: str = "127.0.0.1"
    """The address to listen on."""
    port: Port = 8081
    """The port to listen on; 0 picks a free one."""
    api_dialect: ApiDialect = "both"
    """Which vendors' APIs clients may speak here."""
    http_server: HttpServerConfig = HttpServerConfig()
    """The listening side."""
    providers: dict[str, ProviderConfig] = msgspec.field(default_factory=vendor_providers)
    """The upstreams by name. Without this key both vendors and `mock` are there, and clients'
    own keys are passed on; with it, exactly those it lists."""
    routing: RoutingConfig = RoutingConfig()
    """Which provider answers which request."""
    bypass: BypassConfig = BypassConfig()
    """Vendor paths the gateway does not know."""
    logging: LoggingConfig = LoggingConfig()
    """What is written to standard error."""
    limits: LimitsConfig = LimitsConfig()
    """Bounds on requests that are decoded."""
    state: StateConfig = StateConfig()
    """Where state is kept."""
    reasoning: ReasoningConfig = ReasoningConfig()
    """What models thought, for clients of another dialect."""
    stored_responses: StoredResponsesConfig = StoredResponsesConfig()
    """Answers kept for requests that name them."""
