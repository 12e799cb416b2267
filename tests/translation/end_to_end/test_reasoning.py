"""What a model thought: shown to the client in its own way, and back at the model with the
results of the tools that it called meanwhile.
"""

import json

import pytest

from lunaroute_core.testing import json_reply, sse_reply

C, R, A = "openai_chat", "openai_responses", "anthropic_messages"
HI = [{"role": "user", "content": "Hi"}]
THOUGHT = "Is it 1? It is."
SIGNATURE = "EqQB/+sig=="
CALLS = [("call_1", "add", '{"a":1}')]
MODELS = {A: "claude-sonnet-4-5", R: "gpt-5.5", C: "deepseek-reasoner"}
# What a program says to have it thought about.
WANTED = {
    C: {"reasoning_effort": "medium"},
    R: {
        "reasoning": {"effort": "medium", "summary": "auto"},
        "include": ["reasoning.encrypted_content"],
        "store": False,
    },
    A: {"thinking": {"type": "enabled", "budget_tokens": 2048}},
}
THINKING = {"type": "thinking", "thinking": THOUGHT, "signature": SIGNATURE}
REASONING = {
    "type": "reasoning",
    "id": "rs_1",
    "summary": [{"type": "summary_text", "text": THOUGHT}],
    "encrypted_content": SIGNATURE,
}


@pytest.fixture
def thoughtful(vendors, frames):
    """`thoughtful(upstream, stream, **answer)`: a reply that begins with a thought."""

    def make(upstream, stream, **answer):
        said = (vendors.stream if stream else vendors.whole)(upstream, **answer)
        said = BEGINNING[upstream, stream](said)
        return sse_reply([frames(said)], chunk_sizes=[50, 7]) if stream else json_reply(200, said)

    return make


def whole_message(said):
    return {**said, "content": [THINKING, *said["content"]]}


def streamed_message(events):
    place = {"index": 0}
    thought = {"type": "thinking_delta", "thinking": THOUGHT}
    signature = {"type": "signature_delta", "signature": SIGNATURE}
    empty = {"type": "thinking", "thinking": "", "signature": ""}
    return [
        events[0],
        {"type": "content_block_start", **place, "content_block": empty},
        {"type": "content_block_delta", **place, "delta": thought},
        {"type": "content_block_delta", **place, "delta": signature},
        {"type": "content_block_stop", **place},
        *({**it, "index": it["index"] + 1} if "index" in it else it for it in events[1:]),
    ]


def whole_response(said):
    return {**said, "output": [REASONING, *said["output"]]}


def streamed_response(events):
    *begun, last = events
    place = {"output_index": 0, "item_id": "rs_1", "summary_index": 0}
    (part,) = REASONING["summary"]
    added = {**REASONING, "summary": [], "encrypted_content": None}
    kinds = "response.reasoning_summary"
    said = [
        *begun[:2],
        {"type": "response.output_item.added", "output_index": 0, "item": added},
        {"type": f"{kinds}_part.added", **place, "part": {**part, "text": ""}},
        {"type": f"{kinds}_text.delta", **place, "delta": THOUGHT[:4]},
        {"type": f"{kinds}_text.delta", **place, "delta": THOUGHT[4:]},
        {"type": f"{kinds}_text.done", **place, "text": THOUGHT},
        {"type": f"{kinds}_part.done", **place, "part": part},
        {"type": "response.output_item.done", "output_index": 0, "item": REASONING},
        *({**it, "output_index": it["output_index"] + 1} for it in begun[2:]),
        {**last, "response": whole_response(last["response"])},
    ]
    return [{**event, "sequence_number": n} for n, event in enumerate(said)]


def whole_completion(said):
    message = {**said["choices"][0]["message"], "reasoning_content": THOUGHT}
    return {**said, "choices": [{**said["choices"][0], "message": message}]}


def streamed_completion(chunks):
    first, *rest = chunks
    choice = {"index": 0, "delta": {"reasoning_content": THOUGHT}, "finish_reason": None}
    return [first, {**first, "choices": [choice]}, *rest]


BEGINNING = {
    (A, False): whole_message,
    (A, True): streamed_message,
    (R, False): whole_response,
    (R, True): streamed_response,
    (C, False): whole_completion,
    (C, True): streamed_completion,
}


def shown(heard, client):
    """What the program sees of the thought."""
    if client == C:
        return heard.answer.choices[0].message.to_dict(warnings=False)["reasoning_content"]
    if client == R:
        first = heard.answer.output[0]
        return "".join(it.text for it in [*first.summary, *(first.content or [])])
    return heard.answer.content[0].thinking


