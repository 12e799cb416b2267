"""Streams in Chat: an observer, a decoder and an encoder for each."""

import time
from collections.abc import Callable

from attrs import frozen

from lunaroute_core.dialects.openai_chat.stream_decoder import ChatStreamDecoder
from lunaroute_core.dialects.openai_chat.stream_encoder import ChatStreamEncoder
from lunaroute_core.dialects.openai_chat.stream_observer import ChatStreamObserver
from lunaroute_core.model import NormalizedRequest
from lunaroute_core.sse import encode_comment


@frozen(kw_only=True)
class ChatStreams:
    """A `StreamCodec`. `clock` gives Unix time, for streams that bring no `created`."""

    clock: Callable[[], float] = time.time

    def observer(self) -> ChatStreamObserver:
        return ChatStreamObserver()

    def decoder(self) -> ChatStreamDecoder:
        return ChatStreamDecoder()

    def encoder(self, *, request: NormalizedRequest) -> ChatStreamEncoder:
        return ChatStreamEncoder(request, self.clock)

    def keep_alive(self, *, started: bool) -> bytes:  # noqa: ARG002 - a comment may stand anywhere
        """A comment: the SDKs take an event without data, or with another, for a chunk."""
        return encode_comment("keep-alive")
