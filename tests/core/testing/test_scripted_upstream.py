import asyncio
import ssl
from contextlib import asynccontextmanager

import pytest
import trustme

from lunaroute_core.testing import (
    Pause,
    RecordedRequest,
    Reply,
    ScriptedUpstream,
    json_reply,
    raw_reply,
    sse_reply,
)

GET = b"GET /v1/models?a=1&a=2 HTTP/1.1\r\nHost: x\r\nX-Odd:  Two Words \r\nx-odd: b\r\n\r\n"


@asynccontextmanager
async def connection(upstream, **options):
    host, port = upstream.url.partition("://")[2].split(":")
    reader, writer = await asyncio.open_connection(host, int(port), **options)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def exchange(upstream, request, **options):
    async with connection(upstream, **options) as (reader, writer):
        writer.write(request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))
        return await reader.read()


async def test_records_the_request_as_it_was_sent():
    async with ScriptedUpstream(json_reply(200, {})) as upstream:
        await exchange(upstream, GET)
    assert upstream.requests == [
        RecordedRequest(
            method="GET",
            target="/v1/models?a=1&a=2",
            headers=(
                (b"Host", b"x"),
                (b"X-Odd", b"Two Words"),
                (b"x-odd", b"b"),
                (b"Connection", b"close"),
            ),
            body=b"",
            connection=1,
        )
    ]
    assert upstream.requests[0].header("X-ODD") == "Two Words"


@pytest.mark.parametrize(
    "framed",
    [
        b"Content-Length: 11\r\n\r\nhello world",
        b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nT: r\r\n\r\n",
    ],
    ids=["content-length", "chunked"],
)
async def test_reads_a_body_in_either_framing(framed):
    async with ScriptedUpstream(json_reply(200, {})) as upstream:
        await exchange(upstream, b"POST / HTTP/1.1\r\nConnection: close\r\n" + framed)
    assert upstream.requests[0].body == b"hello world"


async def test_asks_for_the_body_when_the_client_expects_it():
    async with (
        ScriptedUpstream(json_reply(200, {})) as upstream,
        connection(upstream) as (reader, writer),
    ):
        writer.write(b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"hi")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 OK\r\n")
    assert upstream.requests[0].body == b"hi"


async def test_a_json_reply_is_a_whole_answer():
    async with ScriptedUpstream(
        json_reply(429, {"a": 1}, headers=((b"Retry-After", b"7"),))
    ) as upstream:
        answer = await exchange(upstream, GET)
    assert answer == (
        b"HTTP/1.1 429 Too Many Requests\r\ncontent-type: application/json\r\n"
        b'Retry-After: 7\r\ncontent-length: 7\r\n\r\n{"a":1}'
    )


async def test_a_json_reply_sends_bytes_as_they_are_with_a_status_of_its_own():
    reply = json_reply(529, b"{broken", headers=((b"Content-Type", b"text/html"),))
    async with ScriptedUpstream(reply) as upstream:
        answer = await exchange(upstream, GET)
    assert answer == (
        b"HTTP/1.1 529 \r\nContent-Type: text/html\r\ncontent-length: 7\r\n\r\n{broken"
    )


async def test_an_unfinished_json_reply_sends_half_its_body():
    async with ScriptedUpstream(json_reply(200, b"12345678", end="cut")) as upstream:
        answer = await exchange(upstream, GET)
    assert answer.endswith(b"content-length: 8\r\n\r\n1234")


async def test_an_sse_reply_sends_a_chunk_a_frame():
    async with ScriptedUpstream(sse_reply([b"data: 1\n\n", b"data: 2\n\n"])) as upstream:
        answer = await exchange(upstream, GET)
    assert answer == (
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
        b"9\r\ndata: 1\n\n\r\n9\r\ndata: 2\n\n\r\n0\r\n\r\n"
    )


async def test_chunk_sizes_cut_frames_anywhere():
    async with ScriptedUpstream(sse_reply([b"abcdef"], chunk_sizes=[3, 2])) as upstream:
        answer = await exchange(upstream, GET)
    assert answer.endswith(b"\r\n\r\n3\r\nabc\r\n2\r\nde\r\n1\r\nf\r\n0\r\n\r\n")


async def test_a_cut_stream_closes_without_its_last_chunk():
    async with ScriptedUpstream(sse_reply([b"x"], end="cut")) as upstream:
        answer = await exchange(upstream, GET)
    assert answer.endswith(b"\r\n\r\n1\r\nx\r\n")


async def test_a_reset_stream_delivers_what_was_sent_and_then_breaks():
    async with (
        ScriptedUpstream(sse_reply([b"x"], end="reset")) as upstream,
        connection(upstream) as (reader, writer),
    ):
        writer.write(GET)
        await reader.readuntil(b"1\r\nx\r\n")
        with pytest.raises(ConnectionResetError):
            await reader.read()


