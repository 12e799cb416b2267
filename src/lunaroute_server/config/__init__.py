"""The server's configuration: a typed model, and how it is read, checked and shown."""

from lunaroute_server.config.checks import check
from lunaroute_server.config.conversation import (
    ReasoningConfig,
    StateConfig,
    StoredResponsesConfig,
    VaultConfig,
)
from lunaroute_server.config.loading import LoadedConfig, config_from_mapping, load_config
from lunaroute_server.config.model import (
    ApiDialect,
    BypassConfig,
    Config,
    HttpServerConfig,
    LimitsConfig,
    LogFormat,
    LoggingConfig,
    LogLevel,
)
from lunaroute_server.config.origin import Origin
from lunaroute_server.config.overrides import Overrides
from lunaroute_server.config.problem import InvalidConfigurationError, Problem
from lunaroute_server.config.provider import (
    HttpClientConfig,
    PrependedMessage,
    ProviderConfig,
    ProviderType,
    RequestBodyConfig,
)
from lunaroute_server.config.redaction import EffectiveSetting, effective, redacted
from lunaroute_server.config.routing import RoutingConfig
from lunaroute_server.config.routing_rule import AliasConfig, RuleConfig
from lunaroute_server.config.schema import config_schema

__all__ = [
    "AliasConfig",
    "ApiDialect",
    "BypassConfig",
    "Config",
    "EffectiveSetting",
    "HttpClientConfig",
    "HttpServerConfig",
    "InvalidConfigurationError",
    "LimitsConfig",
    "LoadedConfig",
    "LogFormat",
    "LogLevel",
    "LoggingConfig",
    "Origin",
    "Overrides",
    "PrependedMessage",
    "Problem",
    "ProviderConfig",
    "ProviderType",
    "ReasoningConfig",
    "RequestBodyConfig",
    "RoutingConfig",
    "RuleConfig",
    "StateConfig",
    "StoredResponsesConfig",
    "VaultConfig",
    "check",
    "config_from_mapping",
    "config_schema",
    "effective",
    "load_config",
    "redacted",
]
