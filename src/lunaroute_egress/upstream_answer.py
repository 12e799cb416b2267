"""Telling what an upstream has answered: an answer, an error, a stream, or none of these.

The functions that raise give the error tree's errors in the name of a provider.
"""

from aiohttp import ClientResponse

from lunaroute_core import (
    Headers,
    UpstreamAnsweredError,
    UpstreamProtocolError,
    WireRequest,
    WireResponse,
)
from lunaroute_core.content_encoding import ContentEncodingError, Decoder, decode, decoder_for
from lunaroute_core.dialects.codec import AnswerSummary
from lunaroute_core.dialects.registry import dialect_named
from lunaroute_core.headers import end_to_end, find_header

_REFUSED_CREDENTIALS = (401, 403)
_ENCODING_HEADERS = frozenset({b"content-encoding", b"content-length"})


def answer_headers(response: ClientResponse) -> Headers:
    """What a proxy passes on of an answer's headers."""
    return tuple(end_to_end(response.raw_headers))


def whole_answer(
    asked: WireRequest, response: ClientResponse, body: bytes, *, provider: str
) -> WireResponse:
    """A whole answer, decoded only if it is in an encoding that the client cannot read."""
    headers = tuple(end_to_end(response.raw_headers))
    content = body
    encoding = response.headers.get("content-encoding")
    if encoding is not None:
        try:
            content = decode(body, encoding)
        except ContentEncodingError as error:
            raise UpstreamProtocolError(str(error), provider=provider) from error
        if encoding not in (find_header(asked.headers, b"accept-encoding") or ""):
            headers = without_encoding(headers)
            body = content
    return WireResponse(
        dialect=asked.dialect,
        status=response.status,
        headers=headers,
        body=body,
        content=content,
    )


def refusal(answer: WireResponse, *, provider: str, own_key: bool) -> UpstreamAnsweredError:
    """The error for an answer of any status but success, with what the upstream said.

    `own_key`: the request was sent with a key of the provider's own.
    """
    content = answer.body if answer.content is None else answer.content
    details = dialect_named(answer.dialect).errors.decode(answer.status, answer.headers, content)
    return UpstreamAnsweredError(
        details,
        provider=provider,
        wire=answer,
        own_credentials=own_key and answer.status in _REFUSED_CREDENTIALS,
    )


def summary_of(answer: WireResponse, *, provider: str) -> AnswerSummary:
    """Read an answer, which also tells an answer from anything else that says 200."""
    content = answer.body if answer.content is None else answer.content
    try:
        return dialect_named(answer.dialect).responses.summarize(content)
    except ValueError as error:
        raise UpstreamProtocolError(
            f"the answer is not {answer.dialect}: {error}", provider=provider
        ) from error


def expect_event_stream(headers: Headers, *, provider: str) -> None:
    kind = find_header(headers, b"content-type") or "nothing"
    if not kind.lower().startswith("text/event-stream"):
        raise UpstreamProtocolError(
            f"an event stream was asked for, {kind} was answered", provider=provider
        )


def stream_decoder(response: ClientResponse, *, provider: str) -> Decoder | None:
    """What undoes a stream's content encoding; None where there is none."""
    encoding = response.headers.get("content-encoding")
    if encoding is None:
        return None
    try:
        return decoder_for(encoding)
    except ContentEncodingError as error:
        raise UpstreamProtocolError(str(error), provider=provider) from error


def without_encoding(headers: Headers) -> Headers:
    return tuple(pair for pair in headers if pair[0] not in _ENCODING_HEADERS)
