"""The response codec."""

import msgspec
from msgspec import Struct
from msgspec.json import Decoder

from lunaroute_core.dialects.anthropic_messages.answer_blocks import write_block
from lunaroute_core.dialects.anthropic_messages.finish import read_stop_reason, write_stop
from lunaroute_core.dialects.anthropic_messages.message import write_message
from lunaroute_core.dialects.anthropic_messages.message_reader import read_message
from lunaroute_core.dialects.anthropic_messages.name import DIALECT
from lunaroute_core.dialects.anthropic_messages.usage import WireUsage, read_usage, write_usage
from lunaroute_core.dialects.codec import AnswerSummary
from lunaroute_core.model import NormalizedRequest, NormalizedResponse, ToolCallBlock


class _Message(Struct):
    type: str
    id: str | None = None
    model: str | None = None
    stop_reason: str | None = None
    usage: WireUsage | None = None


_MESSAGE = Decoder(_Message)


class MessagesResponses:
    """Finished messages."""

    def summarize(self, body: bytes) -> AnswerSummary:
        try:
            message = _MESSAGE.decode(body)
        except RecursionError as error:
            raise ValueError("the message is nested too deeply") from error
        if message.type != "message":
            raise ValueError(f"not a message but {message.type!r}")
        return AnswerSummary(
            id=message.id,
            model=message.model,
            finish_reason=read_stop_reason(message.stop_reason),
            usage=None if message.usage is None else read_usage(message.usage),
        )

    def decode(self, body: bytes) -> NormalizedResponse:
        return read_message(body)

    def encode(self, response: NormalizedResponse, *, request: NormalizedRequest) -> bytes:
        """The answer as a message; ValueError when it ended in an error."""
        del request
        usage = write_usage(response.usage)
        message = write_message(message_id=response.id, model=response.model, usage=usage)
        message["content"] = [
            block for block in map(write_block, response.blocks) if block is not None
        ]
        calls = any(isinstance(block, ToolCallBlock) for block in response.blocks)
        message |= write_stop(response.finish, calls=calls)
        return msgspec.json.encode(message | response.extensions.get(DIALECT, {}))
