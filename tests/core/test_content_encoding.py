import gzip
import tracemalloc
import zlib

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from lunaroute_core import content_encoding
from lunaroute_core.content_encoding import (
    SUPPORTED,
    ContentEncodingError,
    acceptable,
    decode,
    decoder_for,
)

COMPRESS = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.compress,
}
TEXT = b'{"text": "' + bytes(range(48, 58)) * 500 + b'"}'

each_encoding = pytest.mark.parametrize("encoding", SUPPORTED)


def feed(encoding, chunks):
    decoder = decoder_for(encoding)
    return b"".join(decoder.feed(chunk) for chunk in chunks)


def test_there_is_a_compressor_here_for_every_encoding():
    assert set(COMPRESS) == set(SUPPORTED)


@each_encoding
def test_a_whole_body_is_decoded(encoding):
    assert decode(COMPRESS[encoding](TEXT), encoding) == TEXT


@each_encoding
@given(data=st.data())
def test_a_body_cut_anywhere_is_decoded(encoding, data):
    body = COMPRESS[encoding](data.draw(st.binary(max_size=2000)) + TEXT)
    size = data.draw(st.integers(1, len(body)))
    chunks = [body[at : at + size] for at in range(0, len(body), size)]
    assert feed(encoding, chunks) == decode(body, encoding)


@each_encoding
def test_a_stream_is_decoded_as_far_as_it_has_come(encoding):
    """A client must not wait for the end of a stream to see its beginning."""
    first, rest = flushed_in_two(encoding, b"data: 1\n\n", b"data: 2\n\n")
    decoder = decoder_for(encoding)
    assert decoder.feed(first) == b"data: 1\n\n"
    assert decoder.feed(rest) == b"data: 2\n\n"


def flushed_in_two(encoding, first, second):
    if encoding == "br":
        compressor = brotli.Compressor()
        return (
            compressor.process(first) + compressor.flush(),
            compressor.process(second) + compressor.finish(),
        )
    if encoding == "zstd":
        compressor = zstandard.ZstdCompressor().compressobj()
        return (
            compressor.compress(first) + compressor.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK),
            compressor.compress(second) + compressor.flush(),
        )
    compressor = zlib.compressobj(wbits=31 if encoding == "gzip" else 15)
    return (
        compressor.compress(first) + compressor.flush(zlib.Z_SYNC_FLUSH),
        compressor.compress(second) + compressor.flush(),
    )


@each_encoding
def test_a_stream_that_is_cut_off_is_noticed_at_its_end(encoding):
    first, rest = flushed_in_two(encoding, b"data: 1\n\n", b"data: 2\n\n")
    decoder = decoder_for(encoding)
    decoder.feed(first)
    with pytest.raises(ContentEncodingError, match="truncated"):
        decoder.finish()
    decoder.feed(rest)
    decoder.finish()


@each_encoding
def test_no_body_at_all_is_whole(encoding):
    """An answer without content may still carry the header."""
    assert decode(b"", encoding) == b""


@pytest.mark.parametrize("encoding", ["", "identity", " Identity "])
def test_identity_needs_no_decoder(encoding):
    assert decoder_for(encoding) is None
    assert decode(b"as it is", encoding) == b"as it is"


@pytest.mark.parametrize("encoding", ["x-gzip", "GZIP", " gzip "])
def test_other_spellings_of_gzip(encoding):
    assert decode(gzip.compress(TEXT), encoding) == TEXT


def test_deflate_without_its_zlib_header_is_read_too():
    """RFC 9110, 8.4.1.2: some senders leave the wrapper out."""
    compressor = zlib.compressobj(wbits=-15)
    assert decode(compressor.compress(TEXT) + compressor.flush(), "deflate") == TEXT


