import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from lunaroute_core.dialects.openai_chat.requests import ChatRequests
from lunaroute_core.errors import InvalidRequestError
from lunaroute_core.model import (
    Message,
    NormalizedRequest,
    Origin,
    ReasoningBlock,
    RequestSource,
    TextBlock,
)
from lunaroute_core.translation import Translation


def encode(request):
    translation = Translation()
    body = msgspec.json.decode(ChatRequests().encode(request, translation))
    return body, [(it.outcome, it.param) for it in translation.warnings]


def conversation(dialect, *blocks):
    return NormalizedRequest(
        model="m",
        source=RequestSource(dialect=dialect),
        turns=[
            Message(role="user", blocks=[TextBlock(text="a")]),
            Message(role="assistant", blocks=[*blocks, TextBlock(text="b")]),
            Message(role="user", blocks=[TextBlock(text="c")]),
        ],
    )


OWN = Origin(dialect="openai_chat", model="m")
OTHER = Origin(dialect="anthropic_messages")


def test_reasoning_of_a_chat_server_goes_back_to_it():
    plain = ReasoningBlock(parts=["hm"], origin=OWN)
    body, warnings = encode(conversation("anthropic_messages", plain))
    assert body["messages"][1] == {
        "role": "assistant",
        "reasoning_content": "hm",
        "content": "b",
    }
    assert warnings == []


def test_signed_reasoning_goes_back_in_entries():
    signed = ReasoningBlock(parts=["hm"], opaque="s", origin=OWN)
    hidden = ReasoningBlock(variant="redacted", opaque="x", origin=OWN, item_id="r")
    body, _ = encode(conversation("anthropic_messages", signed, hidden))
    assert body["messages"][1]["reasoning_details"] == [
        {"type": "reasoning.text", "index": 0, "text": "hm", "signature": "s"},
        {"type": "reasoning.encrypted", "index": 1, "data": "x", "id": "r"},
    ]


def test_other_reasoning_is_dropped_for_every_client():
    foreign = ReasoningBlock(parts=["hm"], opaque="s", origin=OTHER)
    for dialect in ("anthropic_messages", "openai_chat"):
        body, warnings = encode(conversation(dialect, foreign))
        assert body["messages"][1] == {"role": "assistant", "content": "b"}
        assert [outcome for outcome, _ in warnings] == ["dropped"]


def test_a_turn_of_nothing_but_other_reasoning_is_left_out():
    request = conversation("openai_chat")
    request.turns[1].blocks = [ReasoningBlock(parts=["hm"], origin=OTHER)]
    assert [it["role"] for it in encode(request)[0]["messages"]] == ["user", "user"]


WORDS = st.text(min_size=1, max_size=5)
TEXT = st.fixed_dictionaries({"type": st.just("text"), "text": WORDS})
IMAGE = st.just({"type": "image", "source": {"type": "url", "url": "https://a"}})
TOOL = {"name": "f", "input_schema": {"type": "object"}}


@st.composite
def conversations(draw):
    """Conversations of an Anthropic client, with parallel calls."""
    turns, calls = [], 0
    for _ in range(draw(st.integers(1, 4))):
        turns.append(
            {"role": "user", "content": draw(st.lists(st.one_of(TEXT, IMAGE), min_size=1))}
        )
        said = draw(st.lists(TEXT, max_size=2))
        ids = [f"toolu_{calls + number}" for number in range(draw(st.integers(0, 3)))]
        calls += len(ids)
        if not said and not ids:
            continue
        uses = [{"type": "tool_use", "id": it, "name": "f", "input": {"n": it}} for it in ids]
        turns.append({"role": "assistant", "content": [*said, *uses]})
        results = [
            {
                "type": "tool_result",
                "tool_use_id": it,
                "content": draw(st.one_of(WORDS, st.lists(st.one_of(TEXT, IMAGE), max_size=2))),
                "is_error": draw(st.booleans()),
            }
            for it in draw(st.permutations(ids))
        ]
        if results:
            turns.append({"role": "user", "content": [*results, *draw(st.lists(TEXT, max_size=1))]})
    turns.append({"role": "user", "content": "end"})
    return turns


def texts_of(value):
    """All texts in a JSON value."""
    if isinstance(value, dict):
        return [it for inner in value.values() for it in texts_of(inner)]
    if isinstance(value, list):
        return [it for inner in value for it in texts_of(inner)]
    return [value] if isinstance(value, str) else []


@given(conversations(), st.sampled_from(["gpt-5.6-sol", "llama-4"]))
@settings(max_examples=150)
def test_no_text_call_or_result_is_lost(anthropic, turns, model):
    body, _ = anthropic(turns, model=model, tools=[TOOL])
    everything = "\0".join(texts_of(body["messages"]))
    assert all(
        text in everything
        for text in texts_of([it["content"] for it in turns])
        if text not in {"text", "image", "url", "tool_use", "tool_result"}
    )
    waiting = []
    for message in body["messages"]:
        if message["role"] == "tool":
            assert message["tool_call_id"] == waiting.pop(0)
        else:
            assert waiting == []
            waiting = [call["id"] for call in message.get("tool_calls", ())]


@given(conversations())
@settings(max_examples=50)
def test_a_longer_conversation_begins_with_the_same_messages(anthropic, turns):
    body, _ = anthropic(turns)
    more = [{"role": "assistant", "content": "x"}, {"role": "user", "content": "y"}]
    longer, _ = anthropic([*turns, *more])
    assert longer["messages"][:-2] == body["messages"]


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=3)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2), st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=5,
)
FIELDS = ["thinking", "metadata", "output_config", "tools", "tool_choice", "container", "x"]
ITEM_FIELDS = ["tools", "tool_choice", "reasoning", "text", "include", "prompt", "truncation"]


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, JSON)))
def test_any_fields_of_anthropic_are_encoded_or_refused(fields):
    _encoded_or_refused(
        "anthropic_messages", {"messages": [{"role": "user", "content": "a"}], **fields}
    )


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(ITEM_FIELDS, JSON)))
def test_any_fields_of_responses_are_encoded_or_refused(fields):
    _encoded_or_refused("openai_responses", {"input": "a", **fields})


def _encoded_or_refused(dialect, fields):
    from lunaroute_core.dialects.registry import dialect_named

    raw = msgspec.json.encode({"model": "m", "max_tokens": 5, **fields})
    try:
        request = dialect_named(dialect).requests.decode(raw)
        body = ChatRequests().encode(request, Translation())
    except InvalidRequestError:
        return
    assert msgspec.json.decode(body)["model"] == "m"
