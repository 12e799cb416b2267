"""The gateway as an ASGI application."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from starlette.routing import Router

from lunaroute_core.dialects.registry import DIALECTS
from lunaroute_ingress import Edge, IndexedRouter, Relay, ingress_routes
from lunaroute_ingress.edge.cors import Cors
from lunaroute_ingress.edge.host_check import HostCheck
from lunaroute_ingress.edge.request_log import RequestLog
from lunaroute_server.gateway import Gateway


def create_app(gateway: Gateway) -> Edge:
    """An ASGI application to run or to mount.

    Its lifespan opens and closes the gateway, unless whoever mounts it has opened it: an
    application that is mounted gets no lifespan of its own.
    """
    settings = gateway.settings
    dialects = tuple(
        dialect
        for dialect in DIALECTS.values()
        if settings.vendors is None or dialect.vendor.name in settings.vendors
    )
    relay = Relay(provider=gateway.provider, in_flight=gateway.in_flight, settings=settings)

    @asynccontextmanager
    async def lifespan(_: Router) -> AsyncGenerator[None]:
        if gateway.is_open:
            yield
            return
        async with gateway:
            yield

    routes = ingress_routes(
        relay, dialects=dialects, known=DIALECTS.values(), providers=gateway.provider_statuses
    )
    return Edge(
        IndexedRouter(routes, lifespan=lifespan),
        dialects=dialects,
        host_check=HostCheck(allowed=_names(settings.allowed_hosts)),
        cors=Cors(allowed=frozenset(settings.allowed_origins)),
        log=RequestLog(enabled=settings.log_requests),
    )


def _names(allowed: tuple[str, ...] | None) -> frozenset[str] | None:
    return None if allowed is None else frozenset(name.lower() for name in allowed)
