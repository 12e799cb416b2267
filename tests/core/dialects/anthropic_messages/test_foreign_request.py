"""Whole requests of other dialects, made of anything that their clients may combine."""

from itertools import pairwise

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from lunaroute_core.capabilities import capabilities_of
from lunaroute_core.dialects.anthropic_messages import ANTHROPIC_MESSAGES
from lunaroute_core.dialects.registry import DIALECTS
from lunaroute_core.errors import InvalidRequestError
from lunaroute_core.translation import Translation

MODELS = st.sampled_from(["claude-3-5-haiku", "claude-sonnet-4-5", "claude-opus-5", "other"])
WORDS = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=6)
NAMES = st.sampled_from(["f", "files.read", "x" * 70])
EFFORTS = st.sampled_from(["none", "minimal", "low", "medium", "high", "xhigh", "max"])
FUNCTIONS = st.fixed_dictionaries(
    {"name": NAMES}, optional={"parameters": st.just({"type": "object", "properties": {}})}
)
TOOLS = st.lists(FUNCTIONS.map(lambda it: {"type": "function", "function": it}), max_size=2)


@st.composite
def conversations(draw):
    """Chat turns in which every call has its result, in any order and split in any way."""
    messages = []
    for at in range(draw(st.integers(1, 3))):
        if draw(st.booleans()):
            role = draw(st.sampled_from(["system", "developer"]))
            messages.append({"role": role, "content": draw(WORDS)})
        messages.append({"role": "user", "content": draw(WORDS)})
        ids = [f"{draw(WORDS)}:{at}.{number}" for number in range(draw(st.integers(0, 3)))]
        calls = [
            {"id": it, "type": "function", "function": {"name": draw(NAMES), "arguments": "{}"}}
            for it in ids
        ]
        content = draw(st.none() | WORDS) if ids else draw(WORDS)
        messages.append({"role": "assistant", "content": content, "tool_calls": calls or None})
        answered = draw(st.permutations(ids))
        messages += [
            {"role": "tool", "tool_call_id": it, "content": draw(WORDS)} for it in answered
        ]
    return [*messages, {"role": "user", "content": draw(WORDS)}]


BODIES = st.fixed_dictionaries(
    {"model": MODELS, "messages": conversations()},
    optional={
        "tools": TOOLS,
        "tool_choice": st.sampled_from(["auto", "none", "required"]),
        "parallel_tool_calls": st.booleans(),
        "reasoning_effort": EFFORTS,
        "max_completion_tokens": st.integers(1, 5000),
        "temperature": st.floats(0, 2),
        "top_p": st.floats(0, 1),
        "stop": st.lists(st.text(max_size=2), max_size=3),
        "response_format": st.just({"type": "json_object"}),
        "user": WORDS,
        "stream": st.booleans(),
    },
)


def translated(body):
    request = DIALECTS["openai_chat"].requests.decode(msgspec.json.encode(body))
    known = capabilities_of("anthropic_messages", body["model"])
    encoded = ANTHROPIC_MESSAGES.requests.encode(request, Translation(capabilities=known))
    return msgspec.json.decode(encoded)


@given(body=BODIES)
def test_every_translated_request_is_valid_and_loses_no_text(body, validate):
    try:
        written = translated(body)
    except InvalidRequestError as error:
        refused = error.details.param
    else:
        refused = None
        validate(written)
        text = msgspec.json.encode(written).decode()
        assert all(it["content"] in text for it in body["messages"] if it["content"])
        assert written.get("thinking", {}).get("budget_tokens", 0) < written["max_tokens"]
    assert refused in (None, "tool_choice")


@given(messages=conversations())
def test_every_result_follows_its_call(messages):
    written = translated({"model": "claude-opus-5", "messages": messages})["messages"]
    for message, answer in pairwise(written):
        calls = [block["id"] for block in message["content"] if block["type"] == "tool_use"]
        begins = answer["content"][: len(calls)]
        assert [block.get("tool_use_id") for block in begins] == calls


@given(messages=conversations(), model=MODELS, more=WORDS)
def test_what_was_said_before_stays_byte_for_byte(messages, model, more):
    longer = [*messages, {"role": "assistant", "content": more}, {"role": "user", "content": more}]
    shorter = translated({"model": model, "messages": messages})
    written = translated({"model": model, "messages": longer})
    assert written.get("system") == shorter.get("system")
    assert written["messages"][: len(shorter["messages"])] == shorter["messages"]
