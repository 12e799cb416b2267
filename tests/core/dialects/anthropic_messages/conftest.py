from collections.abc import Callable, Iterable

import anthropic
import httpx2
import msgspec
import pytest
from anthropic.types import Message as WireMessage

from lunaroute_core.dialects.anthropic_messages import ANTHROPIC_MESSAGES
from lunaroute_core.model import NormalizedRequest, RequestSource, StreamEvent

Accumulate = Callable[[bytes], WireMessage]


@pytest.fixture(scope="session")
def request_() -> NormalizedRequest:
    """A request that says nothing, for encoders that need one."""
    return NormalizedRequest(model="m", source=RequestSource(dialect="anthropic_messages"))


@pytest.fixture(scope="session")
def decode() -> Callable[..., NormalizedRequest]:
    """Decodes a body given as fields, one short user message being there already."""

    def decode_fields(**fields: object) -> NormalizedRequest:
        messages = [{"role": "user", "content": "Hi"}]
        body = {"model": "m", "max_tokens": 8, "messages": messages, **fields}
        body = {key: value for key, value in body.items() if value is not ...}
        return ANTHROPIC_MESSAGES.requests.decode(msgspec.json.encode(body))

    return decode_fields


@pytest.fixture(scope="session")
def encode_stream(request_) -> Callable[[Iterable[StreamEvent]], bytes]:
    def encode(events: Iterable[StreamEvent]) -> bytes:
        encoder = ANTHROPIC_MESSAGES.streams.encoder(request=request_)
        return b"".join(map(encoder.encode, events))

    return encode


@pytest.fixture(scope="session")
def accumulate() -> Iterable[Accumulate]:
    """Runs a stream's bytes through the vendor's SDK, from HTTP body to final message."""
    bodies: list[bytes] = []

    def answer(_request: httpx2.Request) -> httpx2.Response:
        headers = {"content-type": "text/event-stream"}
        return httpx2.Response(200, headers=headers, content=bodies.pop())

    transport = httpx2.MockTransport(answer)
    with anthropic.Anthropic(
        api_key="k", max_retries=0, http_client=httpx2.Client(transport=transport)
    ) as client:

        def run(body: bytes) -> WireMessage:
            bodies.append(body)
            question = {"role": "user", "content": "Hi"}
            with client.messages.stream(model="m", max_tokens=8, messages=[question]) as stream:
                return stream.get_final_message()

        yield run
