"""A vendor's HTTP API as a Provider: what is sent, and what comes back."""

import asyncio
import gzip
import json
import ssl
import zlib

import attrs
import brotli
import msgspec
import pytest
import trustme
import zstandard

from lunaroute_core import (
    DeadlineOverrides,
    InvalidRequestError,
    ModelRequest,
    Operation,
    RequestContext,
    UpstreamAnsweredError,
    UpstreamProtocolError,
    UpstreamTimeoutError,
    UpstreamUnavailableError,
    WireRequest,
)
from lunaroute_core.dialects.codec import BodyEdits
from lunaroute_core.model import FinishReason
from lunaroute_core.testing import (
    Close,
    Hang,
    Pause,
    Reply,
    Reset,
    ScriptedUpstream,
    Send,
    chat_request,
    json_reply,
    raw_reply,
    sse_reply,
    wire_request,
)
from lunaroute_core.token_estimate import estimate_tokens
from lunaroute_egress import (
    AnthropicEndpoint,
    AzureOpenAIEndpoint,
    Connector,
    Deadlines,
    HttpClient,
    KeyRing,
    ModelNames,
    OpenAIEndpoint,
    PoolSettings,
    Templates,
)

CHAT_BODY = b'{"model": "gpt-5",  "messages": [{"role": "user", "content": "hi"}]}'
CHAT_STREAM_BODY = CHAT_BODY[:-1] + b', "stream": true}'
CHAT_ANSWER = (
    b'{"id": "c1", "object": "chat.completion", "created": 1, "model": "gpt-5-x", "choices":'
    b' [{"index": 0, "message": {"role": "assistant", "content": "hello"},'
    b' "finish_reason": "stop"}],'
    b' "usage": {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4}}'
)
FRAME = (
    b'data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"gpt-5-x",'
    b'"choices":[{"index":0,%b}]}\n\n'
)
FRAMES = [
    FRAME % b'"delta":{"role":"assistant","content":"hel"}',
    FRAME % b'"delta":{"content":"lo"}',
    FRAME % b'"delta":{},"finish_reason":"stop"',
    b"data: [DONE]\n\n",
]
OK = json_reply(200, CHAT_ANSWER)


@pytest.fixture
async def http():
    async with HttpClient() as client:
        yield client


@pytest.fixture
def connector(http):
    def make(upstream, **changes):
        settings = {
            "name": "openai",
            "endpoint": OpenAIEndpoint(base_url=f"{upstream.url}/v1"),
            "dialects": ("openai_responses", "openai_chat"),
            "http": http,
        }
        return Connector(**(settings | changes))

    return make


async def streamed(stream, request):
    async with stream:
        return [block async for block in stream.blocks(request)]


class TestSending:
    async def test_the_body_goes_out_byte_for_byte_with_its_query_and_headers(self, connector):
        request = wire_request(
            CHAT_BODY,
            headers=((b"user-agent", b"sdk/1"), (b"x-a", b"1"), (b"x-a", b"2")),
            query=b"beta=true&q=%2F+x",
        )
        async with ScriptedUpstream(OK) as upstream:
            await connector(upstream).send(request)
        (received,) = upstream.requests
        assert received.body == CHAT_BODY
        assert received.target == "/v1/chat/completions?beta=true&q=%2F+x"
        assert [value for name, value in received.headers if name.lower() == b"x-a"] == [b"1", b"2"]
        assert received.header("user-agent") == "sdk/1"
        assert received.header("host") == upstream.url.removeprefix("http://")

    async def test_nothing_is_added_that_the_client_did_not_send(self, connector):
        async with ScriptedUpstream(OK) as upstream:
            await connector(upstream).send(wire_request(CHAT_BODY))
        names = {name.decode().lower() for name, _ in upstream.requests[0].headers}
        assert names == {"host", "content-type", "accept-encoding", "content-length"}

    async def test_bodies_of_many_megabytes_pass(self, connector):
        body = CHAT_BODY[:-1] + b', "user": "' + b"x" * 3_000_000 + b'"}'
        async with ScriptedUpstream(OK) as upstream:
            await connector(upstream).send(wire_request(body))
        assert upstream.requests[0].body == body

    async def test_connections_are_reused(self, connector):
        async with ScriptedUpstream(OK) as upstream:
            one = connector(upstream)
            for _ in range(3):
                await one.send(wire_request(CHAT_BODY))
        assert {request.connection for request in upstream.requests} == {1}

    async def test_cookies_are_not_kept(self, connector):
        reply = json_reply(200, CHAT_ANSWER, headers=((b"set-cookie", b"a=b"),))
        async with ScriptedUpstream(reply) as upstream:
            one = connector(upstream)
            await one.send(wire_request(CHAT_BODY))
            await one.send(wire_request(CHAT_BODY))
        assert upstream.requests[1].header("cookie") is None

    async def test_redirects_are_not_followed(self, connector):
        reply = json_reply(307, b"{}", headers=((b"location", b"http://127.0.0.1:1/"),))
        async with ScriptedUpstream(reply) as upstream:
            with pytest.raises(UpstreamAnsweredError) as caught:
                await connector(upstream).send(wire_request(CHAT_BODY))
        assert caught.value.wire.status == 307

    async def test_every_call_is_counted(self, connector):
        request = wire_request(CHAT_BODY)
        async with ScriptedUpstream(OK) as upstream:
            await connector(upstream).send(request)
        assert request.context.attempts == 1

    async def test_the_trace_goes_on_with_the_gateway_as_parent(self, connector):
        request = wire_request(CHAT_BODY, headers=((b"traceparent", b"theirs"),))
        request.context.traceparent = "ours"
        async with ScriptedUpstream(OK) as upstream:
            await connector(upstream).send(request)
        values = [v for n, v in upstream.requests[0].headers if n.lower() == b"traceparent"]
        assert values == [b"ours"]

    async def test_a_dialect_the_upstream_does_not_speak_is_translated(self, connector):
        body = b'{"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}'
        request = wire_request(body, dialect="anthropic_messages")
        async with ScriptedUpstream(OK) as upstream:
            chat = connector(upstream, dialects=("openai_chat",))
            response = await chat.send(request)
        (received,) = upstream.requests
        assert received.target == "/v1/chat/completions"
        assert json.loads(received.body)["messages"] == [{"role": "user", "content": "Hi"}]
        assert json.loads(response.wire_for(request).body)["type"] == "message"

    async def test_a_request_without_wire_form_is_written_in_its_clients_dialect(self, connector):
        async with ScriptedUpstream(OK) as upstream:
            response = await connector(upstream).send(chat_request("Hi"))
        (received,) = upstream.requests
        assert json.loads(received.body)["messages"] == [{"role": "user", "content": "Hi"}]
        assert response.wire is not None
        assert response.wire_for(chat_request()) is response.wire

    async def test_what_cannot_be_translated_is_refused_without_a_call(self, connector):
        body = b'{"model": "m", "max_tokens": 1, "messages": []}'
        async with ScriptedUpstream([]) as upstream:
            with pytest.raises(InvalidRequestError, match="messages"):
                await connector(upstream).send(wire_request(body, dialect="anthropic_messages"))


