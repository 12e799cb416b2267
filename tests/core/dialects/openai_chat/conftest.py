from contextlib import suppress

import msgspec
import pytest
from openai.lib.streaming.chat import ChatCompletionStreamState
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.chat.completion_create_params import (
    CompletionCreateParamsNonStreaming,
    CompletionCreateParamsStreaming,
)
from pydantic import TypeAdapter

from lunaroute_core.answer_stages import staged_response
from lunaroute_core.capabilities import capabilities_of
from lunaroute_core.dialects.openai_chat.requests import ChatRequests
from lunaroute_core.dialects.openai_chat.responses import ChatResponses
from lunaroute_core.dialects.openai_chat.streams import ChatStreams
from lunaroute_core.dialects.registry import dialect_named
from lunaroute_core.errors import InvalidRequestError
from lunaroute_core.model import (
    ArgumentsDelta,
    BlockEnd,
    BlockStart,
    CitationAdd,
    NormalizedResponse,
    ReasoningDelta,
    RefusalDelta,
    StreamFinish,
    StreamStart,
    TextDelta,
    ToolCallBlock,
    UsageUpdate,
)
from lunaroute_core.sse import data_payloads
from lunaroute_core.testing import text_response
from lunaroute_core.testing.event_grammar import check_events
from lunaroute_core.translation import Translation

VALID = {
    False: TypeAdapter(CompletionCreateParamsNonStreaming),
    True: TypeAdapter(CompletionCreateParamsStreaming),
}


def read_whole(value):
    """Read a validated value to its end: pydantic validates iterables only then."""
    if isinstance(value, dict):
        for inner in value.values():
            read_whole(inner)
    elif not isinstance(value, str | int | float | None):
        for inner in value:
            read_whole(inner)


def translated(dialect, fields, model, strict, capabilities):
    """A request of another dialect in Chat's JSON, valid for the SDK, and the warnings."""
    requests = dialect_named(dialect).requests
    request = requests.decode(msgspec.json.encode({**fields, "model": model}))
    known = capabilities_of("openai_chat", model)
    translation = Translation(
        capabilities=msgspec.structs.replace(known, **(capabilities or {})), strict=strict
    )
    raw = ChatRequests().encode(request, translation)
    assert raw == ChatRequests().encode(request, translation)
    body = msgspec.json.decode(raw)
    read_whole(VALID[bool(body.get("stream"))].validate_python(body))
    return body, [(it.outcome, it.param) for it in translation.warnings]


@pytest.fixture(scope="session")
def anthropic():
    """An Anthropic client's request in Chat, and what was lost on the way.

    The model is OpenAI's newest, unless another is named.
    """

    def run(messages=None, *, model="gpt-5.6-sol", strict=False, capabilities=None, **fields):
        default = [{"role": "user", "content": "hi"}]
        fields = {"max_tokens": 50, "messages": messages or default, **fields}
        return translated("anthropic_messages", fields, model, strict, capabilities)

    return run


@pytest.fixture(scope="session")
def stages():
    """An Anthropic client's request in Chat, and what an answer of a text becomes."""

    def run(*, model="gpt-4o", capabilities=None, **fields):
        turns = [{"role": "user", "content": "hi"}]
        asked = {"model": model, "max_tokens": 50, "messages": turns, **fields}
        request = dialect_named("anthropic_messages").requests.decode(msgspec.json.encode(asked))
        known = capabilities_of("openai_chat", model)
        translation = Translation(
            capabilities=msgspec.structs.replace(known, **(capabilities or {}))
        )
        body = msgspec.json.decode(ChatRequests().encode(request, translation))

        def answer(text):
            said = text_response(text)
            return staged_response(said, translation.stages)

        return body, answer

    return run


@pytest.fixture(scope="session")
def responses():
    """A Responses client's request in Chat, and what was lost on the way."""

    def run(items="hi", *, model="gpt-5.6-sol", strict=False, capabilities=None, **fields):
        fields = {"input": items, **fields}
        return translated("openai_responses", fields, model, strict, capabilities)

    return run


@pytest.fixture(scope="session")
def refusal():
    """The field that a request is rejected for."""

    def run(client, *args, **fields):
        with pytest.raises(InvalidRequestError) as caught:
            client(*args, **fields)
        return caught.value.details.param

    return run


@pytest.fixture(scope="session")
def put_together():
    """What stream events amount to, as a whole answer."""

    def run(events):
        events = list(events)
        check_events(events)
        answer, blocks = None, {}
        for event in events:
            match event:
                case StreamStart():
                    answer = NormalizedResponse(
                        id=event.id,
                        model=event.model,
                        created=event.created,
                        usage=event.usage,
                        extensions=event.extensions,
                    )
                case BlockStart():
                    blocks[event.index] = msgspec.structs.replace(event.block)
                case TextDelta() | RefusalDelta():
                    blocks[event.index].text += event.text
                case ReasoningDelta():
                    block = blocks[event.index]
                    block.parts = ["".join(block.parts) + event.text]
                case ArgumentsDelta():
                    blocks[event.index].raw_arguments += event.fragment
                case CitationAdd():
                    block = blocks[event.index]
                    block.citations = [*block.citations, event.citation]
                case BlockEnd():
                    blocks[event.index] = _ended(blocks[event.index], event.block)
                case UsageUpdate():
                    answer.usage = event.usage.merged_over(answer.usage)
                case StreamFinish():
                    answer.finish = event.finish
                    if event.extensions:
                        ours = answer.extensions.get("openai_chat", {})
                        more = event.extensions["openai_chat"]
                        answer.extensions = {"openai_chat": {**ours, **more}}
        answer.blocks = [blocks[index] for index in sorted(blocks)]
        return answer

    return run


def _ended(block, final):
    if final is not None:
        return final
    if isinstance(block, ToolCallBlock) and block.tool_kind == "function":
        with suppress(ValueError):
            block.arguments = msgspec.json.decode(block.raw_arguments)
    return block


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
