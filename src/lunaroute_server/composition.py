"""From a configuration to objects: the only place that knows both."""

import os
from collections.abc import Callable, Mapping
from functools import partial

from attrs import define, field

from lunaroute_core import Provider
from lunaroute_core.dialects.codec import BodyEdits
from lunaroute_core.servers import server_at
from lunaroute_egress import (
    AnthropicEndpoint,
    AzureOpenAIEndpoint,
    Connector,
    Deadlines,
    Endpoint,
    HttpClient,
    KeyRing,
    MockOptions,
    MockProvider,
    ModelNames,
    OpenAIEndpoint,
    PoolSettings,
    Templates,
)
from lunaroute_egress.endpoints import is_loopback, trusts_client_credentials
from lunaroute_ingress import IngressSettings
from lunaroute_policy import GenAIPrices
from lunaroute_routing import Router
from lunaroute_routing.shared_cooldowns import SharedCooldowns
from lunaroute_server.config import Config
from lunaroute_server.config.provider import HttpClientConfig, ProviderConfig, RequestBodyConfig
from lunaroute_server.conversations import Conversations, resumed
from lunaroute_server.provider_prices import ProviderPrices
from lunaroute_server.route_table import route_table
from lunaroute_server.routing_log import RoutingLog
from lunaroute_storage import MemoryStateStore, SqliteStateStore, open_state_store


@define(kw_only=True)
class Composition:
    """What a configuration describes, built but not opened.

    Attributes:
        provider: what answers: the router, with what stands before it.
        router: chooses among the providers that are enabled.
        clients: the HTTP clients that must be opened before `provider` is used.
        stores: the state stores, likewise.
        beside: what runs while the gateway is open, on those.
    """

    provider: Provider
    router: Router
    settings: IngressSettings
    clients: list[HttpClient]
    stores: list[MemoryStateStore | SqliteStateStore]
    beside: list[SharedCooldowns]

    def prepare(self, config: Config) -> Callable[[], None]:
        """What has the router go by another configuration of the same providers.

        It raises ConfigurationError where that cannot be, and the router goes on by the one before.
        """
        return partial(self.router.replace, route_table(config, prices=_prices(config)))


def compose(config: Config, *, environment: Mapping[str, str] | None = None) -> Composition:
    """Build everything a checked configuration asks for.

    Raises:
        ConfigurationError: the installation's secret cannot be used.
    """
    environment = os.environ if environment is None else environment
    conversations = Conversations.from_config(config, environment=environment)
    builder = _Builder(environment=environment, conversations=conversations)
    enabled = {name: one for name, one in config.providers.items() if one.enabled}
    router = Router(
        providers={name: builder.provider(name, one) for name, one in enabled.items()},
        table=route_table(config, prices=_prices(config)),
        observers=(RoutingLog(),),
    )
    stores = [] if conversations is None else conversations.stores
    return Composition(
        provider=router if conversations is None else conversations.before(router),
        router=router,
        settings=_settings(config),
        clients=builder.clients,
        stores=stores,
        beside=_shared_cooldowns(config, router, stores),
    )


def _prices(config: Config) -> ProviderPrices | None:
    """Known prices, where something goes by them: loading them takes a while."""
    rules = (*config.routing.rules, *config.routing.aliases.values())
    compared = any(rule.strategy and rule.strategy.type == "cheapest" for rule in rules)
    hedged = any(one.hedge.enabled for one in (config.routing, *rules, *config.providers.values()))
    if not compared and not hedged:
        return None
    priced = {name: one for name, one in config.providers.items() if one.type != "mock"}
    known = GenAIPrices({name: _endpoint(one).base_url for name, one in priced.items()})
    names = {name: _model_names(one) for name, one in config.providers.items()}
    return ProviderPrices(known=known, names=names)


def _shared_cooldowns(
    config: Config, router: Router, stores: list[MemoryStateStore | SqliteStateStore]
) -> list[SharedCooldowns]:
    """What tells other processes; it uses a store that is there, else adds one."""
    asked = config.routing.share_cooldowns
    if not (config.state.is_shared if asked is None else asked):
        return []
    if not stores:
        stores.append(open_state_store(config.state.url))
    return [SharedCooldowns(states=router.states, store=stores[0])]


