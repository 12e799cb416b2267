"""The HTTP side towards clients: endpoints, validation, streams, errors."""

from lunaroute_ingress.edge import Edge
from lunaroute_ingress.health import ProviderStatus
from lunaroute_ingress.in_flight import InFlight
from lunaroute_ingress.indexed_router import IndexedRouter
from lunaroute_ingress.relay import Relay
from lunaroute_ingress.routes import ingress_routes
from lunaroute_ingress.settings import IngressSettings

__all__ = [
    "Edge",
    "InFlight",
    "IndexedRouter",
    "IngressSettings",
    "ProviderStatus",
    "Relay",
    "ingress_routes",
]