class TestCredentials:
    CLIENT = ((b"authorization", b"Bearer client"),)

    async def sent(self, made, request):
        async with ScriptedUpstream(OK) as upstream:
            await made(upstream).send(request)
        (received,) = upstream.requests
        return [v for n, v in received.headers if n.lower() == b"authorization"]

    async def test_configured_key_with_client_authorization_sends_the_configured_key(
        self, connector
    ):
        """In the original this request left without any authorization."""
        request = wire_request(CHAT_BODY, headers=self.CLIENT)
        keys = KeyRing(("own",))
        assert await self.sent(lambda u: connector(u, keys=keys), request) == [b"Bearer own"]

    async def test_without_a_configured_key_the_clients_is_used(self, connector):
        request = wire_request(CHAT_BODY, headers=self.CLIENT)
        assert await self.sent(connector, request) == [b"Bearer client"]

    async def test_an_untrusted_upstream_does_not_get_the_clients_key(self, connector):
        request = wire_request(CHAT_BODY, headers=self.CLIENT)
        sent = await self.sent(lambda u: connector(u, forward_client_credentials=False), request)
        assert sent == []

    async def test_a_key_in_both_headers_is_passed_on_as_it_came(self, connector):
        headers = ((b"authorization", b"Bearer a"), (b"x-api-key", b"b"))
        body = b'{"model": "m", "max_tokens": 1, "messages": []}'
        request = wire_request(body, dialect="anthropic_messages", headers=headers)
        reply = json_reply(200, {"type": "message", "id": "m", "model": "m", "content": []})
        async with ScriptedUpstream(reply) as upstream:
            one = connector(
                upstream,
                endpoint=AnthropicEndpoint(base_url=upstream.url),
                dialects=("anthropic_messages",),
            )
            await one.send(request)
        received = upstream.requests[0]
        assert received.header("authorization") == "Bearer a"
        assert received.header("x-api-key") == "b"
        assert received.header("anthropic-version") == "2023-06-01"

    @pytest.mark.parametrize("body", [CHAT_BODY, CHAT_STREAM_BODY])
    @pytest.mark.parametrize(
        ("own", "status", "told"),
        [
            ({"keys": KeyRing(("own",))}, 401, True),
            ({"keys": KeyRing(("own", "another"))}, 403, True),
            ({"headers": {"Authorization": "Bearer own"}}, 401, True),
            ({"keys": KeyRing(("own",))}, 429, False),
            ({}, 401, False),
            ({"headers": {"x-team": "a"}}, 403, False),
        ],
    )
    async def test_an_error_says_whose_key_was_refused(self, connector, body, own, status, told):
        request = wire_request(body, headers=self.CLIENT)
        async with ScriptedUpstream(json_reply(status, {"error": {"message": "no"}})) as upstream:
            one = connector(upstream, **own)
            with pytest.raises(UpstreamAnsweredError) as error:
                await (one.stream(request) if request.stream else one.send(request))
        assert error.value.own_credentials is told