async def test_a_paused_reply_goes_on_when_the_test_says_so():
    event = asyncio.Event()
    async with (
        ScriptedUpstream(sse_reply([b"x", Pause(event), b"y"])) as upstream,
        connection(upstream) as (reader, writer),
    ):
        writer.write(GET)
        assert (await reader.readuntil(b"x\r\n")).endswith(b"1\r\nx\r\n")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.01)
        event.set()
        assert await reader.readuntil(b"0\r\n\r\n") == b"1\r\ny\r\n0\r\n\r\n"


@pytest.mark.parametrize(
    "reply",
    [sse_reply([b"x"], end="hang"), sse_reply([b"x", Pause(asyncio.Event())])],
    ids=["hang", "pause"],
)
async def test_a_client_that_leaves_a_silent_reply_is_noticed(reply):
    async with ScriptedUpstream(reply) as upstream:
        async with connection(upstream) as (reader, writer):
            writer.write(GET)
            await reader.readuntil(b"x\r\n")
            assert upstream.open_connections == 1
        async with asyncio.timeout(1):
            await upstream.disconnected(1)
        assert upstream.open_connections == 0


async def test_a_client_that_leaves_while_it_is_being_sent_to_is_noticed():
    more_than_sockets_hold = bytes(64 << 20)
    async with ScriptedUpstream(sse_reply([more_than_sockets_hold])) as upstream:
        async with connection(upstream) as (reader, writer):
            writer.write(GET)
            await reader.readuntil(b"\r\n\r\n")
        async with asyncio.timeout(5):
            await upstream.disconnected(1)


@pytest.fixture
async def opened():
    async with ScriptedUpstream(json_reply(200, b"1")) as upstream:
        yield upstream


async def test_it_can_be_a_fixture(opened):
    assert (await exchange(opened, GET)).endswith(b"1")


async def test_connections_are_reused_and_numbered():
    async with (
        ScriptedUpstream(json_reply(200, b"1")) as upstream,
        connection(upstream) as (first, first_writer),
        connection(upstream) as (second, second_writer),
    ):
        for reader, writer in ((first, first_writer), (second, second_writer)):
            for _ in range(2):
                writer.write(GET)
                await reader.readuntil(b"\r\n\r\n1")
        assert upstream.open_connections == 2
    assert [request.connection for request in upstream.requests] == [1, 1, 2, 2]


async def test_a_request_can_be_awaited_before_it_is_answered():
    async with (
        ScriptedUpstream(raw_reply(b"", end="hang")) as upstream,
        connection(upstream) as (_, writer),
    ):
        writer.write(GET)
        async with asyncio.timeout(1):
            await upstream.received(1)
        assert upstream.requests[0].method == "GET"


async def test_a_script_may_be_a_function_of_the_request():
    def echo(request: RecordedRequest) -> Reply:
        return json_reply(200, request.target)

    async with ScriptedUpstream(echo) as upstream:
        answer = await exchange(upstream, GET)
    assert answer.endswith(b'"/v1/models?a=1&a=2"')


async def test_a_list_is_played_in_order():
    async with ScriptedUpstream([json_reply(200, b"1"), json_reply(200, b"2")]) as upstream:
        assert (await exchange(upstream, GET)).endswith(b"1")
        assert (await exchange(upstream, GET)).endswith(b"2")


async def play_badly(upstream, request, *, then=None):
    async with upstream:
        with pytest.raises(ConnectionResetError):
            await exchange(upstream, request)
        if then:
            raise then


async def test_running_out_of_replies_is_told_at_the_end():
    with pytest.raises(ExceptionGroup, match="script failed") as failure:
        await play_badly(ScriptedUpstream([]), GET)
    assert [str(error) for error in failure.value.exceptions] == [
        "no reply is left for GET /v1/models?a=1&a=2"
    ]


async def test_what_is_no_http_is_told_at_the_end():
    with pytest.raises(ExceptionGroup) as failure:
        await play_badly(ScriptedUpstream([]), b"GET / HTTP/1.1\r\nnonsense\r\n\r\n")
    assert [str(error) for error in failure.value.exceptions] == ["not a header line: b'nonsense'"]


async def test_an_error_in_the_test_is_not_hidden_by_the_script_s():
    with pytest.raises(AssertionError, match="mine"):
        await play_badly(ScriptedUpstream([]), GET, then=AssertionError("mine"))


async def test_leaving_closes_every_connection_and_leaves_no_task_and_no_listener():
    before = asyncio.all_tasks()
    async with ScriptedUpstream(sse_reply([b"x"], end="hang")) as upstream:
        host, port = upstream.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(GET)
        await reader.readuntil(b"x\r\n")
    assert asyncio.all_tasks() == before
    assert upstream.open_connections == 0
    assert await reader.read() == b""
    writer.close()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(host, int(port))


async def test_serves_https_with_a_certificate_of_the_test():
    authority = trustme.CA()
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(server_side)
    client_side = ssl.create_default_context()
    authority.configure_trust(client_side)
    async with ScriptedUpstream(json_reply(200, b"1"), tls=server_side) as upstream:
        assert upstream.url.startswith("https://")
        assert (await exchange(upstream, GET, ssl=client_side)).endswith(b"1")
