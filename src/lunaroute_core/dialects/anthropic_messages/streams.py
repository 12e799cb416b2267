"""The stream codec."""

from lunaroute_core.dialects.anthropic_messages.decoder import MessagesDecoder
from lunaroute_core.dialects.anthropic_messages.encoder import PING, MessagesEncoder
from lunaroute_core.dialects.anthropic_messages.observer import MessagesObserver
from lunaroute_core.model import NormalizedRequest
from lunaroute_core.sse import encode_comment


class MessagesStreams:
    """Message streams."""

    def observer(self) -> MessagesObserver:
        return MessagesObserver()

    def decoder(self) -> MessagesDecoder:
        return MessagesDecoder()

    def encoder(self, *, request: NormalizedRequest) -> MessagesEncoder:
        return MessagesEncoder(request=request)

    def keep_alive(self, *, started: bool) -> bytes:
        """The vendor's own ping, which may only follow `message_start`; a comment before."""
        return PING if started else encode_comment("keep-alive")