class TestConfiguredChanges:
    async def test_the_model_is_renamed_and_every_other_byte_stays(self, connector):
        models = ModelNames(names={"gpt-5": "gpt-5-2025"})
        async with ScriptedUpstream(OK) as upstream:
            answer = await connector(upstream, models=models).send(wire_request(CHAT_BODY))
        assert upstream.requests[0].body == CHAT_BODY.replace(b"gpt-5", b"gpt-5-2025")
        assert answer.model == "gpt-5-2025"

    async def test_an_override_wins_over_any_name(self, connector):
        models = ModelNames(override="x", names={"gpt-5": "y"})
        async with ScriptedUpstream(OK) as upstream:
            await connector(upstream, models=models).send(wire_request(CHAT_BODY))
        assert msgspec.json.decode(upstream.requests[0].body)["model"] == "x"

    async def test_headers_are_set_from_templates(self, connector):
        request = wire_request(CHAT_BODY, headers=((b"x-env", b"client"),))
        made = {
            "headers": {"X-Env": "${env.STAGE}", "X-Model": "${model}"},
            "templates": Templates(
                provider="openai",
                allowed_environment=frozenset({"STAGE"}),
                environment={"STAGE": "prod"},
            ),
        }
        async with ScriptedUpstream(OK) as upstream:
            await connector(upstream, **made).send(request)
        (received,) = upstream.requests
        assert (received.header("x-env"), received.header("x-model")) == ("prod", "gpt-5")

    async def test_a_model_that_no_header_can_hold_is_the_clients_mistake(self, connector):
        request = wire_request(CHAT_BODY.replace(b"gpt-5", b"gpt\\r\\nx-injected: 1"))
        async with ScriptedUpstream(OK) as upstream:
            with pytest.raises(InvalidRequestError) as caught:
                await connector(upstream, headers={"X-Model": "${model}"}).send(request)
        assert caught.value.details.param == "model"
        assert upstream.requests == []

    @pytest.mark.parametrize(
        ("dialect", "body", "text"),
        [
            ("openai_chat", CHAT_BODY, lambda sent: sent["messages"][0]["content"]),
            ("openai_responses", b'{"model":"gpt-5","input":"hi"}', lambda s: str(s["input"][0])),
            (
                "anthropic_messages",
                b'{"model":"gpt-5","max_tokens":1,"messages":[{"role":"user","content":"hi"}]}',
                lambda sent: str(sent["system"]),
            ),
        ],
    )
    async def test_body_edits_work_on_passthrough_in_every_dialect(
        self, connector, dialect, body, text
    ):
        edits = BodyEdits(
            defaults={"temperature": 0.5, "metadata": {"a": "1"}},
            overrides={"metadata": {"b": "${request_id}"}},
            prepend_messages=[{"role": "system", "content": "You are ${model}."}],
        )
        request = wire_request(body, dialect=dialect)
        async with ScriptedUpstream(json_reply(400, b"{}")) as upstream:
            with pytest.raises(UpstreamAnsweredError):
                await connector(upstream, edits=edits, dialects=(dialect,)).send(request)
        sent = msgspec.json.decode(upstream.requests[0].body)
        assert sent["temperature"] == 0.5
        assert sent["metadata"] == {"a": "1", "b": request.context.request_id}
        assert "You are gpt-5." in text(sent)

    async def test_azure_takes_the_deployment_path_of_the_renamed_model(self, connector):
        async with ScriptedUpstream(OK) as upstream:
            one = connector(
                upstream,
                endpoint=AzureOpenAIEndpoint(base_url=upstream.url, api_version="v"),
                models=ModelNames(names={"gpt-5": "mine"}),
                keys=KeyRing(("k",)),
            )
            await one.send(wire_request(CHAT_BODY))
        (received,) = upstream.requests
        assert received.target == "/openai/deployments/mine/chat/completions?api-version=v"
        assert received.header("api-key") == "k"


