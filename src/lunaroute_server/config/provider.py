"""What one provider is told: where it listens, with whose key, and with which edits."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from msgspec import Meta, Struct

from lunaroute_core.json_value import JSONObject
from lunaroute_egress.mock.options import MockOptions
from lunaroute_server.config.annotations import Templated
from lunaroute_server.config.resilience import (
    CircuitBreakerConfig,
    CooldownConfig,
    HealthConfig,
    HedgeConfig,
    RetryConfig,
    Seconds,
    TimeoutsConfig,
)

ProviderType = Literal["openai", "anthropic", "azure-openai", "mock"]
WholeSeconds = Annotated[int, Meta(gt=0)]

NAMED_TYPES: dict[str, ProviderType] = {
    "openai": "openai",
    "anthropic": "anthropic",
    "mock": "mock",
}
"""Providers of these names need no `type`."""

_OPENAI = ("openai_responses", "openai_chat")
_OPENAI_COMPATIBLE = ("openai_chat",)
_ANTHROPIC = ("anthropic_messages",)
_MOCK = ("openai_chat", "openai_responses", "anthropic_messages")
_OPENAI_HOSTS = (".openai.com", ".chatgpt.com")


class HttpClientConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Deadlines and connections to one provider."""

    timeout_secs: Seconds | None = 600
    """The whole call, a stream's last byte included; null waits for ever."""
    connect_timeout_secs: Seconds | None = 10
    """Opening the connection: name resolution, TCP and TLS."""
    first_byte_timeout_secs: Seconds | None = None
    """From the request to the answer's status line; null leaves it to `timeout_secs`, since a
    model may think for minutes before it answers."""
    idle_timeout_secs: Seconds | None = 300
    """Between two pieces of an answer; null waits until `timeout_secs`."""
    pool_idle_timeout_secs: Seconds = 50
    """How long an unused connection is kept. It must be shorter than the vendor keeps it: they
    close idle connections after 60 to 120 seconds, and a request sent just then is lost."""
    tcp_keepalive_secs: WholeSeconds | None = 60
    """TCP keep-alive probes start after this much silence, so that firewalls do not drop a
    connection on which a model is thinking; null turns them off."""
    max_connections: Annotated[int, Meta(ge=1)] | None = None
    """At most so many connections to this provider; further requests wait. Null is no limit."""
    max_retries: Annotated[int, Meta(ge=0)] | None = None
    """The original's place for the provider's `retry.max_retries`."""


