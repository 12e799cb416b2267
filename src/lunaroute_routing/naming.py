"""What a client is told that names something there is not."""

from collections.abc import Iterable

from lunaroute_core import InvalidRequestError


def unknown_provider(name: str, known: Iterable[str]) -> InvalidRequestError:
    """For `X-Luna-Provider`."""
    return _unknown("X-Luna-Provider", "provider", name, known)


def unknown_route(name: str, known: Iterable[str]) -> InvalidRequestError:
    """For `X-Luna-Route`, or `route` in the query."""
    return _unknown("X-Luna-Route", "route", name, known)


def _unknown(place: str, what: str, name: str, known: Iterable[str]) -> InvalidRequestError:
    listed = ", ".join(known) or "none"
    return InvalidRequestError(f"{place}: there is no {what} {name!r}, only {listed}", param=place)
