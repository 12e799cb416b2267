"""All six pairs of dialects, over conversations and answers that each of them can express.

Requests and answers are written here by hand as the vendors' own clients and servers write
them, so that no codec is judged by another codec's idea of a dialect.
"""

import itertools
import json
import re
import string

import msgspec
import pytest
from attrs import frozen
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lunaroute_core.dialects.registry import DIALECTS
from lunaroute_core.model import ImageBlock, InlineSource, TextBlock, ToolCallBlock, ToolResultBlock

C, R, A = "openai_chat", "openai_responses", "anthropic_messages"
PAIRS = list(itertools.permutations([C, R, A], 2))
EVERY_PAIR = pytest.mark.parametrize(("client", "upstream"), PAIRS)
CHECKED = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
PNG = "iVBORw0KGgo="


# --- conversations that all dialects can express --------------------------------------------------


@frozen
class Call:
    id: str
    name: str
    arguments: str
    result: str


@frozen
class Round:
    """What the user said and showed, and what the assistant answered; the last has no answer."""

    texts: list[str]
    images: list[str]
    answer: str | None
    calls: list[Call]


@frozen
class Conversation:
    system: list[str]
    rounds: list[Round]
    last: list[str]
    tools: list[tuple[str, dict]]
    choice: str | None
    parallel: bool | None
    temperature: float | None
    top_p: float | None
    max_tokens: int
    stream: bool


NAMES = st.text(string.ascii_letters + string.digits + "_-", min_size=1, max_size=20)
TEXTS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=30).filter(str.strip)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
OBJECTS = st.dictionaries(st.text(max_size=8), VALUES, max_size=4)
SCHEMAS = st.builds(
    lambda names, kinds, closed: {
        "type": "object",
        "properties": dict(zip(names, kinds, strict=False)),
        "required": names[:1],
        "$defs": {"d": {"type": "string", "enum": ["x"]}},
        **({"additionalProperties": False} if closed else {}),
    },
    st.lists(NAMES, unique=True, max_size=3),
    st.lists(
        st.sampled_from(
            [
                {"type": "string", "minLength": 1, "description": "a text"},
                {"$ref": "#/$defs/d"},
                {"type": ["integer", "null"]},
                {"type": "array", "items": {"type": "object", "properties": {}}},
            ]
        ),
        min_size=3,
        max_size=3,
    ),
    st.booleans(),
)


@st.composite
def conversations(draw):
    tools = draw(st.lists(st.tuples(NAMES, SCHEMAS), max_size=3, unique_by=lambda it: it[0]))
    count = draw(st.integers(0, 3))
    ids = iter(draw(st.lists(NAMES, min_size=9, max_size=9, unique=True)))
    names = [name for name, _ in tools] or ["forgotten"]
    rounds = []
    for _ in range(count):
        calls = [
            Call(
                id=next(ids),
                name=draw(st.sampled_from(names)),
                arguments=msgspec.json.encode(draw(OBJECTS)).decode(),
                result=draw(TEXTS),
            )
            for _ in range(draw(st.integers(0, 3)))
        ]
        answer = draw(TEXTS if not calls else st.none() | TEXTS)
        images = draw(st.lists(st.sampled_from(["data", "url"]), max_size=2))
        texts = draw(st.lists(TEXTS, min_size=1, max_size=2))
        rounds.append(Round(texts, images, answer, calls))
    choices = ["auto", "none", "required", f"named:{names[0]}"]
    return Conversation(
        system=draw(st.lists(TEXTS, max_size=2)),
        rounds=rounds,
        last=draw(st.lists(TEXTS, min_size=1, max_size=2)),
        tools=tools,
        choice=draw(st.none() | st.sampled_from(choices)) if tools else None,
        parallel=draw(st.none() | st.booleans()) if tools else None,
        temperature=draw(st.none() | st.sampled_from([0, 0.25, 1.0])),
        top_p=draw(st.none() | st.sampled_from([0.5, 1.0])),
        max_tokens=draw(st.integers(16, 8000)),
        stream=draw(st.booleans()),
    )


