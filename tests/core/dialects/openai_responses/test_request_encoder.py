import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lunaroute_core.dialects.openai_responses.requests import ResponsesRequests
from lunaroute_core.dialects.registry import dialect_named
from lunaroute_core.errors import InvalidRequestError
from lunaroute_core.model import (
    Message,
    NormalizedRequest,
    Origin,
    ReasoningBlock,
    RequestSource,
    TextBlock,
    ToolResultBlock,
)
from lunaroute_core.translation import Translation

OWN = Origin(dialect="openai_responses")
OTHER = Origin(dialect="anthropic_messages")


def encode(*blocks, strict=False):
    """What a Responses client's conversation with these blocks of an assistant becomes."""
    request = NormalizedRequest(
        model="m",
        source=RequestSource(dialect="openai_responses"),
        turns=[
            Message(role="user", blocks=[TextBlock(text="a")]),
            Message(role="assistant", blocks=[*blocks]),
            Message(role="user", blocks=[TextBlock(text="c")]),
        ],
    )
    translation = Translation(strict=strict)
    body = msgspec.json.decode(ResponsesRequests().encode(request, translation))
    kinds = [item.get("role", item["type"]) for item in body["input"]]
    return kinds, [(it.outcome, it.param) for it in translation.warnings]


def test_a_client_that_was_given_another_models_reasoning_does_not_send_it_here():
    own = ReasoningBlock(parts=["x"], opaque="e", origin=OWN)
    plain = ReasoningBlock(parts=["y"])
    other = ReasoningBlock(parts=["z"], opaque="s", origin=OTHER)
    said = TextBlock(text="b")
    assert encode(own, plain, said) == (["user", "reasoning", "reasoning", "assistant", "user"], [])
    kinds, warnings = encode(own, other, said)
    assert kinds == ["user", "reasoning", "assistant", "user"]
    assert warnings == [("dropped", "input[].reasoning")]
    with pytest.raises(InvalidRequestError):
        encode(other, said, strict=True)


def test_a_turn_of_nothing_but_other_reasoning_is_left_out():
    assert encode(ReasoningBlock(parts=["z"], opaque="s", origin=OTHER))[0] == ["user", "user"]


def test_a_request_nested_too_deeply_is_refused():
    schema = leaf = {"type": "object"}
    for _ in range(100_000):
        leaf["items"] = {}
        leaf = leaf["items"]
    form = {"type": "json_schema", "name": "n", "schema": schema}
    request = ResponsesRequests().decode(b'{"model":"m","input":"a"}')
    request.extensions = {"openai_responses": {"text": {"format": form}}}
    with pytest.raises(InvalidRequestError):
        ResponsesRequests().encode(request, Translation())


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


def script_of(turns):
    """What was said, called and answered, in order."""
    script = []
    for turn in turns:
        content = turn["content"]
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        script += [line_of(turn["role"], block) for block in blocks]
    return script


def line_of(role, block):
    match block["type"]:
        case "text":
            return role, block["text"]
        case "image":
            return "image", block["source"]["url"]
        case "tool_use":
            return "call", block["id"], block["input"]
        case _:
            content = block["content"]
            texts = [content] if isinstance(content, str) else content
            prefix = ["[tool_error]"] if block["is_error"] else []
            words = [it if isinstance(it, str) else it.get("text", "image") for it in texts]
            return "result", block["tool_use_id"], " ".join([*prefix, *words])


def script_read(raw):
    """The same of the items that are sent."""
    script = []
    for turn in ResponsesRequests().decode(raw).turns:
        for block in turn.blocks:
            match block:
                case TextBlock(text=text):
                    script.append((turn.role, text))
                case ToolResultBlock(call_id=call_id, blocks=blocks):
                    words = [it.text if isinstance(it, TextBlock) else "image" for it in blocks]
                    script.append(("result", call_id, " ".join(it for it in words if it)))
                case _:
                    source = getattr(block, "source", None)
                    call = source is None
                    script.append(
                        ("call", block.id, block.arguments) if call else ("image", source.url)
                    )
    return script


@given(conversations(), st.sampled_from(["gpt-5.6-sol", "llama-4"]))
@settings(max_examples=150)
def test_the_conversation_is_told_as_it_was(anthropic, turns, model):
    body, _ = anthropic(turns, model=model, tools=[TOOL])
    assert script_read(msgspec.json.encode(body)) == script_of(turns)


@given(conversations(), st.sampled_from(["gpt-5.6-sol", "llama-4"]))
@settings(max_examples=50)
def test_a_longer_conversation_begins_with_the_same_items(anthropic, turns, model):
    body, _ = anthropic(turns, model=model)
    more = [{"role": "assistant", "content": "x"}, {"role": "user", "content": "y"}]
    longer, _ = anthropic([*turns, *more], model=model)
    assert longer["input"][:-2] == body["input"]


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=3)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2), st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=5,
)
FIELDS = {
    "anthropic_messages": [
        "thinking",
        "metadata",
        "output_config",
        "tools",
        "tool_choice",
        "container",
        "context_management",
        "mcp_servers",
        "x",
    ],
    "openai_chat": [
        "tools",
        "tool_choice",
        "functions",
        "response_format",
        "web_search_options",
        "prompt_cache_options",
        "prediction",
        "moderation",
        "x",
    ],
}


@pytest.mark.parametrize("dialect", FIELDS)
@given(data=st.data())
def test_any_fields_are_encoded_or_refused(dialect, data):
    fields = data.draw(st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS[dialect], JSON)))
    turns = [{"role": "user", "content": "a"}]
    raw = msgspec.json.encode({"model": "m", "max_tokens": 50, "messages": turns, **fields})
    try:
        request = dialect_named(dialect).requests.decode(raw)
        body = ResponsesRequests().encode(request, Translation())
    except InvalidRequestError:
        return
    assert msgspec.json.decode(body)["model"] == "m"
