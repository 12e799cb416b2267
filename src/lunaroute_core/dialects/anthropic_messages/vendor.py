"""Anthropic, as its clients, keys and paths tell it apart."""

from lunaroute_core.dialects.anthropic_messages.models import MAX_LIMIT, AnthropicModels
from lunaroute_core.dialects.anthropic_messages.name import VENDOR
from lunaroute_core.dialects.vendor import Vendor

ANTHROPIC = Vendor(
    name=VENDOR,
    request_id_header="request-id",
    client_headers=frozenset(
        {
            b"anthropic-version",
            b"anthropic-beta",
            b"anthropic-workspace-id",
            b"anthropic-user-profile-id",
            b"anthropic-dangerous-direct-browser-access",
            b"x-api-key",
        }
    ),
    key_prefixes=(b"sk-ant-",),
    # Paths of the anthropic SDK that the openai SDK does not have: both know /v1/models,
    # /v1/files, /v1/skills, /v1/agents and /v1/vaults.
    path_prefixes=(
        "/v1/messages",
        "/v1/complete",
        "/v1/organizations",
        "/v1/deployment_runs",
        "/v1/dreams",
        "/v1/environments",
        "/v1/memory_stores",
        "/v1/sessions",
        "/v1/tunnels",
        "/v1/user_profiles",
    ),
    model_patterns=("^claude-",),
    models=AnthropicModels(),
    whole_list=b"limit=%d" % MAX_LIMIT,
)
