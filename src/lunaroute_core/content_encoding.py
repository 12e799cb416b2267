"""Content encodings: which to ask for, and reading what came back (RFC 9110, 8.4)."""

import zlib
from functools import lru_cache
from typing import Protocol

import brotli
import zstandard

SUPPORTED = ("gzip", "deflate", "br", "zstd")
MAX_DECODED_BYTES = 256 * 1024 * 1024


class ContentEncodingError(ValueError):
    """The body is not in the encoding it claims, or grows past the limit."""


class Decoder(Protocol):
    def feed(self, data: bytes) -> bytes: ...


@lru_cache(maxsize=256)
def acceptable(client_accepts: str | None) -> str:
    """The `Accept-Encoding` to send upstream: what the client accepts and we can read.

    `identity` when there is nothing in common, so that an upstream never compresses what
    the client could not read.
    """
    wanted: list[str] = []
    for part in (client_accepts or "").split(","):
        name, _, parameters = part.strip().lower().partition(";")
        refused = parameters.replace(" ", "") in ("q=0", "q=0.0", "q=0.00", "q=0.000")
        if name.strip() in SUPPORTED and not refused:
            wanted.append(name.strip())
    return ", ".join(wanted) or "identity"


def decoder_for(encoding: str) -> Decoder | None:
    """An incremental decoder for a `Content-Encoding`; None for identity.

    Raises:
        ContentEncodingError: the encoding is unknown.
    """
    match encoding.strip().lower():
        case "" | "identity":
            return None
        case "gzip" | "x-gzip":
            return _Zlib(zlib.MAX_WBITS | 16)
        case "deflate":
            return _Zlib(zlib.MAX_WBITS)
        case "br":
            return _Brotli()
        case "zstd":
            return _Zstandard()
        case other:
            raise ContentEncodingError(f"unknown content encoding {other!r}")


def decode(body: bytes, encoding: str) -> bytes:
    """A whole body, decoded.

    Raises:
        ContentEncodingError: unknown encoding, corrupt data, or too large.
    """
    decoder = decoder_for(encoding)
    return body if decoder is None else decoder.feed(body)


class _Bounded:
    def __init__(self) -> None:
        self._left = MAX_DECODED_BYTES

    def _count(self, data: bytes) -> bytes:
        self._left -= len(data)
        if self._left < 0:
            raise ContentEncodingError(f"decoded body exceeds {MAX_DECODED_BYTES} bytes")
        return data


class _Zlib(_Bounded):
    def __init__(self, wbits: int) -> None:
        super().__init__()
        self._decoder = zlib.decompressobj(wbits)

    def feed(self, data: bytes) -> bytes:
        try:
            return self._count(self._decoder.decompress(data, self._left + 1))
        except zlib.error as error:
            raise ContentEncodingError(f"corrupt compressed body: {error}") from error


class _Brotli(_Bounded):
    def __init__(self) -> None:
        super().__init__()
        self._decoder = brotli.Decompressor()

    def feed(self, data: bytes) -> bytes:
        out = bytearray()
        try:
            # `process` stops at about the limit asked for, so a bomb is met in slices.
            out += self._count(self._decoder.process(data, output_buffer_limit=1 << 20))
            while not self._decoder.can_accept_more_data():
                out += self._count(self._decoder.process(b"", output_buffer_limit=1 << 20))
        except brotli.error as error:
            raise ContentEncodingError(f"corrupt compressed body: {error}") from error
        return bytes(out)


class _Zstandard(_Bounded):
    def __init__(self) -> None:
        super().__init__()
        self._decoder = zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj(
            read_across_frames=True
        )

    def feed(self, data: bytes) -> bytes:
        out = bytearray()
        try:
            # One input slice expands at most to a few blocks of 128 kB.
            for at in range(0, len(data), 4096):
                out += self._count(self._decoder.decompress(data[at : at + 4096]))
        except zstandard.ZstdError as error:
            raise ContentEncodingError(f"corrupt compressed body: {error}") from error
        return bytes(out)
