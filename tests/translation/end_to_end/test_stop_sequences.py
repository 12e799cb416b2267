"""Stop sequences: the vendor's where it has them, the gateway's own where it has not."""

import asyncio
import json

import pytest

from lunaroute_core.testing import Hang, Pause, json_reply, sse_reply

C, R, A = "openai_chat", "openai_responses", "anthropic_messages"
HI = [{"role": "user", "content": "Hi"}]


def stopping(client, *words):
    return {"stop" if client == C else "stop_sequences": list(words)}


@pytest.mark.parametrize(("client", "upstream"), [(C, A), (A, C)])
async def test_the_vendors_own(talk, vendors, frames, client, upstream, stream):
    said = (vendors.stream if stream else vendors.whole)(upstream, text="one two ")
    if upstream == A:
        ends = '"stop_reason": "stop_sequence", "stop_sequence": "three"'
        text = json.dumps(said).replace('"stop_reason": "end_turn", "stop_sequence": null', ends)
        said = json.loads(
            text.replace(
                '"stop_sequence": null, "usage": {"input_tokens"', '"usage": {"input_tokens"'
            )
        )
    script = sse_reply([frames(said)]) if stream else json_reply(200, said)
    async with talk(client, upstream, script) as on:
        heard = await on.ask(HI, stream=stream, **stopping(client, "three", "four"))
    assert heard.text == "one two "
    assert on.sent()["stop_sequences" if upstream == A else "stop"] == ["three", "four"]
    if client == C:
        assert heard.answer.choices[0].finish_reason == "stop"
    else:
        assert heard.answer.stop_reason == "end_turn"


def ending(heard, client):
    if client == C:
        return heard.answer.choices[0].finish_reason, None
    return heard.answer.stop_reason, heard.answer.stop_sequence


@pytest.mark.parametrize("client", [C, A])
async def test_the_gateways_own(talk, reply, client, stream):
    """Responses knows no stop sequences."""
    script = reply(R, stream, text="one two three four")
    async with talk(client, R, script) as on:
        heard = await on.ask(HI, stream=stream, **stopping(client, "three", "four"))
    assert heard.text == "one two "
    assert ending(heard, client) == (("stop", None) if client == C else ("stop_sequence", "three"))
    assert "stop" not in json.dumps(on.sent())


@pytest.mark.parametrize("client", [C, A])
async def test_an_upstream_is_not_listened_to_any_longer(talk, vendors, frames, client):
    """It would go on for ever; its connection is closed at the match."""
    events = vendors.stream(R, text="one two three", cuts=[1])
    (last,) = [at for at, it in enumerate(events) if it["type"] == "response.output_text.done"]
    script = sse_reply([frames(events[:last]), Hang()])
    async with talk(client, R, script) as on, asyncio.timeout(20):
        heard = await on.ask(HI, stream=True, **stopping(client, "three"))
        await on.server.disconnected(1)
    assert heard.text == "one two "


async def test_what_cannot_become_a_match_is_not_held_back(talk, vendors, frames):
    """Nothing waits that need not: the program has it before the upstream says more."""
    heard = asyncio.Event()
    events = vendors.stream(R, text="one two th", cuts=[10])
    (delta,) = [at for at, it in enumerate(events) if it["type"] == "response.output_text.delta"]
    script = sse_reply([frames(events[: delta + 1]), Pause(heard), frames(events[delta + 1 :])])
    texts = []
    async with (
        talk(A, R, script) as on,
        asyncio.timeout(20),
        on.sdk.messages.stream(
            model="m", max_tokens=9, messages=HI, stop_sequences=["three"]
        ) as stream,
    ):
        async for text in stream.text_stream:
            texts.append(text)
            heard.set()
        final = await stream.get_final_message()
    assert texts[0] == "one two "
    assert "".join(texts) == "one two th"
    assert final.stop_reason == "end_turn"


async def test_more_than_the_vendor_takes(talk, reply, stream):
    """Chat takes four."""
    words = ["a1", "b1", "c1", "d1", "three"]
    async with talk(A, C, reply(C, stream, text="one two three four")) as on:
        heard = await on.ask(HI, stream=stream, stop_sequences=words)
    assert heard.text == "one two "
    assert ending(heard, A) == ("stop_sequence", "three")


async def test_a_model_that_takes_none(talk, reply, stream):
    async with talk(A, C, reply(C, stream, text="one two three four")) as on:
        heard = await on.ask(HI, stream=stream, model="gpt-5.5", stop_sequences=["three"])
    assert heard.text == "one two "
    assert "stop" not in on.sent()
