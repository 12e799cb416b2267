"""Requests for tests, from as little as matters to the test."""

from lunaroute_core.context import RequestContext
from lunaroute_core.dialects.registry import dialect_named
from lunaroute_core.headers import Headers
from lunaroute_core.model import Message, NormalizedRequest, RequestSource, StreamOptions, TextBlock
from lunaroute_core.model_request import ModelRequest
from lunaroute_core.wire import WireRequest


def chat_request(
    text: str = "hi",
    *,
    model: str = "test-model",
    stream: bool = False,
    dialect: str = "openai_chat",
) -> ModelRequest:
    """One user turn, in normalized form only, from a client that speaks `dialect`."""
    normalized = NormalizedRequest(
        model=model,
        source=RequestSource(dialect=dialect),
        turns=[Message(role="user", blocks=[TextBlock(text=text)])],
        stream=StreamOptions(enabled=stream),
    )
    context = RequestContext(client_dialect=dialect)
    return ModelRequest(model=model, stream=stream, context=context, normalized=normalized)


def wire_request(
    body: bytes, *, dialect: str = "openai_chat", headers: Headers = (), query: bytes = b""
) -> ModelRequest:
    """A request as a client posts it to the dialect's own path, in wire form only."""
    spoken = dialect_named(dialect)
    peek = spoken.requests.peek(body)
    wire = WireRequest(
        dialect=dialect, path=spoken.paths[0], body=body, headers=headers, query=query
    )
    context = RequestContext(client_dialect=dialect)
    return ModelRequest(model=peek.model, stream=peek.stream, context=context, wire=wire)
