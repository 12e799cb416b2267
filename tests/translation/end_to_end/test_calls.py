"""Conversations that go well."""

import asyncio
import json
import ssl

import anthropic
import httpx2
import openai
import pytest

C, R, A = "openai_chat", "openai_responses", "anthropic_messages"
PATHS = {C: "/v1/chat/completions", R: "/v1/responses", A: "/v1/messages"}
KEYS = {C: "authorization", R: "authorization", A: "x-api-key"}
HI = [{"role": "user", "content": "Hi"}]


async def test_a_plain_call(talk, reply, client, upstream, stream):
    script = reply(upstream, stream, text="héllo wörld")
    async with talk(client, upstream, script) as on:
        heard = await on.ask(HI, stream=stream, model="some-model")
    assert (heard.text, heard.calls, heard.usage) == ("héllo wörld", [], (9, 5))
    (request,) = on.server.requests
    assert request.target == PATHS[upstream]
    assert request.header("content-type") == "application/json"
    assert "sk-upstream" in request.header(KEYS[upstream])
    assert "sk-client" not in str(request.headers)
    body = on.sent()
    assert body["model"] == "some-model"
    assert bool(body.get("stream")) is stream


async def test_a_conversation_of_several_turns(talk, reply, client, upstream, stream):
    """Each request begins with the bytes of the one before it."""
    script = [reply(upstream, stream, text=f"answer {n}") for n in range(3)]
    history = []
    async with talk(client, upstream, script) as on:
        for n in range(3):
            history.append({"role": "user", "content": f"question {n}"})
            history += (await on.ask(history, stream=stream)).echo
    turns = [on.turns(at) for at in range(3)]
    assert turns[2][:3] == turns[1]
    assert turns[1][:1] == turns[0]
    said = [json.dumps(turn) for turn in turns[2]]
    expected = ["question 0", "answer 0", "question 1", "answer 1", "question 2"]
    assert [words in turn for words, turn in zip(expected, said, strict=True)] == [True] * 5


async def test_a_system_prompt_arrives_as_one(talk, reply, client, upstream):
    prompt = {C: {}, R: {"instructions": "Be brief."}, A: {"system": "Be brief."}}[client]
    history = [{"role": "system", "content": "Be brief."}, *HI] if client == C else HI
    async with talk(client, upstream, reply(upstream, False, text="ok")) as on:
        await on.ask(history, **prompt)
    body = on.sent()
    if upstream == A:
        assert "Be brief." in json.dumps(body["system"])
        assert "Be brief." not in json.dumps(body["messages"])
    elif "instructions" in body:
        assert body["instructions"] == "Be brief."
    else:
        first = on.turns()[0]
        assert first["role"] in ("developer", "system")
        assert "Be brief." in json.dumps(first["content"])


async def test_what_was_dropped_is_told_in_a_header(talk, reply):
    async with talk(C, A, reply(A, False, text="ok")) as on:
        answer = await on.sdk.chat.completions.with_raw_response.create(
            model="claude-sonnet-4-0", messages=HI, seed=7, temperature=1.5
        )
    said = answer.headers["x-lunaroute-warnings"]
    assert said == "dropped seed, emulated temperature"


async def test_strict_translation_refuses_what_it_would_drop(talk):
    async with talk(C, A, [], translation="strict") as on:
        with pytest.raises(openai.BadRequestError) as refused:
            await on.ask(HI, seed=7)
    assert refused.value.param == "seed"
    assert on.server.requests == []


async def test_several_choices_are_refused_where_they_cannot_be_had(talk):
    for upstream in (A, R):
        async with talk(C, upstream, []) as on:
            with pytest.raises(openai.BadRequestError) as refused:
                await on.ask(HI, n=2)
        assert refused.value.param == "n"
        assert on.server.requests == []


def ask_at_once(client, url):
    """The same by the SDKs that are not asynchronous: what they say of a stream and of a count."""
    plain = httpx2.HTTPTransport(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    options = {"api_key": "sk", "max_retries": 0, "http_client": httpx2.Client(transport=plain)}
    if client == A:
        asked = {"model": "m", "max_tokens": 9, "messages": HI}
        sdk = anthropic.Anthropic(base_url=url, **options)
        with sdk, sdk.messages.stream(**asked) as stream:
            return stream.get_final_text()
    with openai.OpenAI(base_url=f"{url}/v1", **options) as sdk:
        if client == R:
            with sdk.responses.stream(model="m", input=HI) as stream:
                return stream.get_final_response().output_text
        with sdk.chat.completions.stream(model="m", messages=HI) as stream:
            return stream.get_final_completion().choices[0].message.content


async def test_sdks_that_are_not_asynchronous(talk, reply, client, upstream):
    async with talk(client, upstream, reply(upstream, True, text="héllo")) as on:
        assert await asyncio.to_thread(ask_at_once, client, on.url) == "héllo"


@pytest.mark.parametrize("upstream", [C, R])
async def test_tokens_are_estimated_where_the_vendor_counts_none(talk, upstream):
    async with talk(A, upstream, []) as on:
        words = "a word or two " * 100
        counted = await on.sdk.messages.count_tokens(
            model="gpt-4.1", messages=[{"role": "user", "content": words}]
        )
    assert 300 < counted.input_tokens < 600
    assert on.server.requests == []


async def test_more_is_not_asked_for_than_a_model_can_write(talk, reply, client, upstream):
    """Claude Code asks for 32,000 tokens of whatever model it is given."""
    asked = {C: "max_completion_tokens", R: "max_output_tokens", A: "max_tokens"}
    model = "claude-3-haiku-20240307" if upstream == A else "gpt-4o"
    name = "some-model"
    script = reply(upstream, False, text="ok")
    async with talk(client, upstream, script, models={name: model}) as on:
        await on.ask(HI, model=name, **{asked[client]: 20000})
    assert on.sent()[asked[upstream]] == (4096 if upstream == A else 16384)
