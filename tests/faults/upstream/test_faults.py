"""Whatever an upstream does ends in a well-formed answer or error in the client's dialect."""

import gzip
import zlib
from collections.abc import Callable

import brotli
import pytest
import zstandard
from attrs import frozen

from lunaroute_core.testing import (
    Close,
    Hang,
    Pause,
    Reply,
    Reset,
    Send,
    Sleep,
    json_reply,
    raw_reply,
    sse_reply,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

JSON = ((b"content-type", b"application/json"),)
SSE = ((b"content-type", b"text/event-stream"),)
HTML = b"<html><body>It works!</body></html>"


@frozen(kw_only=True)
class Fault:
    """What an upstream does, and what becomes of it.

    Attributes:
        reply: what it answers.
        whole: the status of the gateway's error where a whole answer was asked for; None for
            an answer that arrives as the vendor meant it.
        stream: the same for a stream; "event" for one that ends with an error event.
        provider: a prefix of the providers' names.
        says: is in the error's message.
    """

    name: str
    reply: Callable[..., Reply] = lambda _: Reply([])
    whole: int | None
    stream: int | str | None
    provider: str = ""
    says: str = ""
    text: str | None = None


def cut_characters(case):
    """Cut within each character of several bytes."""
    sizes, run = [], 0
    for byte in case.whole:
        if byte & 0xC0 == 0x80:
            sizes.append(run)
            run = 0
        run += 1
    return case.ok(case.whole, chunk_sizes=[*sizes, run])


def crlf(case):
    data = case.whole.replace(b"\n", b"\r\n") if case.stream else case.whole
    return case.ok(data)


def compressed(encoding, compress):
    def reply(case):
        return case.ok(compress(case.whole), ((b"content-encoding", encoding),))

    return reply


def flushed_gzip(case, *, then):
    """The beginning, compressed so that it can be read, and bytes that are no good."""
    packer = zlib.compressobj(wbits=31)
    first = case.frames[0] if case.stream else case.whole[:9]
    data = packer.compress(first) + packer.flush(zlib.Z_SYNC_FLUSH)
    steps = [data, Pause(case.seen), then] if case.stream else [data, then]
    headers = (() if case.stream else JSON) + ((b"content-encoding", b"gzip"),)
    return sse_reply([step for step in steps if step], headers=headers)


def dripping(case):
    """Never silent for long, and never done."""
    piece = b": still here\n\n" if case.stream else b" "
    drops = [step for _ in range(200) for step in (Sleep(0.02), Send(chunked(piece)))]
    return case.begun(*drops)


def chunked(data):
    return b"%x\r\n%b\r\n" % (len(data), data)


def informed(*heads):
    """Interim answers go before the answer."""

    def reply(case):
        steps = [Send(head) for head in heads]
        return Reply([*steps, *case.ok(case.whole).steps])

    return reply


def ending_with(last):
    """A stream up to its last frame but one, and a last frame."""

    def reply(case):
        if not case.stream:
            return json_reply(200, b"{broken")
        return sse_reply([case.frames[0], Pause(case.seen), last(case)])

    return reply


FAULTS = [
    # Before there is an answer.
    Fault(name="refused", provider="refused-", whole=502, stream=502, says="connect"),
    Fault(name="name unknown", provider="nowhere-", whole=502, stream=502, says="resolve"),
    Fault(name="certificate unknown", provider="untrusted-", whole=502, stream=502, says="TLS"),
    Fault(name="no TLS there", provider="plain-", whole=504, stream=504, says="connect deadline"),
    Fault(name="reset at once", reply=lambda _: Reply([Reset()]), whole=502, stream=502),
    Fault(name="closed at once", reply=lambda _: Reply([Close()]), whole=502, stream=502),
    Fault(
        name="closed within the headers",
        reply=lambda _: raw_reply(b"HTTP/1.1 200 OK\r\ncontent-", end="cut"),
        whole=502,
        stream=502,
    ),
    Fault(
        name="no HTTP",
        reply=lambda _: raw_reply(b"SSH-2.0-OpenSSH_9.6\r\n\r\n", end="cut"),
        whole=502,
        stream=502,
    ),
    Fault(
        name="headers without end",
        reply=lambda case: case.ok(case.whole, ((b"x-large", b"x" * 200_000),)),
        whole=502,
        stream=502,
    ),
    Fault(
        name="hang before the headers",
        reply=lambda _: Reply([Hang()]),
        provider="hasty-",
        whole=504,
        stream=504,
        says="first_byte deadline",
    ),
    # Within the answer.
    Fault(
        name="reset within",
        reply=lambda case: case.begun(Reset()),
        whole=502,
        stream="event",
        says="broke off",
    ),
    Fault(
        name="closed within",
        reply=lambda case: case.begun(Close()),
        whole=502,
        stream="event",
        says="broke off",
    ),
    Fault(
        name="hang within",
        reply=lambda case: case.begun(),
        provider="hasty-",
        whole=504,
        stream="event",
        says="idle deadline",
    ),
    Fault(
        name="never done",
        reply=dripping,
        provider="brief-",
        whole=504,
        stream="event",
        says="total deadline",
    ),
    Fault(
        name="chunks malformed",
        reply=lambda case: case.begun(Send(b"no length\r\n")),
        whole=502,
        stream="event",
    ),
    Fault(
        name="shorter than said",
        reply=lambda case: raw_reply(
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9999\r\n\r\n{",
            end="cut",
        ),
        whole=502,
        stream=502,
    ),
    # Whole, but not what was asked for.
    Fault(
        name="cut within an event",
        reply=lambda case: case.ok(
            case.frames[0] + case.frames[1][:20] if case.stream else case.whole[:-9]
        ),
        whole=502,
        stream="event",
    ),
    Fault(
        name="no terminal event",
        reply=lambda case: case.ok(b"".join(case.frames[:2]) if case.stream else b"{"),
        whole=502,
        stream="event",
    ),
    Fault(
        name="no event at all",
        reply=lambda case: case.ok(b": hello\n\n" if case.stream else b"null"),
        whole=502,
        stream=502,
    ),
    Fault(
        name="first event malformed",
        reply=lambda case: case.ok(case.spoken.broken_start if case.stream else b"{broken"),
        whole=502,
        stream=502,
    ),
    Fault(
        name="last event malformed",
        reply=ending_with(lambda case: case.spoken.broken_end),
        whole=502,
        stream="event",
    ),
    Fault(
        name="wrong content type",
        reply=lambda _: json_reply(200, HTML, headers=((b"content-type", b"text/html"),)),
        whole=502,
        stream=502,
    ),
    Fault(
        name="no content type",
        reply=lambda _: raw_reply(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi"),
        whole=502,
        stream=502,
    ),
    Fault(
        name="nothing in it",
        reply=lambda case: json_reply(200, b"", headers=SSE if case.stream else JSON),
        whole=502,
        stream=502,
    ),
    Fault(
        name="no content",
        reply=lambda _: raw_reply(b"HTTP/1.1 204 No Content\r\n\r\n"),
        whole=502,
        stream=502,
    ),
    Fault(
        name="the other form",
        reply=lambda case: (
            json_reply(200, case.spoken.answer(case.text), headers=JSON)
            if case.stream
            else sse_reply(case.frames)
        ),
        whole=502,
        stream=502,
    ),
    Fault(
        name="encoding unknown",
        reply=lambda case: case.ok(case.whole, ((b"content-encoding", b"snappy"),)),
        whole=502,
        stream=502,
    ),
    Fault(
        name="not in its encoding",
        reply=lambda case: case.ok(case.whole, ((b"content-encoding", b"gzip"),)),
        whole=502,
        stream=502,
    ),
    Fault(
        name="encoding cut off",
        reply=lambda case: flushed_gzip(case, then=b""),
        whole=502,
        stream="event",
    ),
    Fault(
        name="encoding corrupt",
        reply=lambda case: flushed_gzip(case, then=b"\xff" * 64),
        whole=502,
        stream="event",
    ),
    # Unusual, and quite all right.
    Fault(
        name="byte by byte",
        reply=lambda case: case.ok(case.whole, chunk_sizes=[1]),
        whole=None,
        stream=None,
    ),
    Fault(name="characters cut", reply=cut_characters, whole=None, stream=None),
    Fault(
        name="ten megabytes at once",
        reply=lambda case: case.ok(case.whole),
        text="x" * 10_000_000,
        whole=None,
        stream=None,
    ),
    Fault(name="CR LF", reply=crlf, whole=None, stream=None),
    Fault(
        name="no blank line at the end",
        reply=lambda case: case.ok(case.whole.rstrip(b"\n")),
        whole=None,
        stream=None,
    ),
    Fault(name="gzip", reply=compressed(b"gzip", gzip.compress), whole=None, stream=None),
    Fault(name="deflate", reply=compressed(b"deflate", zlib.compress), whole=None, stream=None),
    Fault(name="br", reply=compressed(b"br", brotli.compress), whole=None, stream=None),
    Fault(name="zstd", reply=compressed(b"zstd", zstandard.compress), whole=None, stream=None),
    Fault(
        name="100 Continue",
        reply=informed(b"HTTP/1.1 100 Continue\r\n\r\n"),
        whole=None,
        stream=None,
    ),
    Fault(
        name="early hints",
        reply=informed(b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n"),
        whole=None,
        stream=None,
    ),
]


@pytest.fixture(params=FAULTS, ids=lambda fault: fault.name.replace(" ", "-"))
def fault(request):
    return request.param


async def test_every_fault_ends_well(
    stage, case_of, spoken, stream, *, fault, error_answer, error_event
):
    case = case_of(spoken, stream=stream, text=fault.text)
    answer = await stage.answer(case, fault.reply(case), provider=fault.provider)
    outcome = fault.stream if stream else fault.whole
    match outcome:
        case "event":
            assert answer.body.startswith(case.frames[0])
            assert fault.says in error_event(spoken, answer)
        case None:
            assert answer.status == 200
            assert answer.is_whole
            assert answer.header("content-encoding") is None
            assert spoken.read(answer, stream=stream) == case.text
            if fault.name not in ("CR LF", "no blank line at the end"):
                assert answer.body == case.whole
        case status:
            assert answer.status == status
            assert fault.says in error_answer(spoken, answer)
