"""A long turn with the vendor's own tools, which the vendor pauses: programs of other vendors'
SDKs know of no such thing, and see one answer.
"""

import asyncio
import json

import openai
import pytest

from lunaroute_core.testing import Hang, Pause, json_reply, sse_reply

C, R, A = "openai_chat", "openai_responses", "anthropic_messages"
CLIENTS = [C, R]
HI = [{"role": "user", "content": "Hi"}]
SEARCHING = {C: {"web_search_options": {}}, R: {"tools": [{"type": "web_search"}]}}
OVERLOADED = {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}


# --- what the vendor says -------------------------------------------------------------------------


def thinking(text, signature):
    return {"type": "thinking", "thinking": text, "signature": signature}


def search(number, query):
    call = {"type": "server_tool_use", "id": f"srvtoolu_{number}", "name": "web_search"}
    return {**call, "input": {"query": query}}


def found(number, secret):
    result = {"type": "web_search_result", "url": "https://a.example", "title": "A"}
    results = [{**result, "encrypted_content": secret, "page_age": None}]
    tool = {"type": "web_search_tool_result", "tool_use_id": f"srvtoolu_{number}"}
    return {**tool, "content": results}


def text(said, index=None):
    place = {"type": "web_search_result_location", "url": "https://a.example", "title": "A"}
    cited = {**place, "cited_text": "a", "encrypted_index": index}
    return {"type": "text", "text": said} | ({"citations": [cited]} if index else {})


def call(number, name, **arguments):
    return {"type": "tool_use", "id": f"toolu_{number}", "name": name, "input": arguments}


FIRST = [
    thinking("Look it up: \u00e9 \U0001d11e", "EqQB/+sig\u003d=1"),
    {"type": "redacted_thinking", "data": "Ezz+/=="},
    text("I look. "),
    search(1, 'what "is" \u00e9?'),
    found(1, "secret-1/+=="),
    search(2, "more"),
]
SECOND = [found(2, "secret-2=="), text("One ", "index-1=="), search(3, "yet more")]
LAST = [found(3, "secret-3"), thinking("Done.", "sig-3"), text("and two.")]
COUNTS = ((10, 3, 4, 5), (20, 0, 1, 6), (30, 2, 0, 7))
"""Each part's fresh, read and written input tokens, and its output tokens."""


def message(number, content, stop="end_turn", *, container=None):
    fresh, read, written, output = COUNTS[min(number, len(COUNTS)) - 1]
    return {
        "id": f"msg_{number}",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-4-5",
        "content": content,
        "stop_reason": stop,
        "stop_sequence": None,
        "container": container and {"id": container, "expires_at": "2026-12-01T00:00:00Z"},
        "usage": {
            "input_tokens": fresh,
            "cache_read_input_tokens": read,
            "cache_creation_input_tokens": written,
            "output_tokens": output,
            "server_tool_use": {"web_search_requests": 1, "web_fetch_requests": 0},
        },
    }


def paused(number, content, **more):
    return message(number, content, "pause_turn", **more)


THREE = [paused(1, FIRST, container="c_1"), paused(2, SECOND), message(3, LAST)]


def events(said):
    """The stream of a whole message."""
    late = {"content": [], "stop_reason": None, "container": None}
    begun = {**said, **late, "usage": {**said["usage"], "output_tokens": 1}}
    yield {"type": "message_start", "message": begun}
    for index, block in enumerate(said["content"]):
        place = {"index": index}
        start, deltas = opened(block)
        yield {"type": "content_block_start", **place, "content_block": start}
        for delta in deltas:
            yield {"type": "content_block_delta", **place, "delta": delta}
        yield {"type": "content_block_stop", **place}
    ends = ("stop_reason", "stop_sequence", "container")
    usage = {"output_tokens": said["usage"]["output_tokens"]}
    yield {"type": "message_delta", "delta": {it: said[it] for it in ends}, "usage": usage}
    yield {"type": "message_stop"}


