import httpx2
import openai
import pytest

from lunaroute_core.dialects.codec import AnswerSummary
from lunaroute_core.dialects.openai_chat.streams import ChatStreams
from lunaroute_core.dialects.openai_vendor import OpenAIErrors
from lunaroute_core.errors import ErrorDetails, ErrorKind
from lunaroute_core.model import NormalizedRequest, RequestSource
from lunaroute_core.testing.sample_answers import stream_events, text_response

STREAMS = ChatStreams(clock=lambda: 1_800_000_000.0)
REQUEST = NormalizedRequest(model="m", source=RequestSource(dialect="openai_chat"))


def wire(*, count=None):
    encoder = STREAMS.encoder(request=REQUEST)
    frames = [encoder.encode(event) for event in stream_events(text_response("hello"))]
    return [frame for frame in frames if frame][:count]


def read(*frames):
    """The texts the SDK gives for a streamed body."""

    def answer(request):
        headers = {"content-type": "text/event-stream"}
        return httpx2.Response(200, headers=headers, content=b"".join(frames))

    http = httpx2.Client(transport=httpx2.MockTransport(answer))
    client = openai.OpenAI(api_key="x", http_client=http)
    messages = [{"role": "user", "content": "hi"}]
    with client.chat.completions.create(model="m", messages=messages, stream=True) as stream:
        return "".join(chunk.choices[0].delta.content or "" for chunk in stream)


def test_the_sdk_reads_an_encoded_stream():
    assert read(*wire()) == "hello"


@pytest.mark.parametrize("started", [True, False])
def test_the_sdk_skips_a_keep_alive_anywhere(started):
    keep_alive = STREAMS.keep_alive(started=started)
    assert read(*(part for frame in wire() for part in (keep_alive, frame))) == "hello"


def test_the_sdk_raises_for_an_error_in_the_middle():
    error = ErrorDetails(kind=ErrorKind.SERVER, message="broke", code="upstream_lost")
    frame = OpenAIErrors().encode_event(error, request_id="r", answer=AnswerSummary(), position=0)
    with pytest.raises(openai.APIError, match="broke") as caught:
        read(*wire(count=2), frame)
    assert caught.value.code == "upstream_lost"


def test_an_observer_sees_nothing_in_a_keep_alive():
    observer = STREAMS.observer()
    observer.observe(STREAMS.keep_alive(started=False))
    assert observer.started is False


def test_the_observer_of_an_encoded_stream_ends_finished():
    observer = STREAMS.observer()
    for frame in wire():
        observer.observe(frame)
    assert (observer.finished, observer.summary.model) == (True, "test-model")
