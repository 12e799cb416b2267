"""What both OpenAI dialects share: the vendor, its errors, its list of models."""

from lunaroute_core.dialects.openai_vendor.errors import (
    OpenAIErrors,
    decode_openai_error,
    encode_openai_error,
    openai_error_details,
    openai_error_object,
)
from lunaroute_core.dialects.openai_vendor.models import OpenAIModels
from lunaroute_core.dialects.vendor import Vendor

OPENAI = Vendor(
    name="openai",
    request_id_header="x-request-id",
    client_headers=frozenset(
        {b"openai-organization", b"openai-project", b"openai-beta", b"chatgpt-account-id"}
    ),
    # Old keys begin with a bare `sk-`, as Anthropic's `sk-ant-` do: these tell apart.
    key_prefixes=(b"sk-proj-", b"sk-svcacct-", b"sk-admin-"),
    # Not /v1/files, /v1/models, /v1/skills: Anthropic has them too.
    path_prefixes=(
        "/v1/assistants",
        "/v1/audio",
        "/v1/batches",
        "/v1/chat",
        "/v1/chatkit",
        "/v1/completions",
        "/v1/containers",
        "/v1/content_provenance_checks",
        "/v1/conversations",
        "/v1/decisions",
        "/v1/embeddings",
        "/v1/evals",
        "/v1/fine_tuning",
        "/v1/images",
        "/v1/live",
        "/v1/moderations",
        "/v1/organization",
        "/v1/realtime",
        "/v1/responses",
        "/v1/safety",
        "/v1/threads",
        "/v1/uploads",
        "/v1/vector_stores",
        "/v1/videos",
    ),
    # The last is what fine-tuned models are called.
    model_patterns=("^gpt-", "^o[0-9]", "^chatgpt-", "^codex-", "^computer-use-", "^ft:"),
    models=OpenAIModels(),
)

__all__ = [
    "OPENAI",
    "OpenAIErrors",
    "OpenAIModels",
    "decode_openai_error",
    "encode_openai_error",
    "openai_error_details",
    "openai_error_object",
]