class TestAnswers:
    async def test_the_answer_comes_back_byte_for_byte_and_is_summarized(self, connector):
        headers = ((b"x-request-id", b"req-up"), (b"set-cookie", b"a"), (b"set-cookie", b"b"))
        async with ScriptedUpstream(json_reply(200, CHAT_ANSWER, headers=headers)) as upstream:
            answer = await connector(upstream).send(wire_request(CHAT_BODY))
        assert answer.wire.body == CHAT_ANSWER
        assert [v for n, v in answer.wire.headers if n == b"set-cookie"] == [b"a", b"b"]
        assert answer.summary.finish_reason is FinishReason.STOP
        assert (answer.summary.usage.input_tokens, answer.summary.usage.output_tokens) == (3, 1)
        assert answer.timings.started <= answer.timings.first_byte <= answer.timings.finished

    @pytest.mark.parametrize(
        ("encoding", "compress"),
        [
            ("gzip", gzip.compress),
            ("deflate", zlib.compress),
            ("br", brotli.compress),
            ("zstd", zstandard.ZstdCompressor().compress),
        ],
    )
    async def test_an_encoding_the_client_accepts_is_passed_on_and_read_for_the_summary(
        self, connector, encoding, compress
    ):
        raw = compress(CHAT_ANSWER)
        reply = json_reply(200, raw, headers=((b"content-encoding", encoding.encode()),))
        accepts = (b"accept-encoding", b"gzip, deflate, br, zstd")
        async with ScriptedUpstream(reply) as upstream:
            answer = await connector(upstream).send(wire_request(CHAT_BODY, headers=(accepts,)))
        assert answer.wire.body == raw
        assert dict(answer.wire.headers)[b"content-encoding"] == encoding.encode()
        assert answer.summary.id == "c1"

    async def test_an_encoding_nobody_asked_for_is_undone(self, connector):
        reply = json_reply(
            200, gzip.compress(CHAT_ANSWER), headers=((b"content-encoding", b"gzip"),)
        )
        async with ScriptedUpstream(reply) as upstream:
            answer = await connector(upstream).send(wire_request(CHAT_BODY))
        assert upstream.requests[0].header("accept-encoding") == "identity"
        assert answer.wire.body == CHAT_ANSWER
        assert b"content-encoding" not in dict(answer.wire.headers)

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422, 429, 500, 503, 529])
    @pytest.mark.parametrize("stream", [False, True])
    async def test_an_upstreams_error_keeps_status_body_and_headers(
        self, connector, status, stream
    ):
        """The original turned most of them into 502 and lost Retry-After."""
        body = b'{"error": {"message": "no",  "type": "t", "param": null, "code": null}}'
        reply = json_reply(status, body, headers=((b"retry-after", b"7"),))
        async with ScriptedUpstream(reply) as upstream:
            one = connector(upstream)
            ask = one.stream if stream else one.send
            with pytest.raises(UpstreamAnsweredError) as caught:
                await ask(wire_request(CHAT_STREAM_BODY if stream else CHAT_BODY))
        error = caught.value
        assert (error.wire.status, error.wire.body) == (status, body)
        assert dict(error.wire.headers)[b"retry-after"] == b"7"
        assert error.retry_after == 7
        assert error.details.status == status

    @pytest.mark.parametrize(
        "body", [b"<html>", b"", b"[]", b'"text"', CHAT_ANSWER[:-5], b'{"error": {}}', b"\xff"]
    )
    async def test_what_is_no_answer_is_a_protocol_error_though_it_says_200(self, connector, body):
        async with ScriptedUpstream(json_reply(200, body)) as upstream:
            with pytest.raises(UpstreamProtocolError):
                await connector(upstream).send(wire_request(CHAT_BODY))

    async def test_an_answer_cut_short_is_a_protocol_error(self, connector):
        async with ScriptedUpstream(json_reply(200, CHAT_ANSWER, end="cut")) as upstream:
            with pytest.raises(UpstreamProtocolError, match="broke off"):
                await connector(upstream).send(wire_request(CHAT_BODY))

    async def test_corrupt_compression_is_a_protocol_error(self, connector):
        reply = json_reply(200, b"nonsense", headers=((b"content-encoding", b"gzip"),))
        async with ScriptedUpstream(reply) as upstream:
            with pytest.raises(UpstreamProtocolError, match="corrupt"):
                await connector(upstream).send(wire_request(CHAT_BODY))

    async def test_malformed_http_is_a_protocol_error(self, connector):
        async with ScriptedUpstream(raw_reply(b"HTTP/1.1 abc\r\n\r\n", end="cut")) as upstream:
            with pytest.raises(UpstreamProtocolError, match="malformed"):
                await connector(upstream).send(wire_request(CHAT_BODY))

    async def test_the_original_message_of_a_dialect_error_is_read(self, connector):
        reply = json_reply(401, {"error": {"message": "bad key", "type": "x", "code": None}})
        async with ScriptedUpstream(reply) as upstream:
            with pytest.raises(UpstreamAnsweredError, match="bad key"):
                await connector(upstream).send(wire_request(CHAT_BODY))


