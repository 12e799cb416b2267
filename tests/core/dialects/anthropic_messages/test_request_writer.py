import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lunaroute_core.dialects.anthropic_messages import ANTHROPIC_MESSAGES
from lunaroute_core.translation import Translation

REQUESTS = ANTHROPIC_MESSAGES.requests
EPHEMERAL = {"type": "ephemeral"}

TEXTS = st.text(max_size=8)
NAMES = st.sampled_from(["a", "b_1", "get.x", "type", "cache_control", "x" * 70])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=2),
    max_leaves=4,
)
OBJECTS = st.dictionaries(TEXTS, JSON, max_size=3)
MARKS = st.sampled_from(
    [None, EPHEMERAL, {**EPHEMERAL, "ttl": "1h"}, {**EPHEMERAL, "ttl": "9d"}, {"type": "new"}]
)


def fields(required, /, **optional):
    """An object with its fields, any of the optional ones, and one that nobody knows."""
    optional = {"future_field": JSON, **optional}
    return st.fixed_dictionaries(required, optional=optional)


def tagged(kind, /, _optional=None, **required):
    return fields({"type": st.just(kind), **required}, cache_control=MARKS, **(_optional or {}))


TEXT = tagged("text", {"citations": st.none() | st.lists(OBJECTS, max_size=2)}, text=TEXTS)
SOURCES = st.one_of(
    fields({"type": st.just("base64"), "media_type": TEXTS, "data": TEXTS}),
    fields({"type": st.just("url"), "url": TEXTS}),
    fields({"type": st.just("file"), "file_id": TEXTS}),
    fields({"type": st.just("next"), "where": TEXTS}),
)
IMAGE = tagged("image", source=SOURCES)
INNER = st.lists(TEXT | IMAGE, max_size=2)
CITING = st.none() | st.just({}) | fields({}, enabled=st.booleans() | st.none())
DOCUMENT = tagged(
    "document",
    {"title": TEXTS | st.none(), "context": TEXTS | st.none(), "citations": CITING},
    source=SOURCES
    | fields({"type": st.just("content"), "content": TEXTS | INNER})
    | fields({"type": st.just("text"), "media_type": st.just("text/plain"), "data": TEXTS}),
)
FOUND = tagged("search_result", {"citations": CITING}, source=TEXTS, title=TEXTS, content=INNER)
CALL = tagged("tool_use", {"caller": OBJECTS}, id=NAMES, name=NAMES, input=OBJECTS)
RESULT = tagged(
    "tool_result",
    {
        "content": st.none() | TEXTS | st.lists(TEXT | IMAGE | DOCUMENT | FOUND, max_size=2),
        "is_error": st.booleans() | st.none(),
    },
    tool_use_id=NAMES,
)
THINKING = fields(
    {"type": st.just("thinking"), "thinking": TEXTS}, signature=TEXTS | st.none()
) | fields({"type": st.just("redacted_thinking"), "data": TEXTS})
WHOLE = tagged("server_tool_use", id=NAMES) | tagged("x_tool_result") | tagged("compaction")
BLOCKS = st.one_of(
    TEXT, IMAGE, DOCUMENT, FOUND, CALL, RESULT, THINKING, WHOLE, tagged("later", {"of": JSON})
)
CONTENT = TEXTS | st.lists(BLOCKS, min_size=0, max_size=3)
TURNS = st.lists(
    fields({"role": st.sampled_from(["user", "assistant", "system"]), "content": CONTENT}),
    min_size=1,
    max_size=4,
)
TOOLS = st.one_of(
    fields(
        {"name": NAMES, "input_schema": OBJECTS.map(lambda schema: {**schema, "type": "object"})},
        type=st.just("custom") | st.none(),
        description=TEXTS | st.none(),
        strict=st.booleans() | st.none(),
        cache_control=MARKS,
    ),
    fields({"type": st.just("bash_20250124"), "name": st.just("bash")}, cache_control=MARKS),
)
SERIAL = st.booleans() | st.none()
CHOICES = st.one_of(
    st.none(),
    fields(
        {"type": st.sampled_from(["auto", "any", "none", "later"])},
        disable_parallel_tool_use=SERIAL,
    ),
    fields({"type": st.just("tool"), "name": NAMES}, disable_parallel_tool_use=SERIAL),
)
FORMATS = st.none() | st.one_of(
    fields({"type": st.just("json_schema"), "schema": OBJECTS}),
    fields({"type": st.just("later")}),
)
BODIES = fields(
    {"model": TEXTS.filter(bool), "messages": TURNS},
    max_tokens=st.integers(0, 9),
    system=st.none() | TEXTS | st.lists(TEXT, max_size=2),
    tools=st.none() | st.lists(TOOLS, max_size=2),
    tool_choice=CHOICES,
    temperature=st.none() | st.floats(0, 1),
    top_p=st.floats(0, 1),
    top_k=st.integers(0, 9),
    stop_sequences=st.none() | st.lists(TEXTS, max_size=2),
    thinking=st.none()
    | fields(
        {"type": st.sampled_from(["enabled", "adaptive", "disabled", "between_tools", "new"])},
        budget_tokens=st.integers(0, 9) | st.none(),
        display=TEXTS | st.none(),
    ),
    output_config=st.none() | fields({}, effort=TEXTS | st.none(), format=FORMATS),
    output_format=FORMATS,
    cache_control=MARKS,
    metadata=st.none() | fields({}, user_id=TEXTS | st.none()),
    service_tier=st.sampled_from(["auto", "standard_only"]) | st.none(),
    stream=st.booleans() | st.none(),
)


def round_trip(body):
    request = REQUESTS.decode(msgspec.json.encode(body))
    translation = Translation(strict=True)
    encoded = REQUESTS.encode(request, translation)
    assert translation.warnings == []
    return encoded


@given(body=BODIES)
def test_decoding_and_encoding_is_the_identity(body):
    assert msgspec.json.decode(round_trip(body)) == body


@pytest.mark.parametrize("content", ["", "a", [], [{"type": "text", "text": ""}]])
def test_a_document_s_content_keeps_its_form(content):
    document = {"type": "document", "source": {"type": "content", "content": content}}
    body = {"model": "m", "messages": [{"role": "user", "content": [document]}]}
    assert msgspec.json.decode(round_trip(body)) == body


@given(body=BODIES)
def test_the_same_request_is_the_same_bytes(body):
    assert round_trip(body) == round_trip(body)


def test_arguments_keep_their_very_bytes():
    body = (
        b'{"model":"m","max_tokens":1,"messages":[{"role":"assistant","content":[{"type":"tool_use"'
        b',"id":"a","name":"f","input":{ "b" : 1.50, "a":"\\u00e9" }}]}]}'
    )
    encoded = REQUESTS.encode(REQUESTS.decode(body), Translation())
    assert b'"input":{ "b" : 1.50, "a":"\\u00e9" }' in encoded


@pytest.mark.parametrize(
    "content", ["Hi", [], [{"type": "text", "text": "Hi"}], [{"type": "text", "text": ""}]]
)
def test_the_form_of_content_is_kept(content):
    body = {"model": "m", "messages": [{"role": "user", "content": content}], "system": content}
    assert msgspec.json.decode(round_trip(body)) == body
