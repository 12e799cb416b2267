"""Fixtures: the codec parts under a fixed clock, the SDK's reading of what they write, and other
dialects' requests on their way to this one."""

import json

import msgspec
import pytest
from openai._models import construct_type
from openai._streaming import SSEDecoder
from openai._types import omit
from openai.lib.streaming.responses._responses import ResponseStreamState
from openai.types.responses import Response, ResponseStreamEvent
from openai.types.responses.response_create_params import (
    ResponseCreateParamsNonStreaming,
    ResponseCreateParamsStreaming,
)
from pydantic import TypeAdapter

from lunaroute_core.capabilities import capabilities_of
from lunaroute_core.dialects.openai_responses.requests import ResponsesRequests
from lunaroute_core.dialects.openai_responses.responses import ResponsesAnswers
from lunaroute_core.dialects.openai_responses.streams import ResponsesStreams
from lunaroute_core.dialects.registry import dialect_named
from lunaroute_core.errors import InvalidRequestError
from lunaroute_core.translation import Translation

NOW = 1_750_000_000.5


@pytest.fixture(scope="session")
def requests():
    return ResponsesRequests()


@pytest.fixture(scope="session")
def answers():
    return ResponsesAnswers(clock=lambda: NOW)


@pytest.fixture(scope="session")
def streams():
    return ResponsesStreams(clock=lambda: NOW)


@pytest.fixture(scope="session")
def decode(requests):
    """Decode a request given as a dict, with a model unless it names one."""

    def decoded(body, **options):
        return requests.decode(json.dumps({"model": "gpt-5", **body}).encode(), **options)

    return decoded


@pytest.fixture(scope="session")
def sdk_events():
    """The stream's events, as the SDK's SSE parser and types read them."""

    def read(stream: bytes):
        events = [json.loads(sse.data) for sse in SSEDecoder().iter_bytes(iter([stream]))]
        return [construct_type(type_=ResponseStreamEvent, value=event) for event in events]

    return read


@pytest.fixture(scope="session")
def accumulated(sdk_events):
    """What the SDK's stream accumulator makes of a whole stream."""

    def accumulate(stream: bytes):
        state = ResponseStreamState(input_tools=omit, text_format=omit)
        final = None
        for event in sdk_events(stream):
            state.handle_event(event)
            if event.type in ("response.completed", "response.incomplete", "response.failed"):
                final = event.response
        return final, state

    return accumulate


@pytest.fixture(scope="session")
def validated():
    """Strict validation by the SDK's type."""
    return Response.model_validate_json


@pytest.fixture(scope="session")
def rewritten(requests):
    """The request's JSON, written again from its normalized form."""

    def write(request):
        return json.loads(requests.encode(request, Translation()))

    return write


VALID = {
    False: TypeAdapter(ResponseCreateParamsNonStreaming),
    True: TypeAdapter(ResponseCreateParamsStreaming),
}


def read_whole(value):
    """Read a validated value to its end: pydantic validates iterables only then."""
    if isinstance(value, dict):
        for inner in value.values():
            read_whole(inner)
    elif not isinstance(value, str | int | float | None):
        for inner in value:
            read_whole(inner)


@pytest.fixture(scope="session")
def translated(requests):
    """A request of another dialect as this one's JSON, valid for the SDK, and the translation."""

    def run(dialect, fields, model, *, strict=False, capabilities=None):
        request = dialect_named(dialect).requests.decode(
            msgspec.json.encode({**fields, "model": model})
        )
        known = capabilities_of("openai_responses", model)
        known = msgspec.structs.replace(known, **(capabilities or {}))
        translation = Translation(capabilities=known, strict=strict)
        raw = requests.encode(request, translation)
        assert raw == requests.encode(request, Translation(capabilities=known))
        body = msgspec.json.decode(raw)
        read_whole(VALID[bool(body.get("stream"))].validate_python(body))
        return body, translation

    return run


@pytest.fixture(scope="session")
def anthropic(translated):
    """An Anthropic client's request in this dialect, and what was lost on the way.

    The model is OpenAI's newest, unless another is named.
    """

    def run(messages=None, *, model="gpt-5.6-sol", strict=False, capabilities=None, **fields):
        default = [{"role": "user", "content": "hi"}]
        fields = {"max_tokens": 50, "messages": messages or default, **fields}
        body, translation = translated(
            "anthropic_messages", fields, model, strict=strict, capabilities=capabilities
        )
        return body, [(it.outcome, it.param) for it in translation.warnings]

    return run


@pytest.fixture(scope="session")
def chat(translated):
    """A Chat client's request in this dialect, and what was lost on the way."""

    def run(messages=None, *, model="gpt-5.6-sol", strict=False, capabilities=None, **fields):
        fields = {"messages": messages or [{"role": "user", "content": "hi"}], **fields}
        body, translation = translated(
            "openai_chat", fields, model, strict=strict, capabilities=capabilities
        )
        return body, [(it.outcome, it.param) for it in translation.warnings]

    return run


@pytest.fixture(scope="session")
def refusal():
    """The field that a request is rejected for."""

    def run(client, *args, **fields):
        with pytest.raises(InvalidRequestError) as caught:
            client(*args, **fields)
        return caught.value.details.param

    return run