# --- requests as clients write them ---------------------------------------------------------------


def request_body(client, talk):
    body = {C: chat_body, R: responses_body, A: anthropic_body}[client](talk)
    body |= {"temperature": talk.temperature, "top_p": talk.top_p, "stream": talk.stream or None}
    return {key: value for key, value in body.items() if value is not None and value != []}


def chat_body(talk):
    messages = [{"role": "system", "content": text} for text in talk.system]
    for turn in talk.rounds:
        images = [{"type": "image_url", "image_url": {"url": url_of(it)}} for it in turn.images]
        texts = [{"type": "text", "text": text} for text in turn.texts]
        messages.append({"role": "user", "content": [*texts, *images]})
        said = {"role": "assistant", "content": turn.answer}
        if turn.calls:
            said["tool_calls"] = [
                {
                    "id": it.id,
                    "type": "function",
                    "function": {"name": it.name, "arguments": it.arguments},
                }
                for it in turn.calls
            ]
        messages.append(said)
        messages += [
            {"role": "tool", "tool_call_id": it.id, "content": it.result} for it in turn.calls
        ]
    messages += [{"role": "user", "content": text} for text in talk.last]
    tools = [
        {"type": "function", "function": {"name": name, "parameters": schema}}
        for name, schema in talk.tools
    ]
    choice = talk.choice
    if choice and choice.startswith("named:"):
        choice = {"type": "function", "function": {"name": choice[6:]}}
    return {
        "messages": messages,
        "tools": tools,
        "tool_choice": choice,
        "parallel_tool_calls": talk.parallel,
        "max_completion_tokens": talk.max_tokens,
    }


def responses_body(talk):
    items = [{"role": "developer", "content": text} for text in talk.system[1:]]
    for turn in talk.rounds:
        texts = [{"type": "input_text", "text": text} for text in turn.texts]
        images = [
            {"type": "input_image", "image_url": url_of(it), "detail": "auto"} for it in turn.images
        ]
        items.append({"role": "user", "content": [*texts, *images]})
        if turn.answer is not None:
            items.append({"role": "assistant", "content": turn.answer})
        call = {"type": "function_call"}
        items += [
            {**call, "call_id": it.id, "name": it.name, "arguments": it.arguments}
            for it in turn.calls
        ]
        items += [
            {"type": "function_call_output", "call_id": it.id, "output": it.result}
            for it in turn.calls
        ]
    items += [{"role": "user", "content": text} for text in talk.last]
    tools = [
        {"type": "function", "name": name, "parameters": schema, "strict": False}
        for name, schema in talk.tools
    ]
    choice = talk.choice
    if choice and choice.startswith("named:"):
        choice = {"type": "function", "name": choice[6:]}
    return {
        "instructions": talk.system[0] if talk.system else None,
        "input": items,
        "tools": tools,
        "tool_choice": choice,
        "parallel_tool_calls": talk.parallel,
        "max_output_tokens": talk.max_tokens,
    }


def anthropic_body(talk):
    messages, results = [], []
    for turn in talk.rounds:
        texts = [{"type": "text", "text": text} for text in turn.texts]
        images = [{"type": "image", "source": source_of(it)} for it in turn.images]
        messages.append({"role": "user", "content": [*results, *texts, *images]})
        said = [{"type": "text", "text": turn.answer}] if turn.answer is not None else []
        said += [
            {"type": "tool_use", "id": it.id, "name": it.name, "input": json.loads(it.arguments)}
            for it in turn.calls
        ]
        messages.append({"role": "assistant", "content": said})
        results = [
            {"type": "tool_result", "tool_use_id": it.id, "content": it.result} for it in turn.calls
        ]
    last = [{"type": "text", "text": text} for text in talk.last]
    messages.append({"role": "user", "content": [*results, *last]})
    choices = {"auto": {"type": "auto"}, "none": {"type": "none"}, "required": {"type": "any"}}
    choice = talk.choice
    if choice and choice.startswith("named:"):
        choice = {"type": "tool", "name": choice[6:]}
    elif choice:
        choice = choices[choice]
    if talk.parallel is not None and talk.choice != "none":
        choice = {**(choice or {"type": "auto"}), "disable_parallel_tool_use": not talk.parallel}
    return {
        "system": [{"type": "text", "text": text} for text in talk.system],
        "messages": messages,
        "tools": [{"name": name, "input_schema": schema} for name, schema in talk.tools],
        "tool_choice": choice,
        "max_tokens": talk.max_tokens,
    }


