import asyncio
import gzip
import zlib

import brotli
import pytest
import zstandard

from lunaroute_core import InvalidRequestError, RequestTooLargeError
from lunaroute_ingress.request_body import ClientGoneError, decoded_body, read_body


def receiver(*pieces, gone=False):
    """What a server's `receive` gives: pieces of a body, or its abrupt end."""
    messages = [
        {"type": "http.request", "body": piece, "more_body": gone or number < len(pieces) - 1}
        for number, piece in enumerate(pieces)
    ]
    if gone:
        messages.append({"type": "http.disconnect"})
    waiting = iter(messages)

    async def receive():
        message = next(waiting, None)
        if message is None:
            await asyncio.Event().wait()
        return message

    receive.left = waiting
    return receive


class TestReading:
    async def test_a_body_in_one_piece(self):
        assert await read_body(receiver(b"{}"), limit=10) == b"{}"

    async def test_a_body_in_many_pieces(self):
        assert await read_body(receiver(b"{", b"", b'"a"', b":1}"), limit=10) == b'{"a":1}'

    async def test_a_message_without_a_body_is_an_empty_piece(self):
        async def receive():
            return {"type": "http.request"}

        assert await read_body(receive, limit=10) == b""

    @pytest.mark.parametrize("pieces", [[b"x" * 10], [b"x" * 4, b"x" * 6], [b""] * 5 + [b"x" * 10]])
    async def test_the_limit_itself_is_allowed(self, pieces):
        assert await read_body(receiver(*pieces), limit=10) == b"x" * 10

    @pytest.mark.parametrize("pieces", [[b"x" * 11], [b"x" * 4, b"x" * 7], [b"x" * 30, b"x"]])
    async def test_one_byte_more_is_refused(self, pieces):
        with pytest.raises(RequestTooLargeError, match="10 bytes"):
            await read_body(receiver(*pieces), limit=10)

    async def test_too_much_is_read_on_for_a_while_so_that_the_client_hears_the_answer(self):
        receive = receiver(b"x" * 8, b"x" * 8, b"")
        with pytest.raises(RequestTooLargeError):
            await read_body(receive, limit=10)
        assert next(receive.left, None) is None

    async def test_but_not_for_ever(self):
        receive = receiver(*[b"x" * 8] * 10)
        with pytest.raises(RequestTooLargeError):
            await read_body(receive, limit=10)
        assert len(list(receive.left)) == 7

    @pytest.mark.parametrize("pieces", [[], [b"{"], [b"{", b'"a"']])
    async def test_a_client_that_leaves_on_the_way_is_gone(self, pieces):
        with pytest.raises(ClientGoneError):
            await read_body(receiver(*pieces, gone=True), limit=10)


class TestDecoding:
    @pytest.mark.parametrize(
        ("encoding", "compress"),
        [
            ("gzip", gzip.compress),
            ("deflate", zlib.compress),
            ("br", brotli.compress),
            ("zstd", zstandard.compress),
        ],
    )
    def test_a_compressed_body_is_decoded_and_its_encoding_taken_off(self, encoding, compress):
        headers = ((b"content-encoding", encoding.encode()), (b"x-a", b"1"))
        decoded = decoded_body(compress(b'{"model": "m"}'), headers, limit=14)
        assert decoded == (b'{"model": "m"}', ((b"x-a", b"1"),))

    @pytest.mark.parametrize("headers", [(), ((b"content-encoding", b"identity"),)])
    def test_a_plain_body_stays_as_it_is(self, headers):
        assert decoded_body(b"{}", headers, limit=9) == (b"{}", headers)

    @pytest.mark.parametrize(
        ("encoding", "body"),
        [(b"gzip", b"{}"), (b"snappy", b"{}"), (b"gzip", gzip.compress(b"{}" * 99)[:-9])],
    )
    def test_what_cannot_be_decoded_names_the_header(self, encoding, body):
        with pytest.raises(InvalidRequestError) as caught:
            decoded_body(body, ((b"content-encoding", encoding),), limit=999)
        assert caught.value.details.param == "Content-Encoding"

    @pytest.mark.parametrize("compress", [gzip.compress, brotli.compress, zstandard.compress])
    def test_the_limit_holds_for_what_comes_out(self, compress):
        name = {gzip.compress: b"gzip", brotli.compress: b"br"}.get(compress, b"zstd")
        headers = ((b"content-encoding", name),)
        assert decoded_body(compress(b"x" * 100_000), headers, limit=100_000)
        with pytest.raises(RequestTooLargeError):
            decoded_body(compress(b"x" * 100_001), headers, limit=100_000)
