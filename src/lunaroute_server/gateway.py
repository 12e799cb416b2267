"""The gateway: a provider with everything it needs, opened and closed together."""

import os
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from attrs import Factory, define, field

from lunaroute_core import (
    ConfigurationError,
    ModelRequest,
    ModelResponse,
    ModelStream,
    Provider,
)
from lunaroute_egress import HttpClient
from lunaroute_ingress import InFlight, IngressSettings, ProviderStatus
from lunaroute_routing import Router
from lunaroute_server.composition import compose
from lunaroute_server.config import Config
from lunaroute_server.provider_statuses import provider_statuses
from lunaroute_server.reload import ConfigSource, Reload, Reloader

if TYPE_CHECKING:
    from httpx2 import AsyncClient


@define(kw_only=True)
class Gateway:
    """A whole gateway, to be run by the bundled server, mounted in another application, or
    used from code. It is itself a Provider.

    Open it with `async with`; `create_app` does that in its lifespan.

    Attributes:
        provider: answers the requests; any object with the Provider Protocol's methods.
        settings: the HTTP side's.
        clients: HTTP clients that are opened and closed with the gateway.
        stores: state stores, likewise.
        beside: what runs on those while the gateway is open.
        router: whose providers `/readyz` lists; None where `provider` is another one.
        reloader: puts another configuration's routing in effect; None for a gateway that was
            not made from a configuration.
    """

    provider: Provider
    settings: IngressSettings = field(factory=IngressSettings)
    clients: list[HttpClient] = field(factory=list[HttpClient])
    stores: Sequence[AbstractAsyncContextManager[object]] = ()
    beside: Sequence[AbstractAsyncContextManager[object]] = ()
    router: Router | None = None
    reloader: Reloader | None = None
    name: str = "gateway"
    in_flight: InFlight = field(
        init=False,
        default=Factory(
            lambda self: InFlight(limit=self.settings.max_concurrent_requests), takes_self=True
        ),
    )
    _opened: AsyncExitStack | None = field(default=None, init=False)

    @classmethod
    def from_config(
        cls, config: Config | Path | str | None = None, *, source: ConfigSource | None = None
    ) -> "Gateway":
        """A gateway as a configuration describes it.

        Args:
            config: a configuration, the path of one, or None for the one `lunaroute serve`
                would use: environment variables, `~/.lunaroute/config.yaml`, or the defaults.
            source: where `reload` finds a configuration again that was read already.

        Raises:
            ConfigurationError: it names the file and the key.
        """
        if not isinstance(config, Config):
            path = None if config is None else Path(config)
            source = ConfigSource(path=path, environment=os.environ)
            config = source.read().config
        composition = compose(config)
        return cls(
            provider=composition.provider,
            settings=composition.settings,
            clients=composition.clients,
            stores=composition.stores,
            beside=composition.beside,
            router=composition.router,
            reloader=Reloader(running=config, prepare=composition.prepare, source=source),
        )

    async def __aenter__(self) -> Self:
        if self._opened is not None:
            raise RuntimeError("the gateway is open already")
        async with AsyncExitStack() as stack:
            for each in (*self.stores, *self.clients, *self.beside):
                await stack.enter_async_context(each)
            stack.callback(self.in_flight.close)
            self._opened = stack.pop_all()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        opened, self._opened = self._opened, None
        if opened is not None:
            await opened.aclose()

    @property
    def is_open(self) -> bool:
        return self._opened is not None

    @property
    def provider_names(self) -> tuple[str, ...]:
        """The providers that requests are routed to, or the one that gets them all."""
        return (self.provider.name,) if self.router is None else tuple(self.router.providers)

    def provider_statuses(self) -> Sequence[ProviderStatus]:
        """How the providers fare now."""
        snapshots = () if self.router is None else self.router.snapshot()
        return provider_statuses(self.provider_names, snapshots)

    @property
    def active_requests(self) -> int:
        """Requests that came over HTTP and are being answered now."""
        return len(self.in_flight)

    async def reload(self) -> Reload:
        """Read the configuration again, and put in effect what has changed about routing.

        Requests that are being answered go on as they began; what is known of how providers
        fare is kept. Says what has changed, and what takes a restart.

        Raises:
            ConfigurationError: something is wrong with it, or there is none; nothing has
                changed.
        """
        return await self._reloader().reload()

    def reconfigure(self, config: Config) -> Reload:
        """As `reload`, with a configuration from elsewhere, and at once."""
        return self._reloader().reconfigure(config)

    def begin_drain(self, after: float) -> None:
        """Prepare to stop: in `after` seconds, requests that are still being answered end with
        an error in their dialect, and no more are answered.
        """
        self.in_flight.begin_drain(after=after)

    async def send(self, request: ModelRequest) -> ModelResponse:
        """The finished answer. Raises RequestError or ProviderError."""
        return await self.provider.send(request)

    async def stream(self, request: ModelRequest) -> ModelStream:
        """The answer in flight. Raises RequestError or ProviderError."""
        return await self.provider.stream(request)

    def _reloader(self) -> Reloader:
        if self.reloader is None:
            raise ConfigurationError("this gateway was not made from a configuration")
        return self.reloader

    def http_client(self) -> "AsyncClient":
        """An HTTP client that reaches this gateway without a socket, for the official SDKs::

            openai.AsyncOpenAI(http_client=gateway.http_client())
            anthropic.AsyncAnthropic(http_client=gateway.http_client())

        Needs the extra `lunaroute[sdk]`. The gateway must be open while it is used.
        """
        from lunaroute_server.in_process import in_process_client  # noqa: PLC0415 - an extra

        return in_process_client(self)
