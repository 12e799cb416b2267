import msgspec
import pytest
from openai.lib.streaming.chat import ChatCompletionStreamState
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from lunaroute_core.dialects.openai_chat.requests import ChatRequests
from lunaroute_core.dialects.openai_chat.responses import ChatResponses
from lunaroute_core.dialects.openai_chat.streams import ChatStreams
from lunaroute_core.sse import data_payloads
from lunaroute_core.testing.event_grammar import check_events


@pytest.fixture(scope="session")
def body():
    """A request's bytes: one user message, changed by keywords (`...` removes a field)."""

    def make(**fields):
        request = {"model": "gpt-5.5", "messages": [{"role": "user", "content": "hi"}], **fields}
        return msgspec.json.encode({k: v for k, v in request.items() if v is not ...})

    return make


@pytest.fixture(scope="session")
def decode(body):
    """The normalized view of such a request."""

    def run(limits=None, **fields):
        options = {} if limits is None else {"limits": limits}
        return ChatRequests().decode(body(**fields), **options)

    return run


@pytest.fixture(scope="session")
def own():
    """What an element keeps of Chat's own fields."""
    return lambda element: element.extensions.get("openai_chat", {})


@pytest.fixture(scope="session")
def encoded():
    """An answer as the SDK's type, checked strictly, beside its JSON."""

    def run(response, request):
        raw = ChatResponses(clock=lambda: 1_800_000_000.9).encode(response, request=request)
        answer = msgspec.json.decode(raw)
        ChatCompletion.model_validate(answer, strict=True)
        return answer

    return run


@pytest.fixture(scope="session")
def streamed():
    """The chunks that events become, as JSON; `[DONE]` is the string."""

    def run(events, request):
        events = list(events)
        check_events(events)
        encoder = ChatStreams(clock=lambda: 1_800_000_000.9).encoder(request=request)
        payloads = data_payloads(b"".join(encoder.encode(event) for event in events))
        return [
            "[DONE]" if payload == b"[DONE]" else msgspec.json.decode(payload)
            for payload in payloads
            if payload
        ]

    return run


@pytest.fixture(scope="session")
def accumulated():
    """What the SDK makes of a stream's chunks."""

    def run(chunks):
        state = ChatCompletionStreamState()
        for chunk in chunks:
            if chunk != "[DONE]" and "error" not in chunk:
                # The SDK does not validate what it receives, it only constructs.
                list(state.handle_chunk(ChatCompletionChunk.construct(**chunk)))
        return state.current_completion_snapshot

    return run
