"""Keys beside the model's own: other spellings, and those that a later version will know."""

from difflib import get_close_matches

from msgspec import Struct

from lunaroute_core.json_value import JSONValue
from lunaroute_server.config.annotations import field_types
from lunaroute_server.config.key_path import KeyPath
from lunaroute_server.config.model import Config, LoggingConfig
from lunaroute_server.config.provider import HttpClientConfig, ProviderConfig
from lunaroute_server.config.resilience import HealthConfig
from lunaroute_server.config.routing import RoutingConfig
from lunaroute_server.config.routing_rule import MatchConfig, RuleConfig, TargetConfig

SPELLINGS: dict[type[Struct], dict[str, KeyPath]] = {
    ProviderConfig: {
        "provider_type": ("type",),
        "headers": ("request_headers",),
        "timeout_secs": ("http_client", "timeout_secs"),
        "max_retries": ("retry", "max_retries"),
    },
    RoutingConfig: {"health_monitor": ("health",)},
    RuleConfig: {"matcher": ("match",), "model_pattern": ("match", "model_pattern")},
    MatchConfig: {"pattern": ("model_pattern",), "listener": ("dialect",)},
    TargetConfig: {"id": ("provider",)},
    HealthConfig: {"failure_window_secs": ("window_secs",)},
}
"""The original's other names for keys, and what they are here."""

LATER: dict[type[Struct], frozenset[str]] = {
    Config: frozenset(
        {
            "listeners",
            "observability",
            "pii",
            "session_recording",
            "session_stats_max_sessions",
            "ui",
        }
    ),
    LoggingConfig: frozenset({"log_responses", "log_sql_queries"}),
    ProviderConfig: frozenset({"codex_auth", "response_body"}),
    HttpClientConfig: frozenset({"enable_pool_metrics", "pool_max_idle_per_host"}),
    MatchConfig: frozenset({"key", "tenant"}),
}
"""Keys that have no effect in this version, and so are refused."""

_ELSEWHERE: dict[tuple[type[Struct], str], str] = {
    (Config, "server"): 'unknown key: "host" and "port" stand at the top level'
}


def is_switched_off(section: type[Struct], key: str, value: JSONValue) -> bool:
    """Whether it turns a later version's feature off, which is what this version does."""
    later = key in LATER.get(section, ())
    return later and isinstance(value, dict) and value.get("enabled") is False


def why_unknown(section: type[Struct], key: str) -> str:
    """Why the model has no such key."""
    if key in LATER.get(section, ()):
        return "is not supported by this version"
    if reason := _ELSEWHERE.get((section, key)):
        return reason
    known = (*field_types(section), *SPELLINGS.get(section, {}))
    close = get_close_matches(key, known, n=1)
    return f'unknown key (did you mean "{close[0]}"?)' if close else "unknown key"
