"""Writing whole answers, the vendors' and our own."""

from collections.abc import Iterable
from math import ceil

from msgspec import Struct
from starlette.types import Send

from lunaroute_core import ErrorDetails, ErrorKind, Headers
from lunaroute_core.dialects.dialect import Dialect
from lunaroute_ingress.exchange import Exchange
from lunaroute_ingress.outcome_headers import header_value

_JSON = (b"content-type", b"application/json")


class Answer(Struct):
    """A whole HTTP answer; `headers` need no content-length."""

    status: int
    headers: Headers
    body: bytes

    async def send(self, send: Send) -> None:
        headers = [*self.headers]
        if b"content-length" in dict(headers):
            headers = [pair for pair in headers if pair[0] != b"content-length"]
        headers.append((b"content-length", b"%d" % len(self.body)))
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


def json_answer(status: int, body: bytes, headers: Iterable[tuple[bytes, bytes]] = ()) -> Answer:
    """An answer the gateway itself gives."""
    return Answer(status, (_JSON, *headers), body)


def error_answer(error: ErrorDetails, *, dialect: Dialect, exchange: Exchange) -> Answer:
    """An error the gateway itself reports, in the client's dialect.

    The vendor's request id header carries the gateway's id, as the client's SDK shows it;
    the upstream's own id, if there was one, has a header of its own.
    """
    exchange.outcome, exchange.error = "failed", error.kind.value
    exchange.error_message = error.message
    request_id = exchange.request_id
    status, body = dialect.errors.encode(error, request_id=request_id)
    headers = [(dialect.vendor.request_id_header.encode(), request_id.encode())]
    if error.request_id is not None:
        headers.append((b"x-lunaroute-upstream-request-id", header_value(error.request_id)))
    if error.retry_after is not None:
        headers.append((b"retry-after", str(ceil(error.retry_after)).encode()))
    again = _worth_retrying(error)
    if again is not None:
        headers.append((b"x-should-retry", str(again).lower().encode()))
    return json_answer(status, body, headers)


def _worth_retrying(error: ErrorDetails) -> bool | None:
    """What the vendor says; without a word of it, SDKs retry every 429, even for want of money."""
    if error.should_retry is None and error.kind is ErrorKind.BILLING:
        return False
    return error.should_retry