@define(kw_only=True)
class _Builder:
    """Makes providers; those with the same pool settings share an HTTP client."""

    environment: Mapping[str, str]
    conversations: Conversations | None
    clients: list[HttpClient] = field(factory=list[HttpClient])

    def provider(self, name: str, config: ProviderConfig) -> Provider:
        if config.type == "mock":
            return MockProvider(name=name, options=config.mock or MockOptions())
        connector = self._connector(name, config)
        provider = resumed(connector)
        if self.conversations is None:
            return provider
        return self.conversations.around(provider, connector)

    def _connector(self, name: str, config: ProviderConfig) -> Connector:
        endpoint = _endpoint(config)
        trusted = config.forward_client_credentials
        return Connector(
            name=name,
            endpoint=endpoint,
            dialects=config.spoken_dialects,
            http=self._client(config.http_client),
            keys=KeyRing(config.keys),
            forward_client_credentials=(
                trusts_client_credentials(endpoint) if trusted is None else trusted
            ),
            deadlines=_deadlines(config.http_client),
            headers=config.request_headers,
            edits=_edits(config.request_body),
            strict=config.translation == "strict",
            server=_server_name(config),
            learn=_learns(config),
            profiles=config.capabilities,
            models=_model_names(config),
            templates=Templates(
                provider=name,
                allowed_environment=frozenset(config.template_env),
                environment=self.environment,
            ),
        )

    def _client(self, config: HttpClientConfig) -> HttpClient:
        pool = PoolSettings(
            idle_seconds=config.pool_idle_timeout_secs,
            keepalive_seconds=config.tcp_keepalive_secs,
            max_connections=config.max_connections,
        )
        for client in self.clients:
            # A limit counts one provider's connections, so such a pool is not shared.
            if client.pool == pool and pool.max_connections is None:
                return client
        self.clients.append(HttpClient(pool=pool))
        return self.clients[-1]


def _endpoint(config: ProviderConfig) -> Endpoint:
    given: dict[str, str] = {} if config.base_url is None else {"base_url": config.base_url}
    match config.type:
        case "anthropic":
            version = {} if config.api_version is None else {"version": config.api_version}
            return AnthropicEndpoint(**given, **version)
        case "azure-openai":
            return AzureOpenAIEndpoint(
                **given, api_version=config.api_version, deployments=config.deployments
            )
        case _:
            return OpenAIEndpoint(**given)


def _model_names(config: ProviderConfig) -> ModelNames:
    return ModelNames(override=config.model, names=config.models)


def _server_name(config: ProviderConfig) -> str | None:
    """The kind of server that is named, or that follows from the provider's type."""
    return config.server or ("azure" if config.type == "azure-openai" else None)


def _learns(config: ProviderConfig) -> bool:
    """Whether to ask what models accept: by default where the vendor is known to say it."""
    if config.learn_capabilities is not None:
        return config.learn_capabilities
    dialect, base_url = config.spoken_dialects[0], _endpoint(config).base_url
    server = server_at(dialect, base_url, name=_server_name(config))
    return server is not None and server.states_capabilities


def _deadlines(config: HttpClientConfig) -> Deadlines:
    return Deadlines(
        connect=config.connect_timeout_secs,
        first_byte=config.first_byte_timeout_secs,
        idle=config.idle_timeout_secs,
        total=config.timeout_secs,
    )


def _edits(config: RequestBodyConfig) -> BodyEdits:
    return BodyEdits(
        defaults=config.defaults,
        overrides=config.overrides,
        prepend_messages=[
            {"role": message.role, "content": message.content}
            for message in config.prepend_messages
        ],
    )


def _settings(config: Config) -> IngressSettings:
    server = config.http_server
    on_loopback = is_loopback(config.host)
    return IngressSettings(
        vendors=None if config.api_dialect == "both" else frozenset({config.api_dialect}),
        max_body_bytes=server.max_request_body_bytes,
        max_concurrent_requests=server.max_concurrent_requests,
        keep_alive_seconds=(
            server.sse_keepalive_interval_secs if server.sse_keepalive_enabled else None
        ),
        limits=config.limits.request_limits,
        bypass=config.bypass.enabled,
        bypass_provider=config.bypass.provider,
        allowed_hosts=server.allowed_hosts if on_loopback else None,
        allowed_origins=server.allowed_origins,
        log_requests=config.logging.log_requests,
    )