def brought_back(turns, upstream):
    """The thought in what the upstream is sent, in its own terms."""
    if upstream == A:
        return turns[1]["content"][0]
    if upstream == R:
        return {key: turns[1][key] for key in REASONING if key in turns[1]}
    return turns[1]["reasoning_content"]


EXPECTED = {A: THINKING, R: REASONING, C: THOUGHT}


async def test_a_thought_is_shown_and_brought_back(
    talk, reply, thoughtful, tools_of, results_of, client, upstream, stream
):
    called = thoughtful(upstream, stream, text="so", calls=CALLS, finish="tool_calls")
    script = [called, reply(upstream, stream, text="ok")]
    fields = {"model": MODELS[upstream], "tools": tools_of(client), **WANTED[client]}
    options = {"server": None} if upstream == C else {}
    async with talk(client, upstream, script, allowing="reasoning_content", **options) as on:
        heard = await on.ask(HI, stream=stream, **fields)
        history = [*HI, *heard.echo, *results_of(client, [("call_1", "out")])]
        await on.ask(history, stream=stream, **fields)
    assert shown(heard, client) == THOUGHT
    assert (heard.text, heard.calls) == ("so", [("call_1", "add", {"a": 1})])
    assert brought_back(on.turns(), upstream) == EXPECTED[upstream]


async def test_a_program_that_keeps_only_what_it_knows(
    talk, reply, thoughtful, tools_of, results_of, stream
):
    """The gateway has kept the thought for it."""
    for upstream in (A, R):
        called = thoughtful(upstream, stream, calls=CALLS, finish="tool_calls")
        script = [called, reply(upstream, stream, text="ok")]
        fields = {"model": MODELS[upstream], "tools": tools_of(C), **WANTED[C]}
        async with talk(C, upstream, script) as on:
            heard = await on.ask(HI, stream=stream, **fields)
            (echo,) = heard.echo
            bare = {key: echo[key] for key in ("role", "content", "tool_calls") if key in echo}
            history = [*HI, bare, *results_of(C, [("call_1", "out")])]
            await on.ask(history, stream=stream, **fields)
        assert brought_back(on.turns(), upstream) == EXPECTED[upstream]


@pytest.mark.parametrize(("client", "upstream"), [(A, R), (A, C), (R, A), (R, C)])
async def test_a_thought_of_another_vendors_model_is_left_out(
    talk, reply, tools_of, results_of, client, upstream
):
    """A conversation that began elsewhere goes on, and the client is told what it lost."""
    call = {"type": "function_call", "call_id": "call_1", "name": "add", "arguments": "{}"}
    echo = [REASONING, call]
    if client == A:
        use = {"type": "tool_use", "id": "call_1", "name": "add", "input": {}}
        echo = [{"role": "assistant", "content": [THINKING, use]}]
    history = [*HI, *echo, *results_of(client, [("call_1", "out")])]
    async with talk(client, upstream, reply(upstream, False, text="ok")) as on:
        raw = on.sdk.responses if client == R else on.sdk.messages
        key = {"input": history} if client == R else {"messages": history, "max_tokens": 4096}
        answer = await raw.with_raw_response.create(
            model=MODELS[upstream], tools=tools_of(client), **key
        )
    assert "dropped" in answer.headers["x-lunaroute-warnings"]
    sent = json.dumps(on.turns())
    assert SIGNATURE not in sent
    assert "call_1" in sent


async def test_how_hard_to_think(talk, reply):
    """In the terms of each model."""
    for model, expected in (
        ("claude-opus-4-8", ({"type": "adaptive"}, {"effort": "high"})),
        ("claude-sonnet-4-0", ("budget", None)),
    ):
        async with talk(C, A, reply(A, False, text="ok")) as on:
            await on.ask(HI, model=model, reasoning_effort="high", max_completion_tokens=20000)
        body = on.sent()
        thinking, config = expected
        if config is not None:
            assert body["output_config"] == config
            assert body["thinking"]["type"] == thinking["type"]
        else:
            assert body["thinking"]["type"] == "enabled"
            assert 1024 <= body["thinking"]["budget_tokens"] < 20000
    for upstream in (R, C):
        async with talk(A, upstream, reply(upstream, False, text="ok")) as on:
            await on.ask(HI, model="gpt-5.5", output_config={"effort": "xhigh"})
        body = on.sent()
        effort = body["reasoning"]["effort"] if upstream == R else body["reasoning_effort"]
        assert effort == "xhigh"
