"""What a server serves: an ASGI application, and how to make it finish."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from attrs import frozen
from starlette.types import ASGIApp

if TYPE_CHECKING:
    from lunaroute_server.config import Config


@frozen(kw_only=True)
class Application:
    """`app` is served; its ASGI lifespan is run around the serving.

    `begin_drain(after=seconds)` returns at once; requests that still run after so many
    seconds are ended with an error that their client understands.
    """

    app: ASGIApp
    begin_drain: Callable[[float], None]


def gateway_application(config: "Config") -> Application:
    """The gateway that `config` describes."""
    # aiohttp and the dialects take 0.4 s to import, which only serving needs.
    from lunaroute_server.app import create_app  # noqa: PLC0415
    from lunaroute_server.gateway import Gateway  # noqa: PLC0415

    gateway = Gateway.from_config(config)
    return Application(app=create_app(gateway), begin_drain=gateway.begin_drain)