class TestStreams:
    @pytest.mark.parametrize("sizes", [None, [1], [7, 3], [100_000]])
    async def test_frames_come_back_byte_for_byte_however_they_are_cut(self, connector, sizes):
        request = wire_request(CHAT_STREAM_BODY)
        async with ScriptedUpstream(sse_reply(FRAMES, chunk_sizes=sizes)) as upstream:
            stream = await connector(upstream).stream(request)
            blocks = await streamed(stream, request)
        assert b"".join(blocks) == b"".join(FRAMES)
        assert all(block.endswith(b"\n\n") for block in blocks)
        assert stream.summary.finish_reason is FinishReason.STOP
        assert (stream.summary.id, stream.summary.model) == ("c1", "gpt-5-x")

    @pytest.mark.parametrize("end", ["clean", "cut", "reset"])
    async def test_an_early_end_is_never_taken_for_the_end(self, connector, end):
        request = wire_request(CHAT_STREAM_BODY)
        async with ScriptedUpstream(sse_reply(FRAMES[:2], end=end)) as upstream:
            stream = await connector(upstream).stream(request)
            with pytest.raises(UpstreamProtocolError):
                await streamed(stream, request)

    async def test_a_cut_after_the_terminal_event_loses_nothing(self, connector):
        request = wire_request(CHAT_STREAM_BODY)
        async with ScriptedUpstream(sse_reply(FRAMES, end="cut")) as upstream:
            blocks = await streamed(await connector(upstream).stream(request), request)
        assert b"".join(blocks) == b"".join(FRAMES)

    async def test_a_last_frame_without_its_blank_line_still_arrives(self, connector):
        request = wire_request(CHAT_STREAM_BODY)
        frames = [*FRAMES[:3], b"data: [DONE]\n"]
        async with ScriptedUpstream(sse_reply(frames)) as upstream:
            blocks = await streamed(await connector(upstream).stream(request), request)
        assert b"".join(blocks) == b"".join(frames)

    @pytest.mark.parametrize(
        ("reply", "match"),
        [
            (sse_reply([]), "without an event"),
            (sse_reply([b": only a comment\n\n"]), "without an event"),
            (sse_reply([b"data: {nonsense\n\n"]), "malformed"),
            (json_reply(200, CHAT_ANSWER), "event stream was asked for"),
            (
                json_reply(200, b"<html>", headers=((b"content-type", b"text/html"),)),
                "text/html",
            ),
        ],
    )
    async def test_what_is_no_stream_fails_before_anything_is_committed(
        self, connector, reply, match
    ):
        async with ScriptedUpstream(reply) as upstream:
            with pytest.raises(UpstreamProtocolError, match=match):
                async with await connector(upstream).stream(wire_request(CHAT_STREAM_BODY)):
                    pass

    async def test_an_error_as_first_event_is_an_answered_error(self, connector):
        frame = b'data: {"error":{"message":"busy","type":"server_error","code":null}}\n\n'
        async with ScriptedUpstream(sse_reply([frame])) as upstream:
            with pytest.raises(UpstreamAnsweredError, match="busy"):
                async with await connector(upstream).stream(wire_request(CHAT_STREAM_BODY)):
                    pass

    @pytest.mark.parametrize(
        ("encoding", "compress"),
        [
            (b"gzip", gzip.compress),
            (b"br", brotli.compress),
            (b"zstd", zstandard.ZstdCompressor().compress),
        ],
    )
    async def test_a_compressed_stream_is_read_and_passed_on_plain(
        self, connector, encoding, compress
    ):
        request = wire_request(CHAT_STREAM_BODY, headers=((b"accept-encoding", b"gzip, br"),))
        reply = sse_reply(
            [compress(b"".join(FRAMES))],
            headers=((b"content-encoding", encoding),),
            chunk_sizes=[5],
        )
        async with ScriptedUpstream(reply) as upstream:
            stream = await connector(upstream).stream(request)
            blocks = await streamed(stream, request)
        assert b"".join(blocks) == b"".join(FRAMES)
        assert b"content-encoding" not in dict(stream.wire.headers)

    @pytest.mark.parametrize(
        ("encoding", "compress"),
        [
            (b"gzip", gzip.compress),
            (b"deflate", zlib.compress),
            (b"br", brotli.compress),
            (b"zstd", zstandard.ZstdCompressor(write_checksum=True).compress),
        ],
    )
    async def test_a_compressed_stream_that_was_cut_off_is_a_protocol_error(
        self, connector, encoding, compress
    ):
        request = wire_request(CHAT_STREAM_BODY, headers=((b"accept-encoding", b"gzip, br"),))
        cut = compress(b"".join(FRAMES[:2]))[:-3]
        reply = sse_reply([cut], headers=((b"content-encoding", encoding),))
        async with ScriptedUpstream(reply) as upstream:
            stream = await connector(upstream).stream(request)
            with pytest.raises(UpstreamProtocolError, match="truncated compressed body"):
                await streamed(stream, request)

    async def test_leaving_early_closes_the_upstream_connection(self, connector):
        request = wire_request(CHAT_STREAM_BODY)
        async with ScriptedUpstream(sse_reply([FRAMES[0]], end="hang")) as upstream:
            async with await connector(upstream).stream(request):
                assert upstream.open_connections == 1
            await upstream.disconnected(1)

    async def test_a_cancelled_call_closes_the_upstream_connection(self, connector):
        async with ScriptedUpstream(Reply([Hang()])) as upstream:
            async with asyncio.TaskGroup() as group:
                one = connector(upstream)
                call = group.create_task(one.send(wire_request(CHAT_BODY)))
                await upstream.received(1)
                call.cancel()
            await upstream.disconnected(1)

    async def test_a_slow_reader_slows_the_upstream(self, connector):
        """Backpressure: what nobody reads stays with the upstream."""
        frame = b'data: {"choices":[{"index":0,"delta":{"content":"%b"}}]}\n\n' % (b"x" * 100_000)
        sent = 0

        def count(_request):
            def steps():
                nonlocal sent
                yield from sse_reply([FRAMES[0]], end="hang").steps[:-1]
                for _ in range(1000):
                    yield Send(b"%x\r\n%b\r\n" % (len(frame), frame))
                    sent += 1

            return Reply(steps())

        request = wire_request(CHAT_STREAM_BODY)
        async with ScriptedUpstream(count) as upstream, await connector(upstream).stream(request):
            before = -1
            while sent != before:
                before = sent
                await asyncio.sleep(0.1)
            assert sent < 500


