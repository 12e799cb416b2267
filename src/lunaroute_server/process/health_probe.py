"""Asking a server whether it is there."""

from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

HEALTH_PATH = "/healthz"


def answers_health(url: str, *, timeout_secs: float) -> bool:
    """Whether the server at `url` answers its health endpoint with 200.

    http.client, as proxies from the environment must not come between.
    """
    place = urlsplit(url)
    connection = HTTPConnection(place.hostname or "", place.port, timeout=timeout_secs)
    try:
        connection.request("GET", HEALTH_PATH)
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
