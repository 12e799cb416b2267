"""Streams: the parts that read and write their events."""

import time

from attrs import frozen

from lunaroute_core.dialects.openai_responses.response_object import Clock
from lunaroute_core.dialects.openai_responses.stream_decoder import ResponsesStreamDecoder
from lunaroute_core.dialects.openai_responses.stream_encoder import ResponsesStreamEncoder
from lunaroute_core.dialects.openai_responses.stream_observer import ResponsesObserver
from lunaroute_core.model import NormalizedRequest
from lunaroute_core.sse import encode_comment


@frozen(kw_only=True)
class ResponsesStreams:
    """A `StreamCodec`."""

    clock: Clock = time.time

    def observer(self) -> ResponsesObserver:
        return ResponsesObserver()

    def decoder(self) -> ResponsesStreamDecoder:
        return ResponsesStreamDecoder()

    def encoder(self, *, request: NormalizedRequest) -> ResponsesStreamEncoder:
        return ResponsesStreamEncoder(request=request, clock=self.clock)

    def keep_alive(self, *, started: bool) -> bytes:  # noqa: ARG002
        """A comment: the SDK refuses any event before `response.created`."""
        return encode_comment("keep-alive")