def url_of(image):
    return f"data:image/png;base64,{PNG}" if image == "data" else "https://example.com/a.png"


def source_of(image):
    if image == "url":
        return {"type": "url", "url": "https://example.com/a.png"}
    return {"type": "base64", "media_type": "image/png", "data": PNG}


# --- what was said, in order, whoever wrote it down -------------------------------------------------


def script_of(talk):
    """The conversation's content, in the one order that all dialects have."""
    script = [("system", text) for text in talk.system]
    for turn in talk.rounds:
        script += [("user", text) for text in turn.texts]
        script += [("image", it) for it in turn.images]
        if turn.answer is not None:
            script.append(("assistant", turn.answer))
        script += [("call", it.id, it.name, json.loads(it.arguments)) for it in turn.calls]
        script += [("result", it.id, it.result) for it in turn.calls]
    return script + [("user", text) for text in talk.last]


def script_read(request):
    """The same of a request that an upstream reads."""
    script = [("system", block.text) for block in request.instructions]
    for turn in request.turns:
        script += [line_of("user" if turn.role == "tool" else turn.role, it) for it in turn.blocks]
    return script


def line_of(role, block):
    match block:
        case TextBlock(text=text):
            return role, text
        case ImageBlock(source=InlineSource(media_type="image/png", data=data)):
            assert data == PNG
            return "image", "data"
        case ImageBlock(source=source):
            assert source.url == "https://example.com/a.png"
            return "image", "url"
        case ToolCallBlock():
            return "call", block.id, block.name, msgspec.json.decode(block.raw_arguments)
        case ToolResultBlock():
            return "result", block.call_id, "".join(it.text for it in block.blocks)
    raise AssertionError(block)


def history_of(upstream, body):
    return body["input"] if upstream == R else body["messages"]


# --- requests -------------------------------------------------------------------------------------


@EVERY_PAIR
@CHECKED
@given(talk=conversations())
def test_nothing_of_a_conversation_is_lost(translate, client, upstream, talk):
    """And the upstream's SDK would have sent it: its types are checked in `translate`."""
    result = translate(client, upstream, request_body(client, talk))
    assert result.warnings == []
    read = DIALECTS[upstream].requests.decode(result.raw)
    assert script_read(read) == script_of(talk)
    assert [(tool.name, tool.schema) for tool in read.tools] == talk.tools
    assert read.limits.max_output_tokens == talk.max_tokens
    assert (read.sampling.temperature, read.sampling.top_p) == (talk.temperature, talk.top_p)
    assert read.stream.enabled == talk.stream


@EVERY_PAIR
@CHECKED
@given(talk=conversations())
def test_the_choice_of_tools_is_the_same(translate, client, upstream, talk):
    result = translate(client, upstream, request_body(client, talk))
    read = DIALECTS[upstream].requests.decode(result.raw)
    choice = read.tool_choice
    if talk.choice is None:
        assert choice is None or choice.mode == "auto"
    elif talk.choice.startswith("named:"):
        assert (choice.mode, choice.names) == ("named", [talk.choice[6:]])
    else:
        assert choice.mode == talk.choice
    if talk.choice != "none":
        assert (read.parallel_tool_calls is False) == (talk.parallel is False)


@EVERY_PAIR
@CHECKED
@given(talk=conversations())
def test_tools_of_responses_always_say_whether_they_are_strict(translate, client, upstream, talk):
    """Said nothing, Responses is strict and rewrites what is required."""
    body = translate(client, upstream, request_body(client, talk)).body
    for tool in body.get("tools", []):
        if upstream == R:
            assert tool["strict"] is False
        assert not tool.get("function", tool).get("strict")


