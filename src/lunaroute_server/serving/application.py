"""What a server serves: an ASGI application, and how to make it finish."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import TYPE_CHECKING

from attrs import field, frozen
from starlette.types import ASGIApp

if TYPE_CHECKING:
    from lunaroute_server.config import Config
    from lunaroute_server.reload import ConfigSource


def _nothing() -> None:
    """For an application that reads nothing again."""


@frozen(kw_only=True)
class Application:
    """`app` is served; its ASGI lifespan is run around the serving.

    `begin_drain(after=seconds)` returns at once; requests that still run after so many
    seconds are ended with an error that their client understands. `reload` asks for the
    configuration to be read again, and returns at once too. `beside` is open while it serves.
    """

    app: ASGIApp
    begin_drain: Callable[[float], None]
    reload: Callable[[], None] = _nothing
    beside: AbstractAsyncContextManager[object] = field(factory=nullcontext)


def gateway_application(config: "Config", source: "ConfigSource | None" = None) -> Application:
    """The gateway that `config` describes, which is read from `source` again when it changes."""
    # aiohttp and the dialects take 0.4 s to import, which only serving needs.
    from lunaroute_server.app import create_app  # noqa: PLC0415
    from lunaroute_server.gateway import Gateway  # noqa: PLC0415
    from lunaroute_server.reload import ConfigWatch, Reloading  # noqa: PLC0415

    gateway = Gateway.from_config(config, source=source)
    app = create_app(gateway)
    if source is None:
        return Application(app=app, begin_drain=gateway.begin_drain)
    watched = ConfigWatch(path=source.path) if source.path and config.routing.watch else None
    reloading = Reloading(reload=gateway.reload, watched=watched)
    return Application(
        app=app, begin_drain=gateway.begin_drain, reload=reloading.ask, beside=reloading
    )
