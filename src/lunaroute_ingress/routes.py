"""Which endpoint answers which path; a dialect in the registry has its routes at once."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from starlette.routing import BaseRoute, Route, WebSocketRoute

from lunaroute_core import Operation
from lunaroute_core.dialects.dialect import Dialect
from lunaroute_ingress.bypass import Bypass
from lunaroute_ingress.health import Liveness, ProviderStatus, Readiness
from lunaroute_ingress.model_endpoint import ModelEndpoint
from lunaroute_ingress.models_endpoint import ModelsEndpoint
from lunaroute_ingress.relay import Relay
from lunaroute_ingress.websocket_refusal import WebSocketRefusal


def ingress_routes(
    relay: Relay,
    *,
    dialects: Iterable[Dialect],
    known: Iterable[Dialect],
    providers: Callable[[], Sequence[ProviderStatus]],
) -> list[BaseRoute]:
    """All routes, the busiest first.

    Args:
        relay: what answers.
        dialects: those that clients may speak.
        known: those by which clients are told apart, the others included.
        providers: what `/readyz` lists.
    """
    spoken, clients = tuple(dialects), tuple(known)
    models = ModelsEndpoint(dialects=spoken, known=clients, relay=relay)
    readiness = Readiness(in_flight=relay.in_flight, providers=providers)
    return [
        *(route for dialect in spoken for route in _dialect_routes(dialect, relay)),
        Route("/v1/models", models, methods=["GET"]),
        Route("/v1/models/{model:path}", models, methods=["GET"]),
        Route("/healthz", Liveness(), methods=["GET"]),
        Route("/readyz", readiness, methods=["GET"]),
        Route("/{path:path}", Bypass(dialects=spoken, known=clients, relay=relay)),
        WebSocketRoute("/{path:path}", WebSocketRefusal()),
    ]


def _dialect_routes(dialect: Dialect, relay: Relay) -> Iterator[Route]:
    for path in dialect.paths:
        endpoint = ModelEndpoint(dialect=dialect, path=dialect.paths[0], relay=relay)
        yield Route(path, endpoint, methods=["POST"])
    if dialect.token_count is not None:
        endpoint = ModelEndpoint(
            dialect=dialect,
            path=dialect.token_count.path,
            relay=relay,
            operation=Operation.COUNT_TOKENS,
        )
        yield Route(dialect.token_count.path, endpoint, methods=["POST"])