@EVERY_PAIR
@CHECKED
@given(talk=conversations(), more=conversations())
def test_a_conversation_that_goes_on_begins_with_the_same_bytes(
    translate, client, upstream, talk, more
):
    """Prompt caches, and reasoning that is bound to what came before it, rest on that."""
    ended = Round(talk.last, [], "an answer", [])
    longer = Conversation(
        system=talk.system,
        rounds=[*talk.rounds, ended],
        last=more.last,
        tools=talk.tools,
        choice=talk.choice,
        parallel=talk.parallel,
        temperature=talk.temperature,
        top_p=talk.top_p,
        max_tokens=talk.max_tokens,
        stream=talk.stream,
    )
    first = translate(client, upstream, request_body(client, talk))
    assert translate(client, upstream, request_body(client, talk)).raw == first.raw
    before = list(map(json.dumps, history_of(upstream, first.body)))
    body = translate(client, upstream, request_body(client, longer)).body
    after = list(map(json.dumps, history_of(upstream, body)))
    if A in (client, upstream):  # the last turns of a user are one message there
        before = before[: len(before) - 1]
    elif len(talk.last) > 1:  # the client itself writes them as one message now
        before = before[: len(before) - len(talk.last)]
    assert after[: len(before)] == before
    settings_of = {key: it for key, it in body.items() if key not in ("messages", "input")}
    assert settings_of == {
        key: it for key, it in first.body.items() if key not in ("messages", "input")
    }


@EVERY_PAIR
@CHECKED
@given(
    ids=st.lists(
        st.text(st.characters(codec="utf-8"), min_size=1, max_size=80),
        unique=True,
        min_size=1,
        max_size=4,
    )
)
def test_ids_of_any_form_stay_paired_and_distinct(translate, client, upstream, ids):
    calls = [Call(it, "add", "{}", f"out {at}") for at, it in enumerate(ids)]
    talk = Conversation(
        system=[],
        rounds=[Round(["Hi"], [], None, calls)],
        last=["and?"],
        tools=[],
        choice=None,
        parallel=None,
        temperature=None,
        top_p=None,
        max_tokens=16,
        stream=False,
    )
    raw = translate(client, upstream, request_body(client, talk)).raw
    script = script_read(DIALECTS[upstream].requests.decode(raw))
    called = [line[1] for line in script if line[0] == "call"]
    answered = [line[1:] for line in script if line[0] == "result"]
    assert answered == [(it, f"out {at}") for at, it in enumerate(called)]
    assert len(set(called)) == len(ids)
    for it in called:
        assert set(it) <= set(string.ascii_letters + string.digits + "_-")
        assert 0 < len(it) <= 64


# --- answers that all dialects can express ----------------------------------------------------------


@st.composite
def answers(draw):
    """What an upstream says, as `vendors` takes it."""
    calls = [
        (f"call_{at}", draw(NAMES), msgspec.json.encode(draw(OBJECTS)).decode())
        for at in range(draw(st.integers(0, 3)))
    ]
    text = draw(st.text(st.characters(codec="utf-8"), min_size=1, max_size=40))
    finish = draw(st.sampled_from(["stop", "length", "content_filter"]))
    return {
        "text": None if calls and draw(st.booleans()) else text,
        "calls": calls,
        "finish": "tool_calls" if calls and finish == "stop" else finish,
        "counts": draw(st.tuples(*[st.integers(0, 5000)] * 4)),
        "cuts": draw(st.lists(st.integers(1, 9), min_size=1, max_size=4)),
    }


# --- what a program gets ----------------------------------------------------------------------------


