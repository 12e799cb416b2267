"""What a client is told that names something there is not."""

from collections.abc import Iterable

from lunaroute_core import InvalidRequestError
from lunaroute_routing.wording import SHOWN

LISTED = 50
"""Names that are listed at most: there may be thousands of rules."""


def unknown_provider(name: str, known: Iterable[str]) -> InvalidRequestError:
    """For `X-Luna-Provider`."""
    return _unknown("X-Luna-Provider", "provider", name, known)


def unknown_route(name: str, known: Iterable[str]) -> InvalidRequestError:
    """For `X-Luna-Route`, or `route` in the query."""
    return _unknown("X-Luna-Route", "route", name, known)


def _unknown(place: str, what: str, name: str, known: Iterable[str]) -> InvalidRequestError:
    names = tuple(known)
    listed = ", ".join(names[:LISTED]) or "none"
    if len(names) > LISTED:
        listed += f" and {len(names) - LISTED} more"
    message = f"{place}: there is no {what} {name[:SHOWN]!r}, only {listed}"
    return InvalidRequestError(message, param=place)
