"""The HTTP side towards vendors: connectors, credentials, headers, templates."""

from lunaroute_core.deadlines import Deadlines
from lunaroute_egress.connector import Connector
from lunaroute_egress.credentials import KeyRing
from lunaroute_egress.endpoints import (
    AnthropicEndpoint,
    AzureOpenAIEndpoint,
    Endpoint,
    OpenAIEndpoint,
)
from lunaroute_egress.http_client import HttpClient, PoolSettings
from lunaroute_egress.mock import MockProvider
from lunaroute_egress.mock.options import MockOptions
from lunaroute_egress.model_names import ModelNames
from lunaroute_egress.templates import Templates

__all__ = [
    "AnthropicEndpoint",
    "AzureOpenAIEndpoint",
    "Connector",
    "Deadlines",
    "Endpoint",
    "HttpClient",
    "KeyRing",
    "MockOptions",
    "MockProvider",
    "ModelNames",
    "OpenAIEndpoint",
    "PoolSettings",
    "Templates",
]
