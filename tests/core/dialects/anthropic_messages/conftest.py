from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import anthropic
import httpx2
import msgspec
import pydantic
import pytest
from anthropic.types import Message as WireMessage
from anthropic.types import MessageCreateParams
from hypothesis import strategies as st

from lunaroute_core.capabilities import Capabilities
from lunaroute_core.dialects.anthropic_messages import ANTHROPIC_MESSAGES
from lunaroute_core.dialects.registry import DIALECTS
from lunaroute_core.model import NormalizedRequest, RequestSource, StreamEvent
from lunaroute_core.translation import Translation

Accumulate = Callable[[bytes], WireMessage]


@pytest.fixture(scope="session")
def request_() -> NormalizedRequest:
    """A request that says nothing, for encoders that need one."""
    return NormalizedRequest(model="m", source=RequestSource(dialect="anthropic_messages"))


@pytest.fixture(scope="session")
def decode() -> Callable[..., NormalizedRequest]:
    """Decodes a body given as fields, one short user message being there already."""

    def decode_fields(**fields: object) -> NormalizedRequest:
        messages = [{"role": "user", "content": "Hi"}]
        body = {"model": "m", "max_tokens": 8, "messages": messages, **fields}
        body = {key: value for key, value in body.items() if value is not ...}
        return ANTHROPIC_MESSAGES.requests.decode(msgspec.json.encode(body))

    return decode_fields


@pytest.fixture(scope="session")
def encode_stream(request_) -> Callable[[Iterable[StreamEvent]], bytes]:
    def encode(events: Iterable[StreamEvent]) -> bytes:
        encoder = ANTHROPIC_MESSAGES.streams.encoder(request=request_)
        return b"".join(map(encoder.encode, events))

    return encode


@pytest.fixture(scope="session")
def accumulate() -> Iterable[Accumulate]:
    """Runs a stream's bytes through the vendor's SDK, from HTTP body to final message."""
    bodies: list[bytes] = []

    def answer(_request: httpx2.Request) -> httpx2.Response:
        headers = {"content-type": "text/event-stream"}
        return httpx2.Response(200, headers=headers, content=bodies.pop())

    transport = httpx2.MockTransport(answer)
    with anthropic.Anthropic(
        api_key="k", max_retries=0, http_client=httpx2.Client(transport=transport)
    ) as client:

        def run(body: bytes) -> WireMessage:
            bodies.append(body)
            question = {"role": "user", "content": "Hi"}
            with client.messages.stream(model="m", max_tokens=8, messages=[question]) as stream:
                return stream.get_final_message()

        yield run


class Translated(NamedTuple):
    """An encoded request, and what was said of it."""

    body: dict[str, Any]
    warnings: list[tuple[str, str]]


@pytest.fixture(scope="session")
def validate() -> Callable[[dict[str, Any]], None]:
    """Checks a body against the vendor SDK's own types, every iterable in it to its end."""
    adapter = pydantic.TypeAdapter(MessageCreateParams)

    def walk(value: object) -> None:
        if isinstance(value, dict):
            for item in value.values():
                walk(item)
        elif not isinstance(value, str | bytes) and isinstance(value, Iterable):
            for item in value:
                walk(item)

    return lambda body: walk(adapter.validate_python(body))


@pytest.fixture(scope="session")
def translate(validate) -> Callable[..., Translated]:
    """Encodes a client's body in this dialect, validating the result.

    `known` are capabilities that differ from those of a recent model.
    """

    def run(
        dialect: str, body: dict[str, Any], *, strict: bool = False, **known: object
    ) -> Translated:
        request = DIALECTS[dialect].requests.decode(msgspec.json.encode({"model": "m", **body}))
        recent = {
            "max_temperature": 1.0,
            "thinking": ("adaptive", "disabled"),
            "efforts": ("low", "medium", "high", "xhigh", "max"),
            "max_output_tokens": 64000,
        }
        translation = Translation(capabilities=Capabilities(**{**recent, **known}), strict=strict)
        encoded = ANTHROPIC_MESSAGES.requests.encode(request, translation)
        assert ANTHROPIC_MESSAGES.requests.encode(request, translation) == encoded
        written = msgspec.json.decode(encoded)
        validate(written)
        said = [(warning.outcome, warning.param) for warning in translation.warnings]
        return Translated(written, said)

    return run


@pytest.fixture(scope="session")
def chat(translate) -> Callable[..., Translated]:
    """Translates a Chat body given as fields, one short user message being there already."""

    def run(*, strict: bool = False, known: dict[str, object] | None = None, **fields: object):
        body = {"messages": [{"role": "user", "content": "Hi"}], **fields}
        return translate("openai_chat", body, strict=strict, **(known or {}))

    return run


