"""The headers that tell a client what the gateway did with its request."""

import re
import time

from lunaroute_core import (
    Headers,
    ModelRequest,
    ModelResponse,
    ModelStream,
    ProviderError,
    TranslationWarning,
)
from lunaroute_core.client_memo import ClientMemo
from lunaroute_core.dialects.registry import dialect_named
from lunaroute_core.headers import find_header
from lunaroute_ingress.exchange import Exchange

_UNPRINTABLE = re.compile(rb"[^\x20-\x7e]")
_MAX_VALUE_BYTES = 256
_MAX_WARNINGS = 16
"""Told in the header: clients refuse an answer whose headers have more than some 8 kB."""


def outcome_headers(
    request: ModelRequest, outcome: ModelResponse | ModelStream | ProviderError, exchange: Exchange
) -> Headers:
    """`x-lunaroute-*`: provider, model, attempts, own time, and what translation lost.

    `x-lunaroute-overhead-ms` is the time from the request's arrival to the answer's first
    byte (a stream; its first content, where that was waited for) or last byte (a whole answer),
    less the time that upstreams took for it, those that failed included.
    """
    context = request.context
    headers = [
        (b"x-lunaroute-provider", _NAMES[outcome.provider]),
        (b"x-lunaroute-attempts", b"%d" % context.attempts),
    ]
    if isinstance(outcome, ProviderError):
        # An error's own answer has the upstream's id for it already.
        model, timings, wire = request.model, None, None
    else:
        model, timings, wire = outcome.model, outcome.timings, outcome.wire
    if model:
        headers.append((b"x-lunaroute-model", _NAMES[model]))
    if timings is not None:
        reached = timings.finished
        if reached is None:
            content_at = outcome.first_content.at if isinstance(outcome, ModelStream) else None
            reached = content_at or timings.first_byte or timings.started
        upstream = context.waited + (reached - timings.started)
        overhead = 1000 * (time.monotonic() - exchange.received_at - upstream)
        headers.append((b"x-lunaroute-overhead-ms", b"%.2f" % overhead))
    if wire is not None and wire.dialect not in (None, context.client_dialect):
        headers.extend(_upstream_request_id(wire.dialect, wire.headers))
    if context.session_id is not None:
        headers.append((b"x-lunaroute-session-id", header_value(context.session_id)))
    if context.warnings:
        headers.append((b"x-lunaroute-warnings", _warnings(context.warnings)))
    return tuple(headers)


def header_value(text: str) -> bytes:
    """A text as a header value: clients choose model names, so nothing may slip in."""
    return _UNPRINTABLE.sub(b"?", text[:_MAX_VALUE_BYTES].encode("ascii", "replace"))


class _Names(ClientMemo[str, bytes]):
    """Names of providers and models as header values."""

    def __missing__(self, name: str) -> bytes:
        return self.keep(name, header_value(name), length=len(name))


_NAMES = _Names()


def _upstream_request_id(dialect: str, headers: Headers) -> Headers:
    """The id by which the vendor knows a request that was translated for it."""
    name = dialect_named(dialect).vendor.request_id_header
    found = find_header(headers, name.encode())
    return () if found is None else ((b"x-lunaroute-upstream-request-id", header_value(found)),)


def _warnings(warnings: list[TranslationWarning]) -> bytes:
    told = [f"{warning.outcome} {warning.param}" for warning in warnings[:_MAX_WARNINGS]]
    if more := len(warnings) - len(told):
        told.append(f"and {more} more")
    return b", ".join(map(header_value, told))