@pytest.mark.parametrize("encoding", ["compress", "gzip, br", "nonsense"])
def test_an_unknown_encoding_is_named(encoding):
    with pytest.raises(ContentEncodingError, match=f"unknown content encoding '{encoding}'"):
        decoder_for(encoding)


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_members_one_after_the_other_are_one_body(encoding):
    """RFC 1952, 2.2 and RFC 8878, 3: a file may have several."""
    members = [COMPRESS[encoding](part) for part in (b"one ", b"two ", b"three")]
    assert decode(b"".join(members), encoding) == b"one two three"
    assert feed(encoding, members) == b"one two three"
    stream = b"".join(members)
    assert feed(encoding, [stream[at : at + 1] for at in range(len(stream))]) == b"one two three"


@each_encoding
def test_corrupt_data_is_an_error(encoding):
    body = COMPRESS[encoding](TEXT)
    with pytest.raises(ContentEncodingError, match="corrupt"):
        decode(b"\xff\xfe\xfd" + body[3:], encoding)


@each_encoding
def test_a_body_that_is_cut_off_is_an_error(encoding):
    body = COMPRESS[encoding](TEXT)
    for end in (1, len(body) // 2, len(body) - 1):
        with pytest.raises(ContentEncodingError, match="truncated"):
            decode(body[:end], encoding)


def test_what_follows_the_last_member_must_be_one():
    with pytest.raises(ContentEncodingError, match="corrupt"):
        decode(gzip.compress(TEXT) + b"junk", "gzip")


def test_a_window_too_large_for_a_gateway_s_memory_is_refused():
    """RFC 9659: at most 8 MB."""
    parameters = zstandard.ZstdCompressionParameters(window_log=24)
    compressor = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    with pytest.raises(ContentEncodingError, match="too much memory"):
        decode(compressor.compress(bytes(1 << 16)) + compressor.flush(), "zstd")


@each_encoding
@given(junk=st.binary(max_size=300))
def test_any_bytes_at_all_are_decoded_or_refused(encoding, junk):
    try:
        decoded = decode(junk, encoding)
    except ContentEncodingError:
        return
    assert feed(encoding, [junk[at : at + 1] for at in range(len(junk))]) == decoded


@each_encoding
def test_a_bomb_is_refused_before_it_fills_the_memory(encoding, monkeypatch):
    limit = 4 << 20
    monkeypatch.setattr(content_encoding, "MAX_DECODED_BYTES", limit)
    bomb = COMPRESS[encoding](bytes(64 << 20))
    tracemalloc.start()
    with pytest.raises(ContentEncodingError, match="exceeds"):
        decode(bomb, encoding)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * limit


@each_encoding
def test_a_bomb_in_many_pieces_is_refused_too(encoding, monkeypatch):
    monkeypatch.setattr(content_encoding, "MAX_DECODED_BYTES", 1 << 20)
    bomb = COMPRESS[encoding](bytes(16 << 20))
    with pytest.raises(ContentEncodingError, match="exceeds 1048576 bytes"):
        feed(encoding, [bomb[at : at + 16] for at in range(0, len(bomb), 16)])


@each_encoding
def test_a_body_of_just_the_limit_is_let_through(encoding, monkeypatch):
    body = COMPRESS[encoding](bytes(1 << 16))
    monkeypatch.setattr(content_encoding, "MAX_DECODED_BYTES", 1 << 16)
    assert len(decode(body, encoding)) == 1 << 16


@pytest.mark.parametrize(
    ("client", "sent"),
    [
        (None, "identity"),
        ("", "identity"),
        ("gzip", "gzip"),
        ("gzip, deflate, br, zstd", "gzip, deflate, br, zstd"),
        ("br;q=1.0, gzip;q=0.8, *;q=0.1", "br, gzip"),
        ("GZIP , Br", "gzip, br"),
        ("gzip;q=0", "identity"),
        ("gzip; q=0.000, br", "br"),
        ("compress, exi", "identity"),
        ("identity", "identity"),
    ],
)
def test_only_what_the_client_accepts_and_we_can_read_is_asked_for(client, sent):
    assert acceptable(client) == sent
