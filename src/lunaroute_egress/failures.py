"""Translates the HTTP client's exceptions into the error tree, at one boundary."""

import ssl

import aiohttp
from aiohttp.http_exceptions import PayloadEncodingError

from lunaroute_core.content_encoding import ContentEncodingError
from lunaroute_core.deadlines import Deadlines
from lunaroute_core.errors import (
    ProviderError,
    UpstreamProtocolError,
    UpstreamTimeoutError,
    UpstreamUnavailableError,
)

CLIENT_FAILURES = (aiohttp.ClientError, TimeoutError, OSError, ValueError)
"""What the HTTP client raises; ValueError covers malformed framing, URLs and encodings."""


def before_answer(error: Exception, *, provider: str, deadlines: Deadlines) -> ProviderError:
    """What the HTTP client reported before there was a status line."""
    match error:
        case TimeoutError():  # the only deadline the HTTP client keeps itself
            return UpstreamTimeoutError(
                phase="connect", seconds=deadlines.connect or 0.0, provider=provider
            )
        case aiohttp.ClientConnectorDNSError():
            reason = f"cannot resolve the upstream's name {error.host}"
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientSSLError() | ssl.SSLError():
            reason = f"TLS with the upstream failed: {error}"
        case aiohttp.ClientConnectorError():
            reason = f"cannot connect to the upstream: {error.os_error.strerror or error}"
        case aiohttp.ClientResponseError() | ValueError():
            return UpstreamProtocolError(f"malformed answer: {error}", provider=provider)
        case aiohttp.ServerDisconnectedError():
            reason = "the upstream closed the connection before answering"
        case _:
            reason = f"the connection to the upstream failed: {error or type(error).__name__}"
    return UpstreamUnavailableError(reason, provider=provider)


def within_answer(error: Exception, *, provider: str) -> ProviderError:
    """What the HTTP client reported while the answer's body was on its way."""
    if isinstance(error, ContentEncodingError):
        return UpstreamProtocolError(str(error), provider=provider)
    # A body shorter than its framing said. OpenCode asks again when it reads these words in
    # an Anthropic error event, whose type alone does not move it to.
    cut = isinstance(error, OSError) or isinstance(error.__cause__, PayloadEncodingError)
    reason = "connection lost" if cut else str(error) or type(error).__name__
    return UpstreamProtocolError(
        f"the upstream broke off in the middle of its answer: {reason}", provider=provider
    )
