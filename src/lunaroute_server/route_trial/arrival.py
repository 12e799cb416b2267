"""A described request, received by the gateway's own ingress."""

from typing import NoReturn

from attrs import define, evolve, field
from starlette.types import Message, Scope

from lunaroute_core import (
    InvalidRequestError,
    LunaRouteError,
    ModelRequest,
    ModelResponse,
    ModelStream,
)
from lunaroute_ingress import IngressSettings
from lunaroute_server.app import create_app
from lunaroute_server.gateway import Gateway
from lunaroute_server.route_trial.described_request import DescribedRequest


class RequestRefusedError(LunaRouteError):
    """The gateway would answer by itself, and route nothing."""


async def received(described: DescribedRequest, settings: IngressSettings) -> ModelRequest:
    """What the ingress makes of a request, headers, query and body read as in earnest.

    Raises:
        ConfigurationError: the description contradicts itself.
        RequestRefusedError: the ingress refuses it.
    """
    settings = evolve(settings, log_requests=False, allowed_hosts=None)
    arrival = _Arrival()
    answer = _Answer()
    scope, body = _http(described)

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async with Gateway(provider=arrival, settings=settings) as gateway:
        await create_app(gateway)(scope, receive, answer.send)
    if arrival.request is None:
        raise RequestRefusedError(f"the gateway answers {answer.status} itself: {answer.text}")
    return arrival.request


@define
class _Arrival:
    """A Provider that keeps the request it is given."""

    name: str = "arrival"
    request: ModelRequest | None = None

    async def send(self, request: ModelRequest) -> ModelResponse:
        self._keep(request)

    async def stream(self, request: ModelRequest) -> ModelStream:
        self._keep(request)

    def _keep(self, request: ModelRequest) -> NoReturn:
        self.request = request
        raise InvalidRequestError("it goes no further")


@define
class _Answer:
    """What the ingress answers."""

    status: int = 0
    body: bytearray = field(factory=bytearray)

    async def send(self, message: Message) -> None:
        self.status = message.get("status", self.status)
        self.body += message.get("body", b"")

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")


def _http(described: DescribedRequest) -> tuple[Scope, bytes]:
    """An ASGI scope, and the body."""
    dialect = described.spoken()
    path = described.path or (dialect.paths[0] if dialect is not None else "/")
    body = described.http_body(dialect)
    headers = (*described.http_headers(), (b"content-length", b"%d" % len(body)))
    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "headers": list(headers),
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": described.query.encode(),
        "root_path": "",
        "server": ("localhost", 80),
        "client": ("127.0.0.1", 0),
    }
    return scope, body