@pytest.fixture(scope="session")
def responses(translate) -> Callable[..., Translated]:
    """The same for Responses."""

    def run(*, strict: bool = False, known: dict[str, object] | None = None, **fields: object):
        body = {"input": "Hi", **fields}
        return translate("openai_responses", body, strict=strict, **(known or {}))

    return run


_TEXTS = st.text(max_size=8)
_OBJECTS = st.dictionaries(_TEXTS, st.none() | st.integers(-9, 9) | _TEXTS, max_size=3)
_CITATIONS = st.fixed_dictionaries(
    {
        "type": st.just("char_location"),
        "cited_text": _TEXTS,
        "document_index": st.integers(0, 3),
        "document_title": st.none() | _TEXTS,
        "file_id": st.none(),
        "start_char_index": st.integers(0, 9),
        "end_char_index": st.integers(0, 9),
    }
)
_BLOCKS = st.one_of(
    st.fixed_dictionaries(
        {
            "type": st.just("text"),
            "text": _TEXTS,
            "citations": st.none() | st.lists(_CITATIONS, min_size=1, max_size=2),
        }
    ),
    st.fixed_dictionaries(
        {"type": st.just("thinking"), "thinking": _TEXTS, "signature": st.text(min_size=1)}
    ),
    st.fixed_dictionaries({"type": st.just("redacted_thinking"), "data": _TEXTS}),
    st.fixed_dictionaries(
        {
            "type": st.just("tool_use"),
            "id": _TEXTS,
            "name": _TEXTS,
            "input": _OBJECTS,
            "caller": st.just({"type": "direct"}),
        }
    ),
    st.fixed_dictionaries(
        {
            "type": st.just("server_tool_use"),
            "id": _TEXTS,
            "name": st.just("web_search"),
            "input": _OBJECTS,
            "caller": st.just({"type": "direct"}),
        }
    ),
    st.fixed_dictionaries(
        {
            "type": st.just("web_search_tool_result"),
            "tool_use_id": _TEXTS,
            "caller": st.just({"type": "direct"}),
            "content": st.just(
                [
                    {
                        "type": "web_search_result",
                        "encrypted_content": "e",
                        "page_age": None,
                        "title": "T",
                        "url": "https://x",
                    }
                ]
            ),
        }
    ),
    st.fixed_dictionaries({"type": st.just("container_upload"), "file_id": _TEXTS}),
)
_COUNTS = st.integers(0, 999)
_USAGE = st.fixed_dictionaries(
    {
        "input_tokens": _COUNTS,
        "output_tokens": _COUNTS,
        "cache_read_input_tokens": st.none() | _COUNTS,
        "cache_creation": st.none()
        | st.fixed_dictionaries(
            {"ephemeral_5m_input_tokens": _COUNTS, "ephemeral_1h_input_tokens": _COUNTS}
        ),
        "output_tokens_details": st.none() | st.fixed_dictionaries({"thinking_tokens": _COUNTS}),
        "server_tool_use": st.none()
        | st.fixed_dictionaries({"web_search_requests": _COUNTS, "web_fetch_requests": _COUNTS}),
        "service_tier": st.none() | st.sampled_from(["standard", "priority", "batch"]),
    }
).map(
    lambda usage: {
        **usage,
        "cache_creation_input_tokens": usage["cache_creation"]
        and sum(usage["cache_creation"].values()),
    }
)


def _stopped(message: dict[str, Any]) -> dict[str, Any]:
    """The message, with a stop reason that its content allows."""
    calls = any(block["type"] == "tool_use" for block in message["content"])
    words = {"end_turn": "tool_use"} if calls else {"tool_use": "end_turn"}
    word = words.get(message["stop_reason"], message["stop_reason"])
    if calls and word == "stop_sequence":
        word = "tool_use"
    sequence = "END" if word == "stop_sequence" else None
    return {**message, "stop_reason": word, "stop_sequence": sequence}


@pytest.fixture(scope="session")
def wire_messages() -> st.SearchStrategy[dict[str, Any]]:
    """Finished messages as the vendor writes them."""
    return st.fixed_dictionaries(
        {
            "id": st.text(max_size=5).map("msg_{}".format),
            "type": st.just("message"),
            "role": st.just("assistant"),
            "model": st.text(min_size=1, max_size=8),
            "content": st.lists(_BLOCKS, max_size=4),
            "stop_reason": st.sampled_from(
                ["end_turn", "tool_use", "max_tokens", "stop_sequence", "pause_turn", "refusal"]
            ),
            "usage": _USAGE,
        },
        optional={"container": st.none(), "future": _OBJECTS},
    ).map(_stopped)