def heard(client, answer):
    """Text, calls, finish and counts of an answer, as its client's dialect says them."""
    if client == C:
        (choice,) = answer["choices"]
        said = choice["message"]
        calls = [
            (it["id"], it["function"]["name"], json.loads(it["function"]["arguments"]))
            for it in said.get("tool_calls") or []
        ]
        return said["content"], calls, choice["finish_reason"], counts_heard(C, answer["usage"])
    if client == A:
        texts = [it["text"] for it in answer["content"] if it["type"] == "text"]
        calls = [
            (it["id"], it["name"], it["input"])
            for it in answer["content"]
            if it["type"] == "tool_use"
        ]
        return (
            "".join(texts) or None,
            calls,
            answer["stop_reason"],
            counts_heard(A, answer["usage"]),
        )
    texts = [
        part["text"] for it in answer["output"] if it["type"] == "message" for part in it["content"]
    ]
    calls = [
        (it["call_id"], it["name"], json.loads(it["arguments"]))
        for it in answer["output"]
        if it["type"] == "function_call"
    ]
    reason = (answer["incomplete_details"] or {}).get("reason")
    finish = (answer["status"], reason)
    return "".join(texts) or None, calls, finish, counts_heard(R, answer["usage"])


def counts_heard(client, usage):
    if client == A:
        read, written = usage["cache_read_input_tokens"], usage["cache_creation_input_tokens"]
        return usage["input_tokens"], read, written, usage["output_tokens"]
    prompt, output, details = (
        ("prompt_tokens", "completion_tokens", "prompt_tokens_details")
        if client == C
        else ("input_tokens", "output_tokens", "input_tokens_details")
    )
    assert usage["total_tokens"] == usage[prompt] + usage[output]
    read = usage[details]["cached_tokens"]
    written = usage[details]["cache_write_tokens"]
    return usage[prompt] - read - written, read, written, usage[output]


def expected(vendors, client, answer):
    calls = [(call_id, name, json.loads(raw)) for call_id, name, raw in answer["calls"]]
    finish = vendors.finishes[client][answer["finish"]]
    return answer["text"], calls, finish, answer["counts"]


COMPLETED_AT = re.compile(rb'"completed_at":\d+')


def without_times(answer):
    """An answer of an upstream that does not say when it was made has the time of reading."""
    times = ("created", "created_at", "completed_at")
    return {key: value for key, value in answer.items() if key not in times}


def comparable(client, answer):
    """An answer without what says nothing: Chat's accumulator numbers the calls and leaves
    out what is null, Anthropic's types add fields that are null. Anthropic's accumulator knows
    the lives of cached tokens only from a stream's start, where others do not say them yet.
    """
    if isinstance(answer, list):
        return [comparable(client, item) for item in answer]
    if not isinstance(answer, dict):
        return answer
    numbered = client == C and "function" in answer
    return {
        key: comparable(client, value)
        for key, value in answer.items()
        if value is not None and key != "cache_creation" and not (numbered and key == "index")
    }


@EVERY_PAIR
@CHECKED
@given(answer=answers())
def test_nothing_of_an_answer_is_lost(vendors, answered, client, upstream, answer):
    """And the client's SDK has a type for all of it: that is checked in `answered`."""
    got = answered(upstream, client, vendors.whole(upstream, **answer))
    assert heard(client, got) == expected(vendors, client, answer)


@EVERY_PAIR
@CHECKED
@given(answer=answers(), cut=st.none() | st.integers(1, 200))
def test_a_stream_accumulates_to_what_the_whole_answer_is(
    *, vendors, answered, streamed, client, upstream, answer, cut
):
    """However the network cuts it."""
    stream = streamed(upstream, client, vendors.stream(upstream, **answer), cut=cut).answer
    assert heard(client, stream) == expected(vendors, client, answer)
    whole = answered(upstream, client, vendors.whole(upstream, **answer))
    assert comparable(client, without_times(stream)) == comparable(client, without_times(whole))


@EVERY_PAIR
@CHECKED
@given(answer=answers())
def test_an_answer_is_always_written_the_same(
    *, vendors, answered, streamed, client, upstream, answer
):
    wholes = [answered(upstream, client, vendors.whole(upstream, **answer)) for _ in range(2)]
    assert without_times(wholes[0]) == without_times(wholes[1])
    if upstream != A:  # whose answers do not say when they were made
        events = vendors.stream(upstream, **answer)
        first, second = (streamed(upstream, client, events).raw for _ in range(2))
        assert COMPLETED_AT.sub(b"", first) == COMPLETED_AT.sub(b"", second)