def opened(block):
    match block["type"]:
        case "text":
            said = [{"type": "text_delta", "text": it} for it in halves(block["text"])]
            cited = [
                {"type": "citations_delta", "citation": it} for it in block.get("citations", [])
            ]
            return {"type": "text", "text": ""}, [*said, *cited]
        case "thinking":
            thought = {"type": "thinking_delta", "thinking": block["thinking"]}
            signed = {"type": "signature_delta", "signature": block["signature"]}
            return {"type": "thinking", "thinking": "", "signature": ""}, [thought, signed]
        case "tool_use" | "server_tool_use":
            pieces = halves(json.dumps(block["input"]))
            deltas = [{"type": "input_json_delta", "partial_json": it} for it in pieces]
            return {**block, "input": {}}, deltas
        case _:
            return block, []


def halves(said):
    return [said[: len(said) // 2], said[len(said) // 2 :]]


@pytest.fixture
def replies(frames):
    """`replies(stream, *messages)`: what the vendor's server sends, one after the other."""

    def make(stream, *said):
        if stream:
            return [sse_reply([frames(events(it))], chunk_sizes=[50, 7]) for it in said]
        return [json_reply(200, it) for it in said]

    return make


# --- what the program sees ------------------------------------------------------------------------


def finish_of(heard, client):
    if client == C:
        return heard.answer.choices[0].finish_reason
    return heard.answer.status


def turns_of(on, at=-1):
    return on.sent(at)["messages"]


@pytest.mark.parametrize("client", CLIENTS)
async def test_it_is_one_answer(talk, replies, client, stream):
    async with talk(client, A, replies(stream, *THREE)) as on:
        heard = await on.ask(HI, stream=stream, **SEARCHING[client])
    assert heard.text == "I look. One and two."
    assert finish_of(heard, client) == ("stop" if client == C else "completed")
    assert heard.usage == (10 + 3 + 4 + 20 + 1 + 30 + 2, 5 + 6 + 7)
    details = heard.answer.usage.to_dict(warnings=False)
    details = details["prompt_tokens_details" if client == C else "input_tokens_details"]
    assert (details["cached_tokens"], details["cache_write_tokens"]) == (5, 5)


@pytest.mark.parametrize("client", CLIENTS)
async def test_it_has_the_id_of_its_beginning(talk, replies, client, stream):
    async with talk(
        client, A, [*replies(stream, *THREE), *replies(stream, message(1, LAST))]
    ) as on:
        heard = await on.ask(HI, stream=stream, **SEARCHING[client])
        plain = await on.ask(HI, stream=stream, **SEARCHING[client])
    assert heard.answer.id == plain.answer.id


@pytest.mark.parametrize("client", CLIENTS)
async def test_the_model_gets_back_what_it_said_as_it_said_it(talk, replies, client, stream):
    async with talk(client, A, replies(stream, *THREE)) as on:
        await on.ask(HI, stream=stream, **SEARCHING[client])
    assert len(on.server.requests) == 3
    asked = on.sent(0)
    for at, said in ((1, FIRST), (2, [*FIRST, *SECOND])):
        again = on.sent(at)
        assert again.pop("container") == "c_1"
        *before, last = again["messages"]
        assert last == {"role": "assistant", "content": said}
        assert {**again, "messages": before} == asked
        # To the byte, since caches and signatures depend on it.
        first, other = on.server.requests[0].body, on.server.requests[at].body
        end = first.index(b'"messages"')
        assert other[:end] == first[:end]
        assert (
            b'"thinking":"Look it up: \xc3\xa9 \xf0\x9d\x84\x9e","signature":"EqQB/+sig==1"'
            in other
        )


@pytest.mark.parametrize("client", CLIENTS)
async def test_each_call_of_the_upstream_is_counted(talk, replies, client):
    async with talk(client, A, replies(False, *THREE)) as on:
        heard = await raw(on, client)
    assert heard.headers["x-lunaroute-attempts"] == "3"
    assert "x-lunaroute-warnings" not in heard.headers


async def raw(on, client, **fields):
    """The answer with its headers."""
    call = {"model": "claude-sonnet-4-5", **SEARCHING[client], **fields}
    if client == C:
        return await on.sdk.chat.completions.with_raw_response.create(messages=HI, **call)
    return await on.sdk.responses.with_raw_response.create(input=HI, **call)


@pytest.mark.parametrize("client", CLIENTS)
async def test_it_does_not_go_on_for_ever(talk, replies, client, stream):
    endless = [paused(at, [text(f"{at} "), search(at, "q")]) for at in range(1, 13)]
    async with talk(client, A, replies(stream, *endless)) as on:
        heard = await on.ask(HI, stream=stream, **SEARCHING[client])
    assert len(on.server.requests) == 11
    assert heard.text == "1 2 3 4 5 6 7 8 9 10 11 "
    assert finish_of(heard, client) == ("stop" if client == C else "completed")


@pytest.mark.parametrize(("client", "field"), [(C, "finish_reason"), (R, "status")])
async def test_and_says_so(talk, replies, client, field):
    endless = [paused(at, [search(at, "q")]) for at in range(1, 13)]
    async with talk(client, A, replies(False, *endless)) as on:
        heard = await raw(on, client)
    assert heard.headers["x-lunaroute-warnings"] == f"emulated {field}"
    assert heard.headers["x-lunaroute-attempts"] == "11"


@pytest.mark.parametrize("client", CLIENTS)
async def test_an_answer_without_anything_in_it_does_not_go_on(talk, replies, client, stream):
    async with talk(client, A, replies(stream, paused(1, []))) as on:
        heard = await on.ask(HI, stream=stream, **SEARCHING[client])
    assert heard.text is None or heard.text == ""
    assert len(on.server.requests) == 1


async def test_anthropics_own_clients_go_on_by_themselves(talk, replies, stream):
    tools = [{"type": "web_search_20250305", "name": "web_search"}]
    async with talk(A, A, replies(stream, *THREE)) as on:
        heard = await on.ask(HI, stream=stream, model="m", tools=tools)
    assert heard.answer.stop_reason == "pause_turn"
    assert len(on.server.requests) == 1


@pytest.mark.parametrize("client", CLIENTS)
async def test_how_it_ends_is_how_its_last_part_ends(talk, replies, client, stream):
    said = [paused(1, FIRST), message(2, [text("cut")], "max_tokens")]
    async with talk(client, A, replies(stream, *said)) as on:
        heard = await on.ask(HI, stream=stream, **SEARCHING[client])
    assert finish_of(heard, client) == ("length" if client == C else "incomplete")


async def test_an_operators_own_tools_may_pause_too(talk, replies, stream):
    tools = [{"type": "web_search_20250305", "name": "web_search"}]
    edits = {"request_body": {"defaults": {"tools": tools}, "prepend_messages": [HI[0]]}}
    async with talk(C, A, replies(stream, *THREE), **edits) as on:
        heard = await on.ask(HI, stream=stream)
    assert heard.text == "I look. One and two."
    assert [it["role"] for it in turns_of(on)] == ["user", "user", "assistant"]


# --- calls, reasoning and formats over all parts --------------------------------------------------


CALLING = [paused(1, FIRST), message(2, [*LAST, call(1, "add", a=1)], "tool_use")]


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("brings", ["all", "little"])
async def test_reasoning_of_all_parts_comes_back_with_the_results(
    talk, replies, tools_of, results_of, client, brings, stream
):
    """Sealed for clients that echo all of it, and kept for those that do not."""
    fields = {**SEARCHING[client]}
    fields["tools"] = [*tools_of(client), *fields.get("tools", [])]
    script = [*replies(stream, *CALLING), *replies(stream, message(3, [text("2")]))]
    async with talk(client, A, script) as on:
        heard = await on.ask(HI, stream=stream, **fields)
        assert heard.calls == [("toolu_1", "add", {"a": 1})]
        echo = heard.echo if brings == "all" else little(heard.echo, client)
        await on.ask([*HI, *echo, *results_of(client, [("toolu_1", "2")])], stream=stream, **fields)
    _, assistant, results = turns_of(on)
    thoughts = [it for it in assistant["content"] if "thinking" in it["type"]]
    assert thoughts == [FIRST[0], FIRST[1], LAST[1]]
    assert results["content"][0]["tool_use_id"] == "toolu_1"


def little(echo, client):
    """What programs bring that rebuild messages from text and calls."""
    if client == R:
        return [it for it in echo if it["type"] != "reasoning"]
    kept = ("role", "content", "tool_calls")
    return [{key: it for key, it in message.items() if key in kept} for message in echo]


async def test_calls_of_later_parts_have_the_clients_names(talk, replies, tools_of, stream):
    """Anthropic allows no dots in them."""
    fields = {**SEARCHING[C], "tools": tools_of(C, "math.add")}
    async with talk(C, A, replies(stream, message(1, [text("x")]))) as on:
        await on.ask(HI, stream=stream, **fields)
        name = on.sent()["tools"][0]["name"]
    said = [paused(1, FIRST), message(2, [*LAST, call(1, name, a=1)], "tool_use")]
    async with talk(C, A, replies(stream, *said)) as on:
        heard = await on.ask(HI, stream=stream, **fields)
    assert name != "math.add"
    assert heard.calls == [("toolu_1", "math.add", {"a": 1})]


async def test_a_format_is_that_of_the_whole_answer(talk, replies, stream):
    """Neither part is JSON by itself."""
    said = [paused(1, [text('{"a": '), search(1, "q")]), message(2, [found(1, "s"), text("1}")])]
    form = {"response_format": {"type": "json_object"}}
    async with talk(C, A, replies(stream, *said)) as on:
        heard = await on.ask(HI, stream=stream, **SEARCHING[C], **form)
    assert json.loads(heard.text) == {"a": 1}


async def test_a_stored_answer_holds_all_parts(talk, replies, stream):
    script = [*replies(stream, *THREE), *replies(stream, message(1, [text("4")]))]
    extra = {"stored_responses": {"enabled": True}}
    async with talk(R, A, script, gateway=extra) as on:
        heard = await on.ask(HI, stream=stream, **SEARCHING[R])
        await on.ask(HI, stream=stream, previous_response_id=heard.answer.id)
    said = [it for it in turns_of(on)[1]["content"] if it["type"] == "text"]
    assert [it["text"] for it in said] == ["I look. ", "One ", "and two."]


# --- errors, deadlines, clients that leave --------------------------------------------------------


@pytest.mark.parametrize("client", CLIENTS)
async def test_an_error_of_a_later_part_is_the_whole_answers(talk, replies, client):
    script = [*replies(False, paused(1, FIRST)), json_reply(529, OVERLOADED)]
    async with talk(client, A, script) as on:
        with pytest.raises(openai.InternalServerError, match="busy"):
            await on.ask(HI, **SEARCHING[client])
    assert len(on.server.requests) == 2


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("status", [429, 529])
async def test_a_stream_that_has_begun_ends_with_it(talk, replies, client, status):
    script = [*replies(True, paused(1, FIRST)), json_reply(status, OVERLOADED)]
    async with talk(client, A, script) as on:
        with pytest.raises(openai.APIError, match="busy"):
            await on.ask(HI, stream=True, **SEARCHING[client])


async def test_an_error_within_a_later_part_too(talk, replies, frames):
    broken = sse_reply([frames([*[*events(message(2, LAST))][:3], OVERLOADED])])
    async with talk(C, A, [*replies(True, paused(1, FIRST)), broken]) as on:
        with pytest.raises(openai.APIError, match="busy"):
            await on.ask(HI, stream=True, **SEARCHING[C])


@pytest.mark.parametrize("end", ["cut", "reset", "clean"])
async def test_a_later_part_that_breaks_off_never_looks_whole(talk, replies, frames, end):
    broken = sse_reply([frames([*events(message(2, LAST))][:5])], end=end)
    async with talk(C, A, [*replies(True, paused(1, FIRST)), broken]) as on:
        with pytest.raises(openai.APIError):
            await on.ask(HI, stream=True, **SEARCHING[C])


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_a_later_part_has_its_deadline(talk, replies, frames, stream):
    begun = sse_reply([frames(it) for it in ([], [*events(message(2, LAST))][:3])], end="hang")
    silent = begun if stream else json_reply(200, message(2, LAST), end="hang")
    script = [*replies(stream, paused(1, FIRST)), silent]
    limits = {"http_client": {"timeout_secs": 0.5, "idle_timeout_secs": None}}
    async with talk(C, A, script, **limits) as on, asyncio.timeout(20):
        started = asyncio.get_running_loop().time()
        with pytest.raises(openai.APIError, match="timed out: total"):
            await on.ask(HI, stream=stream, **SEARCHING[C])
        assert asyncio.get_running_loop().time() - started < 5
        await on.server.disconnected(on.server.requests[1].connection)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_a_client_that_leaves_ends_it(talk, replies, stream):
    script = [*replies(stream, paused(1, FIRST)), sse_reply([Hang()])]
    async with talk(C, A, script) as on, asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        asking = tasks.create_task(on.ask(HI, stream=stream, **SEARCHING[C]))
        await on.server.received(2)
        asking.cancel()
        await on.server.disconnected(on.server.requests[1].connection)


async def test_connections_are_given_back(talk, replies, stream):
    async with talk(C, A, replies(stream, *THREE)) as on:
        await on.ask(HI, stream=stream, **SEARCHING[C])
        assert on.server.open_connections == 1
    assert {it.connection for it in on.server.requests} == {1}


async def test_nothing_waits_for_what_comes_later(talk, frames):
    """What a part says is there before the next one is even asked for, or has said more."""
    first, second = asyncio.Event(), asyncio.Event()
    *one, stop, end = [*events(paused(1, FIRST))]
    start, *two = [*events(message(2, [text("and two.")]))]
    script = [
        sse_reply([frames(one), Pause(first), frames([stop, end])]),
        sse_reply([frames([start, *two[:2]]), Pause(second), frames(two[2:])]),
    ]
    texts = []
    async with talk(C, A, script) as on, asyncio.timeout(20):
        create = on.sdk.chat.completions.create
        call = {"model": "claude-sonnet-4-5", "messages": HI, **SEARCHING[C]}
        async for chunk in await create(**call, stream=True):
            texts += [it.delta.content for it in chunk.choices if it.delta.content]
            if "".join(texts) == "I look. ":
                first.set()
            if len(texts) == 3:
                second.set()
    assert "".join(texts) == "I look. and two."


@pytest.mark.parametrize("client", CLIENTS)
async def test_a_call_of_the_clients_is_its_turn(talk, replies, tools_of, client, stream):
    """A vendor takes no call without its result."""
    fields = {**SEARCHING[client]}
    fields["tools"] = [*tools_of(client), *fields.get("tools", [])]
    part = paused(1, [*FIRST[:5], call(1, "add", a=1)])
    async with talk(client, A, replies(stream, part)) as on:
        heard = await on.ask(HI, stream=stream, **fields)
        assert len(on.server.requests) == 1
    assert heard.calls


async def test_blank_texts_do_not_go_back(talk, replies, stream):
    """The vendor writes them, and refuses them."""
    part = paused(1, [text("\n\n"), search(1, "q"), found(1, "s"), text("I look.")])
    async with talk(C, A, replies(stream, part, message(2, [text("x")]))) as on:
        await on.ask(HI, stream=stream, **SEARCHING[C])
        content = on.sent()["messages"][-1]["content"]
    assert [it["text"] for it in content if it["type"] == "text"] == ["I look."]


@pytest.mark.parametrize("end", ["hang", "cut", "reset"])
async def test_a_part_is_whole_however_its_connection_ends(talk, replies, frames, end):
    script = [
        sse_reply([frames(events(paused(1, FIRST)))], end=end),
        *replies(True, message(2, [text("x")])),
    ]
    async with talk(C, A, script) as on, asyncio.timeout(20):
        heard = await on.ask(HI, stream=True, **SEARCHING[C])
    assert heard.text == "I look. x"