class TestDeadlines:
    async def failed(self, connector, upstream, request, **deadlines):
        one = connector(upstream, deadlines=Deadlines(**deadlines))
        with pytest.raises(UpstreamTimeoutError) as caught:
            await (self.read(one, request) if request.stream else one.send(request))
        return caught.value.phase

    async def test_first_byte(self, connector):
        async with ScriptedUpstream(Reply([Hang()])) as upstream:
            request = wire_request(CHAT_BODY)
            assert await self.failed(connector, upstream, request, first_byte=0.05) == "first_byte"

    @pytest.mark.parametrize("body", [CHAT_BODY, CHAT_STREAM_BODY])
    async def test_idle(self, connector, body):
        stream = b"stream" in body
        reply = sse_reply(FRAMES[:1], end="hang") if stream else json_reply(200, b"{}", end="hang")
        async with ScriptedUpstream(reply) as upstream:
            assert await self.failed(connector, upstream, wire_request(body), idle=0.05) == "idle"

    @pytest.mark.parametrize("body", [CHAT_BODY, CHAT_STREAM_BODY])
    @pytest.mark.parametrize(
        "overrides", [DeadlineOverrides(idle=0.05), DeadlineOverrides(total=0.05)]
    )
    async def test_a_request_may_bring_its_own(self, connector, body, overrides):
        stream = b"stream" in body
        reply = sse_reply(FRAMES[:1], end="hang") if stream else json_reply(200, b"{}", end="hang")
        request = wire_request(body)
        request.context.deadlines = overrides
        async with ScriptedUpstream(reply) as upstream:
            phase = await self.failed(connector, upstream, request, idle=60, total=60)
        assert phase == ("idle" if overrides.total is None else "total")

    async def test_a_request_may_bring_its_own_for_connecting(self, connector):
        """The pool's one connection is taken."""
        async with (
            ScriptedUpstream(Reply([Hang()])) as upstream,
            HttpClient(pool=PoolSettings(max_connections=1)) as http,
            asyncio.TaskGroup() as group,
        ):
            one = connector(upstream, http=http)
            first = group.create_task(one.send(wire_request(CHAT_BODY)))
            await asyncio.sleep(0)
            request = wire_request(CHAT_BODY)
            request.context.deadlines = DeadlineOverrides(connect=0.05)
            with pytest.raises(UpstreamTimeoutError, match=r"connect deadline of 0\.05 s"):
                await one.send(request)
            first.cancel()

    async def test_total_ends_a_stream_that_never_pauses(self, connector):
        event = asyncio.Event()

        def reply(_request):
            def steps():
                yield from sse_reply(FRAMES[:1], end="hang").steps[:-1]
                while not event.is_set():
                    yield Send(b"%x\r\n%b\r\n" % (len(FRAMES[1]), FRAMES[1]))

            return Reply(steps())

        async with ScriptedUpstream(reply) as upstream:
            request = wire_request(CHAT_STREAM_BODY)
            assert await self.failed(connector, upstream, request, total=0.2, idle=5) == "total"
            event.set()

    async def test_a_reader_that_takes_its_time_is_not_an_idle_upstream(self, connector):
        request = wire_request(CHAT_STREAM_BODY)
        async with ScriptedUpstream(sse_reply(FRAMES)) as upstream:
            one = connector(upstream, deadlines=Deadlines(idle=0.05))
            async with await one.stream(request) as stream:
                await asyncio.sleep(0.15)
                blocks = [block async for block in stream.blocks(request)]
        assert b"".join(blocks) == b"".join(FRAMES)

    async def test_idle_time_begins_again_with_every_piece(self, connector):
        gates = [asyncio.Event() for _ in FRAMES]
        steps = [
            step for gate, frame in zip(gates, FRAMES, strict=True) for step in (Pause(gate), frame)
        ]
        request = wire_request(CHAT_STREAM_BODY)
        async with ScriptedUpstream(sse_reply(steps)) as upstream, asyncio.TaskGroup() as group:
            one = connector(upstream, deadlines=Deadlines(idle=0.3))
            reading = group.create_task(self.read(one, request))
            for gate in gates:
                await asyncio.sleep(0.15)
                gate.set()
        assert reading.result() == b"".join(FRAMES)

    async def read(self, one, request):
        return b"".join(await streamed(await one.stream(request), request))


class TestUnreachable:
    async def test_refused(self, connector):
        async with ScriptedUpstream([]) as upstream:
            pass
        with pytest.raises(UpstreamUnavailableError, match="cannot connect"):
            await connector(upstream).send(wire_request(CHAT_BODY))

    async def test_name_that_does_not_resolve(self, connector):
        async with ScriptedUpstream([]) as upstream:
            endpoint = OpenAIEndpoint(base_url="http://nowhere.invalid/v1")
            with pytest.raises(UpstreamUnavailableError, match=r"nowhere\.invalid"):
                await connector(upstream, endpoint=endpoint).send(wire_request(CHAT_BODY))

    async def test_a_certificate_nobody_vouches_for(self, connector):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
        async with ScriptedUpstream(OK, tls=context) as upstream:
            with pytest.raises(UpstreamUnavailableError, match="TLS"):
                await connector(upstream).send(wire_request(CHAT_BODY))
        assert upstream.requests == []

    async def test_reset_before_an_answer(self, connector):
        async with ScriptedUpstream(Reply([Reset()])) as upstream:
            with pytest.raises(UpstreamUnavailableError):
                await connector(upstream).send(wire_request(CHAT_BODY))

    async def test_closed_before_an_answer(self, connector):
        async with ScriptedUpstream(Reply([Close()])) as upstream:
            with pytest.raises(UpstreamUnavailableError, match="before answering"):
                await connector(upstream).send(wire_request(CHAT_BODY))