class PrependedMessage(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A message put in front of the client's conversation."""

    role: Literal["system", "developer", "user", "assistant"]
    """Who says it."""
    content: str
    """The text; may hold templates."""


class RequestBodyConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Edits to the request's JSON body, in this order. Strings may hold templates.

    A body that is edited is no longer byte-identical to what the client sent.
    """

    defaults: JSONObject = {}
    """Fields set where the client gave none; objects are merged, arrays replaced whole."""
    overrides: JSONObject = {}
    """Fields set whatever the client gave; objects are merged, arrays replaced whole."""
    prepend_messages: tuple[PrependedMessage, ...] = ()
    """Messages put in front of the client's, in order; those that are no instructions stand behind
    the client's instructions."""


class ProviderConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One upstream. Its name is how clients pick it: `name/model`."""

    type: ProviderType
    """What kind of API it is. Any OpenAI-compatible server is `openai` with a `base_url`.
    Providers named `openai`, `anthropic` or `mock` need not say it."""
    enabled: bool = True
    """Whether the provider is used."""
    api_key: str | None = None
    """The key to send. Without any, the client's own is passed on."""
    api_keys: tuple[str, ...] = ()
    """Several keys, used in turn."""
    forward_client_credentials: bool | None = None
    """Whether a provider without keys gets the client's. Null: only where they belong, to the
    vendor itself or a server on this machine."""
    base_url: str | None = None
    """Where it listens; null is the vendor's own address. An `openai` URL includes the version
    (`https://api.openai.com/v1`; without any path it gets `/v1`), an `anthropic` or
    `azure-openai` one does not."""
    api_version: str | None = None
    """`anthropic`: the `anthropic-version` header where the client sent none (2023-06-01).
    `azure-openai`: the `api-version`, and with it the classic deployment paths."""
    deployments: dict[str, str] = {}
    """`azure-openai` with `api_version` only: model name to deployment name."""
    model: str | None = None
    """Sent whatever model the client asked for."""
    models: dict[str, str] = {}
    """Public model name to the name this provider knows it by; other names stay. The public
    names are listed in `/v1/models`."""
    dialects: tuple[str, ...] | None = None
    """The wire dialects the endpoint speaks, best first: `openai_responses`, `openai_chat`,
    `anthropic_messages`. Null follows from `type`; an `openai` provider at another vendor's
    `base_url` is taken to speak `openai_chat` only."""
    translation: Literal["compatible", "strict"] = "compatible"
    """What happens to a request from a client of another dialect that this one cannot wholly
    express: `compatible` leaves out what changes only cost, speed or telemetry and says so in
    `x-lunaroute-warnings`; `strict` refuses it."""
    server: str | None = None
    """The kind of server, as in the [list of servers](capabilities.md): `vllm`, `llama_cpp`, or
    `openai` for a proxy before OpenAI itself. Null: the address tells, and one that is not
    known gets nothing that only the vendor itself takes."""
    capabilities: dict[str, JSONObject] = {}
    """What this provider's models accept, by name pattern (`*`, `?`, `[…]`), where it differs
    from what LunaRoute knows; the first pattern that matches counts. The fields are listed under
    [Capabilities](capabilities.md)."""
    learn_capabilities: bool | None = None
    """Whether the provider is asked, with its own key, for `/v1/models` before a request is
    translated for it, and what that says is taken into account. Null: only where the vendor is
    known to say it, which is Anthropic at its own address."""
    request_headers: Annotated[dict[str, str], Templated] = {}
    """Headers sent in place of the client's. Values may hold templates."""
    request_body: Annotated[RequestBodyConfig, Templated] = RequestBodyConfig()
    """Edits to the request body."""
    template_env: tuple[str, ...] = ()
    """The environment variables that templates may read, as `${env.NAME}`."""
    http_client: HttpClientConfig = HttpClientConfig()
    """Deadlines and connections."""
    circuit_breaker: CircuitBreakerConfig = CircuitBreakerConfig()
    health: HealthConfig = HealthConfig()
    cooldown: CooldownConfig = CooldownConfig()
    retry: RetryConfig = RetryConfig()
    timeouts: TimeoutsConfig = TimeoutsConfig()
    hedge: HedgeConfig = HedgeConfig()
    switch_notification_message: Annotated[str | None, Templated] = None
    """What `routing.provider_switch_notification` says where this provider answers in another's
    place; null is its `default_message`."""
    mock: MockOptions | None = None
    """`mock` only: how the simulated model behaves."""

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys to use in turn. An empty one, as from `${KEY:-}`, is none."""
        return tuple(key for key in (self.api_key, *self.api_keys) if key)

    @property
    def spoken_dialects(self) -> tuple[str, ...]:
        """The names of the dialects the endpoint speaks, best first."""
        if self.dialects is not None:
            return self.dialects
        match self.type:
            case "anthropic":
                return _ANTHROPIC
            case "mock":
                return _MOCK
            case "azure-openai":
                return _OPENAI
            case "openai":
                return _OPENAI if _is_openai(self.base_url) else _OPENAI_COMPATIBLE


def _is_openai(base_url: str | None) -> bool:
    if base_url is None:
        return True
    return f".{urlsplit(base_url).hostname or ''}".endswith(_OPENAI_HOSTS)


def vendor_providers() -> dict[str, ProviderConfig]:
    """What is there when nothing is configured: both vendors, and the simulated model."""
    return {name: ProviderConfig(type=kind) for name, kind in NAMED_TYPES.items()}
