"""When the content of a stream begins, and until when it must have."""

import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from msgspec import Struct

from lunaroute_core.errors import UpstreamTimeoutError
from lunaroute_core.model import (
    ArgumentsDelta,
    BlockEnd,
    BlockStart,
    CitationAdd,
    OpaqueSet,
    ReasoningBlock,
    ReasoningDelta,
    RefusalBlock,
    RefusalDelta,
    StreamEvent,
    TextBlock,
    TextDelta,
)

T = TypeVar("T")


class FirstContent(Struct, kw_only=True):
    """The first content of one stream.

    Attributes:
        by: the event loop's time by which it must have come; None waits as long as it takes.
        seconds: how long that was, for whoever reads of it in the error.
        at: the monotonic time at which it came; None: not yet.
        on_came: called once, when it comes; they must not raise.
    """

    by: float | None = None
    seconds: float = 0.0
    at: float | None = None
    on_came: tuple[Callable[[], None], ...] = ()

    def came(self) -> None:
        self.at = time.monotonic()
        for tell in self.on_came:
            tell()

    async def wait(self, reading: Awaitable[T], *, provider: str) -> T:
        """Wait for a read of a stream that has no content so far.

        Raises:
            UpstreamTimeoutError: the content should have begun by now.
        """
        if self.by is None:
            return await reading
        import asyncio  # noqa: PLC0415 - that takes longer than many a use of the core

        deadline = asyncio.timeout_at(self.by)
        try:
            async with deadline:
                return await reading
        except TimeoutError:
            if not deadline.expired():
                raise
        raise UpstreamTimeoutError(
            phase="first_content", seconds=self.seconds, provider=provider
        ) from None


def carries_content(event: StreamEvent) -> bool:
    """Whether an event brings the client something, and does not only announce it."""
    match event:
        case TextDelta(text=text) | ReasoningDelta(text=text) | RefusalDelta(text=text):
            return bool(text)
        case BlockStart(block=TextBlock(text=text) | RefusalBlock(text=text)):
            return bool(text)
        case BlockStart(block=ReasoningBlock(parts=parts, opaque=opaque)):
            return bool(parts or opaque)
        case BlockStart() | ArgumentsDelta() | OpaqueSet() | CitationAdd():
            return True
        case BlockEnd(block=block):
            return block is not None
        case _:
            return False
