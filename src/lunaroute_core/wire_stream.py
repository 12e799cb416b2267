"""The wire view of a stream."""

from typing import Protocol

from msgspec import Struct

from lunaroute_core.dialects.codec import StreamReading
from lunaroute_core.headers import Headers


class ByteSource(Protocol):
    """Where a wire stream's bytes come from; it owns the upstream connection."""

    async def read(self) -> bytes:
        """The next bytes, cut anywhere, b"" at the end. Raises ProviderError."""
        ...

    async def aclose(self) -> None:
        """Release the connection, at once if the stream is not at its end."""
        ...


class WireStream(Struct, kw_only=True):
    """The bytes of a stream: `dialect` None means bytes that nobody understands."""

    dialect: str | None
    source: ByteSource
    status: int = 200
    headers: Headers = ()
    reading: StreamReading | None = None
    """How they are understood, where they are more than a stream of their dialect."""
