"""Running the gateway: the listening socket, the HTTP servers, workers and graceful stops."""

from lunaroute_server.serving.application import Application, gateway_application
from lunaroute_server.serving.http_server import SERVERS, server_named
from lunaroute_server.serving.serve import serve

__all__ = ["SERVERS", "Application", "gateway_application", "serve", "server_named"]
