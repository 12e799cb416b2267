"""The token-count codec."""

import msgspec


class MessagesTokenCount:
    """`/v1/messages/count_tokens`, whose body is a request without `max_tokens`."""

    @property
    def path(self) -> str:
        return "/v1/messages/count_tokens"

    def encode(self, input_tokens: int) -> bytes:
        return msgspec.json.encode({"input_tokens": input_tokens})
