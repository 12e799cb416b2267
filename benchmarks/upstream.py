"""A vendor that costs next to nothing: canned answers over a raw asyncio protocol.

What it answers follows from the start of the body, so that a request says the same whether
it comes directly or through a relay:

* `"model":"bench-digest"`: a JSON answer that says the SHA-256 of the body as it arrived;
* `"model":"bench-paced"`: a stream of `max_tokens` chunks, 50 a second, each with the
  monotonic time at which it was sent;
* `"stream":true`: a stream of 66 chunks at once;
* anything else: a JSON answer.

The last two it answers in Anthropic's dialect to `POST /v1/messages`, saying the same.

    python -m benchmarks.upstream --port 9000
"""

import argparse
import asyncio
import hashlib
import re
import time
from typing import cast

from benchmarks.event_loop import new_event_loop

CHUNKS_PER_SECOND = 50
STREAM_CHUNKS = 66
_LOOKED_AT = 200
_MESSAGES = b"POST /v1/messages "
_CONTENT_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_MAX_TOKENS = re.compile(rb'"max_tokens":(\d+)')

_ANSWER = (
    b'{"id":"chatcmpl-bench","object":"chat.completion","created":1735689600,'
    b'"model":"bench-json","choices":[{"index":0,"message":{"role":"assistant","content":'
    b'"%s","refusal":null},'
    b'"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":24,'
    b'"completion_tokens":15,"total_tokens":39,"prompt_tokens_details":{"cached_tokens":0,'
    b'"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0}},'
    b'"service_tier":"default","system_fingerprint":"fp_bench"}'
)
_CHUNK = (
    b'data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1735689600,'
    b'"model":"bench-stream","service_tier":"default","system_fingerprint":"fp_bench",'
    b'"choices":[{"index":0,"delta":{"content":" Paris"},"logprobs":null,'
    b'"finish_reason":null}]%s}\n\n'
)
_LAST_CHUNK = (
    b'data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1735689600,'
    b'"model":"bench-stream","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],'
    b'"usage":{"prompt_tokens":24,"completion_tokens":64,"total_tokens":88}}\n\n'
)
_DONE = b"data: [DONE]\n\n"
_END = b"0\r\n\r\n"
_STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n"
    b"transfer-encoding: chunked\r\n\r\n"
)


def _json_answer(body: bytes) -> bytes:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    return head % len(body) + body


def _framed(chunk: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(chunk), chunk)


_CANNED_ANSWER = _json_answer(
    _ANSWER % b"The capital of France is Paris. It lies on the river Seine."
)
_CANNED_STREAM = [
    *[_framed(_CHUNK % b"")] * (STREAM_CHUNKS - 2),
    _framed(_LAST_CHUNK),
    _framed(_DONE) + _END,
]

_MESSAGE = (
    b'{"id":"msg_bench","type":"message","role":"assistant","model":"bench-json","content":'
    b'[{"type":"text","text":"The capital of France is Paris. It lies on the river Seine."}],'
    b'"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":24,'
    b'"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":15,'
    b'"service_tier":"standard"}}'
)
_MESSAGE_EVENTS = (
    (
        b'{"type":"message_start","message":{"id":"msg_bench","type":"message","role":"assistant",'
        b'"model":"bench-stream","content":[],"stop_reason":null,"stop_sequence":null,'
        b'"usage":{"input_tokens":24,"output_tokens":1}}}'
    ),
    b'{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}',
    *[
        b'{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" Paris"}}',
    ]
    * (STREAM_CHUNKS - 2),
    b'{"type":"content_block_stop","index":0}',
    (
        b'{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},'
        b'"usage":{"output_tokens":64}}'
    ),
    b'{"type":"message_stop"}',
)
_EVENT_TYPE = re.compile(rb'"type":"(\w+)"')
_CANNED_MESSAGE = _json_answer(_MESSAGE)


def _event(data: bytes) -> bytes:
    kind = _EVENT_TYPE.search(data)
    return b"event: %s\ndata: %s\n\n" % (kind[1] if kind else b"", data)


_CANNED_MESSAGE_STREAM = [*map(_framed, map(_event, _MESSAGE_EVENTS)), _END]


class Upstream(asyncio.Protocol):
    """One connection."""

    def __init__(self) -> None:
        self.received = bytearray()
        self.needed = 0
        self.timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        if self.timer is not None:
            self.timer.cancel()

    def data_received(self, data: bytes) -> None:
        self.received += data
        if len(self.received) < self.needed:
            return
        head_end = self.received.find(b"\r\n\r\n")
        if head_end < 0:
            return
        length = _CONTENT_LENGTH.search(self.received, 0, head_end + 2)
        self.needed = head_end + 4 + (int(length[1]) if length else 0)
        if len(self.received) >= self.needed:
            body = bytes(self.received[head_end + 4 : self.needed])
            messages = self.received.startswith(_MESSAGES)
            self.received.clear()
            self.needed = 0
            if messages:
                self.answer_message(body)
            else:
                self.answer(body)

    def answer(self, body: bytes) -> None:
        start = body[:_LOOKED_AT]
        if b'"model":"bench-digest"' in start:
            digest = hashlib.sha256(body).hexdigest().encode()
            self.transport.write(_json_answer(_ANSWER % digest))
        elif b'"model":"bench-paced"' in start:
            tokens = _MAX_TOKENS.search(start)
            self.transport.write(_STREAM_HEAD)
            self.pace(int(tokens[1]) if tokens else 1, asyncio.get_running_loop().time())
        elif b'"stream":true' in start:
            self.transport.write(_STREAM_HEAD)
            for chunk in _CANNED_STREAM:
                self.transport.write(chunk)
        else:
            self.transport.write(_CANNED_ANSWER)

    def answer_message(self, body: bytes) -> None:
        if b'"stream":true' not in body:
            self.transport.write(_CANNED_MESSAGE)
            return
        self.transport.write(_STREAM_HEAD)
        for chunk in _CANNED_MESSAGE_STREAM:
            self.transport.write(chunk)

    def pace(self, left: int, due: float) -> None:
        """Send a chunk, and the others each when it is due, however late this one is."""
        if left == 0:
            self.transport.write(_framed(_LAST_CHUNK) + _framed(_DONE) + _END)
            return
        self.transport.write(_framed(_CHUNK % b',"sent_ns":%d' % time.monotonic_ns()))
        due += 1 / CHUNKS_PER_SECOND
        self.timer = asyncio.get_running_loop().call_at(due, self.pace, left - 1, due)


async def serve(port: int) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Upstream, "127.0.0.1", port, backlog=1024)
    async with server:
        await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(serve(arguments.port))


if __name__ == "__main__":
    main()
