"""Content encodings: which to ask for, and reading what came back (RFC 9110, 8.4)."""

import zlib
from collections.abc import Callable
from functools import lru_cache
from typing import Protocol

import brotli
import zstandard

SUPPORTED = ("gzip", "deflate", "br", "zstd")
MAX_DECODED_BYTES = 256 * 1024 * 1024


class ContentEncodingError(ValueError):
    """The body is not in the encoding it claims, or grows past the limit."""


class Decoder(Protocol):
    """Decodes one body, piece by piece. Both methods raise `ContentEncodingError`."""

    def feed(self, data: bytes) -> bytes:
        """What can be decoded now."""
        ...

    def finish(self) -> None:
        """Say that the body is over; it is an error if it was cut off."""
        ...


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
            return _Members(_gzip_member, slice_bytes=_ZLIB_SLICE)
        case "deflate":
            return _Members(_deflate_member, slice_bytes=_ZLIB_SLICE)
        case "br":
            return _Brotli()
        case "zstd":
            return _Members(_zstd_member, slice_bytes=_ZSTD_SLICE)
        case other:
            raise ContentEncodingError(f"unknown content encoding {other!r}")


def decode(body: bytes, encoding: str) -> bytes:
    """A whole body, decoded.

    Raises:
        ContentEncodingError: unknown encoding, corrupt or truncated data, or too large.
    """
    decoder = decoder_for(encoding)
    if decoder is None:
        return body
    decoded = decoder.feed(body)
    decoder.finish()
    return decoded


class _Bounded:
    """Counts what comes out, and knows whether anything went in: an empty body is whole."""

    def __init__(self) -> None:
        self._left = MAX_DECODED_BYTES
        self._begun = False

    def _count(self, data: bytes) -> bytes:
        self._left -= len(data)
        if self._left < 0:
            raise ContentEncodingError(f"decoded body exceeds {MAX_DECODED_BYTES} bytes")
        return data

    def _require_end(self, *, reached: bool) -> None:
        if self._begun and not reached:
            raise ContentEncodingError("truncated compressed body")


class _Brotli(_Bounded):
    def __init__(self) -> None:
        super().__init__()
        self._decoder = brotli.Decompressor()

    def feed(self, data: bytes) -> bytes:
        self._begun = self._begun or bool(data)
        out = bytearray()
        try:
            # `process` stops at about the limit asked for, so a bomb is met in slices.
            out += self._count(self._decoder.process(data, output_buffer_limit=1 << 20))
            while not self._decoder.can_accept_more_data():
                out += self._count(self._decoder.process(b"", output_buffer_limit=1 << 20))
        except brotli.error as error:
            raise ContentEncodingError(f"corrupt compressed body: {error}") from error
        return bytes(out)

    def finish(self) -> None:
        self._require_end(reached=self._decoder.is_finished())


class _Member(Protocol):
    """What zlib's and zstandard's decompressors have in common."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, /) -> bytes: ...


# Input is decoded in slices so small that even a bomb's one slice stays below about 8 MB:
# deflate grows data at most 1032 times; zstd makes 128 kB out of 4 bytes.
_ZLIB_SLICE = 4096
_ZSTD_SLICE = 256


class _Members(_Bounded):
    """A body of one compressed member or several in a row (RFC 1952, 2.2; RFC 8878, 3).

    `open_member` starts one, and is shown how it begins.
    """

    def __init__(self, open_member: Callable[[bytes], _Member], *, slice_bytes: int) -> None:
        super().__init__()
        self._open_member = open_member
        self._slice_bytes = slice_bytes
        self._member: _Member | None = None

    def feed(self, data: bytes) -> bytes:
        out = bytearray()
        try:
            for at in range(0, len(data), self._slice_bytes):
                self._decode(data[at : at + self._slice_bytes], out)
        except (zlib.error, zstandard.ZstdError) as error:
            raise ContentEncodingError(f"corrupt compressed body: {error}") from error
        return bytes(out)

    def _decode(self, data: bytes, out: bytearray) -> None:
        while data:
            if self._member is None or self._member.eof:
                self._begun = True
                self._member = self._open_member(data)
            out += self._count(self._member.decompress(data))
            data = self._member.unused_data

    def finish(self) -> None:
        self._require_end(reached=self._member is not None and self._member.eof)


def _gzip_member(beginning: bytes) -> _Member:
    del beginning
    return zlib.decompressobj(zlib.MAX_WBITS | 16)


def _deflate_member(beginning: bytes) -> _Member:
    """Some senders leave out the zlib wrapper (RFC 9110, 8.4.1.2), which starts with 8."""
    wrapped = beginning[0] & 0x0F == 8
    return zlib.decompressobj(zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS)


def _zstd_member(beginning: bytes) -> _Member:
    """RFC 9659 bounds the window, for which memory is needed, to 8 MB."""
    del beginning
    return zstandard.ZstdDecompressor(max_window_size=1 << 23).decompressobj()