class TestOtherEndpoints:
    def forwarded(self, method="GET", path="/v1/files/a%2Fb", body=b""):
        return ModelRequest(
            model="",
            stream=True,
            context=RequestContext(client_dialect="openai_chat"),
            operation=Operation.FORWARD,
            wire=WireRequest(
                dialect="openai_chat", path=path, body=body, method=method, query=b"x=1&x=2"
            ),
        )

    @pytest.mark.parametrize("status", [200, 404, 500])
    async def test_forwarded_calls_come_back_whatever_they_say(self, connector, status):
        request = self.forwarded()
        async with ScriptedUpstream(json_reply(status, b"\x00anything")) as upstream:
            stream = await connector(upstream).stream(request)
            blocks = await streamed(stream, request)
        assert stream.wire.status == status
        assert b"".join(blocks) == b"\x00anything"
        assert upstream.requests[0].target == "/v1/files/a%2Fb?x=1&x=2"
        assert upstream.requests[0].header("content-type") is None

    async def test_tokens_that_the_upstream_cannot_count_are_estimated_without_a_call(
        self, connector
    ):
        body = b'{"model": "gpt-5", "messages": [{"role": "user", "content": "How are you?"}]}'
        request = attrs.evolve(
            wire_request(body, dialect="anthropic_messages"), operation=Operation.COUNT_TOKENS
        )
        async with ScriptedUpstream([]) as upstream:
            answer = (await connector(upstream).send(request)).wire_for(request)
        assert msgspec.json.decode(answer.body) == {
            "input_tokens": estimate_tokens(request.normalized)
        }
        assert dict(answer.headers)[b"x-lunaroute-token-count"] == b"estimated"

    async def test_the_vendors_own_count_is_passed_on_and_not_called_an_estimate(self, connector):
        body = b'{"model": "claude", "messages": [{"role": "user", "content": "How are you?"}]}'
        request = attrs.evolve(
            wire_request(body, dialect="anthropic_messages"), operation=Operation.COUNT_TOKENS
        )
        async with ScriptedUpstream(json_reply(200, b'{"input_tokens": 11}')) as upstream:
            one = connector(upstream, dialects=("anthropic_messages",))
            answer = (await one.send(request)).wire_for(request)
        assert answer.body == b'{"input_tokens": 11}'
        assert b"x-lunaroute-token-count" not in dict(answer.headers)

    async def test_a_dialect_that_counts_no_tokens_is_refused(self, connector):
        request = attrs.evolve(chat_request(), operation=Operation.COUNT_TOKENS)
        async with ScriptedUpstream([]) as upstream:
            with pytest.raises(InvalidRequestError, match="openai_chat counts no tokens"):
                await connector(upstream).send(request)

    async def test_forwarded_bodies_are_not_edited(self, connector):
        request = self.forwarded("POST", "/v1/embeddings", b'{"model":"gpt-5"}')
        made = {
            "models": ModelNames(override="x"),
            "edits": BodyEdits(overrides={"a": 1}),
        }
        async with ScriptedUpstream(json_reply(200, b"{}")) as upstream:
            await streamed(await connector(upstream, **made).stream(request), request)
        assert upstream.requests[0].body == b'{"model":"gpt-5"}'

    async def test_another_vendors_client_gets_this_vendors_list_in_its_own_dialect(
        self, connector
    ):
        request = ModelRequest(
            model="",
            stream=False,
            context=RequestContext(client_dialect="anthropic_messages"),
            operation=Operation.LIST_MODELS,
            wire=WireRequest(
                dialect="anthropic_messages",
                path="/v1/models",
                body=b"",
                method="GET",
                query=b"limit=5",
            ),
        )
        async with ScriptedUpstream(json_reply(200, {"data": []})) as upstream:
            answer = await connector(upstream).send(request)
        assert upstream.requests[0].target == "/v1/models"
        assert answer.wire.dialect == "openai_responses"


MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-1",
    "content": [{"type": "text", "text": "hi"}],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 1, "output_tokens": 1},
}
MODEL_LIST = {"data": [{"id": "claude-opus-5", "max_tokens": 77_000}], "has_more": False}


class TestLearningCapabilities:
    """What the upstream says of its models is part of what is known of them."""

    @pytest.fixture
    def anthropic(self, connector):
        def make(upstream, **changes):
            settings = {
                "endpoint": AnthropicEndpoint(base_url=upstream.url),
                "dialects": ("anthropic_messages",),
                "keys": KeyRing(("k1",)),
                "learn": True,
            }
            return connector(upstream, **(settings | changes))

        return make

    @staticmethod
    def chat():
        body = b'{"model": "claude-opus-5", "messages": [{"role": "user", "content": "hi"}]}'
        return wire_request(body)

    @staticmethod
    def answering(models):
        def script(request):
            return models if request.method == "GET" else json_reply(200, MESSAGE)

        return script

    @staticmethod
    def limits(upstream):
        bodies = [msgspec.json.decode(it.body) for it in upstream.requests if it.method == "POST"]
        return [body["max_tokens"] for body in bodies]

    async def test_it_is_asked_before_the_first_translation_with_the_providers_key(self, anthropic):
        async with ScriptedUpstream(self.answering(json_reply(200, MODEL_LIST))) as upstream:
            asking = anthropic(upstream)
            await asking.send(self.chat())
            await asking.send(self.chat())
        first, *others = upstream.requests
        assert (first.method, first.target) == ("GET", "/v1/models?limit=1000")
        assert first.header("x-api-key") == "k1"
        assert first.header("anthropic-version") == "2023-06-01"
        assert [it.method for it in others] == ["POST", "POST"]
        assert self.limits(upstream) == [77_000, 77_000]

    @pytest.mark.parametrize(
        "models",
        [json_reply(404, {}), json_reply(200, b"<html>"), json_reply(500, b""), Reply([Reset()])],
        ids=["404", "no list", "500", "reset"],
    )
    async def test_an_upstream_without_a_list_serves_as_before(self, anthropic, models):
        async with ScriptedUpstream(self.answering(models)) as upstream:
            await anthropic(upstream).send(self.chat())
        assert self.limits(upstream) == [128_000]

    async def test_an_operators_word_goes_before_the_upstreams(self, anthropic):
        profiles = {"claude-*": {"max_output_tokens": 5}}
        async with ScriptedUpstream(self.answering(json_reply(200, MODEL_LIST))) as upstream:
            await anthropic(upstream, profiles=profiles).send(self.chat())
        assert self.limits(upstream) == [5]

    @pytest.mark.parametrize("changes", [{"learn": False}, {"keys": KeyRing()}])
    async def test_it_is_not_asked_unless_wanted_and_with_a_key(self, anthropic, changes):
        async with ScriptedUpstream(self.answering(json_reply(200, MODEL_LIST))) as upstream:
            await anthropic(upstream, **changes).send(self.chat())
        assert [it.method for it in upstream.requests] == ["POST"]

    async def test_nothing_is_asked_for_what_is_passed_through(self, anthropic):
        request = wire_request(
            b'{"model": "claude-opus-5", "max_tokens": 1, "messages": []}',
            dialect="anthropic_messages",
        )
        async with ScriptedUpstream(self.answering(json_reply(200, MODEL_LIST))) as upstream:
            await anthropic(upstream).send(request)
        assert [it.method for it in upstream.requests] == ["POST"]

    async def test_streams_learn_as_well(self, anthropic):
        def script(request):
            models = request.method == "GET"
            return json_reply(200, MODEL_LIST) if models else sse_reply([b"data: {}\n\n"])

        async with ScriptedUpstream(script) as upstream:
            stream = await anthropic(upstream).stream(self.chat())
            await stream.aclose()
        assert self.limits(upstream) == [77_000]

    async def test_a_list_that_a_client_asks_for_is_read_too(self, anthropic):
        request = ModelRequest(
            model="",
            stream=False,
            context=RequestContext(client_dialect="anthropic_messages"),
            operation=Operation.LIST_MODELS,
            wire=WireRequest(
                dialect="anthropic_messages", path="/v1/models", body=b"", method="GET"
            ),
        )
        listed = json_reply(200, MODEL_LIST)
        async with ScriptedUpstream(self.answering(listed)) as upstream:
            reading = anthropic(upstream, learn=False)
            answer = await reading.send(request)
            await reading.send(self.chat())
        assert answer.wire.body == msgspec.json.encode(MODEL_LIST)
        assert [it.target for it in upstream.requests] == ["/v1/models", "/v1/messages"]
        assert self.limits(upstream) == [77_000]


class TestServers:
    """What is sent to compatible servers is what they take."""

    @staticmethod
    def messages():
        body = (
            b'{"model": "gpt-4.1", "max_tokens": 9, "system": "s", "metadata": {"user_id": "u"},'
            b' "messages": [{"role": "user", "content": "hi"}]}'
        )
        return wire_request(body, dialect="anthropic_messages")

    @pytest.mark.parametrize(
        ("server", "sent"),
        [
            (None, {"max_tokens": 9, "role": "system", "user": None}),
            ("openai", {"max_completion_tokens": 9, "role": "developer", "user": "u"}),
        ],
    )
    async def test_another_vendors_address_is_a_compatible_servers(self, connector, server, sent):
        async with ScriptedUpstream(OK) as upstream:
            await connector(upstream, dialects=("openai_chat",), server=server).send(
                self.messages()
            )
        body = msgspec.json.decode(upstream.requests[0].body)
        limits = {key: value for key, value in body.items() if key.startswith("max_")}
        role, user = body["messages"][0]["role"], body.get("safety_identifier")
        assert {**limits, "role": role, "user": user} == sent
        assert ("store" in body) == (server == "openai")
