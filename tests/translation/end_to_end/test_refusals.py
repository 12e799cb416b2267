"""Answers that are none: a model that declines, and a vendor that stops it."""

import json

import pytest

from lunaroute_core.testing import json_reply, sse_reply

C, R, A = "openai_chat", "openai_responses", "anthropic_messages"
HI = [{"role": "user", "content": "Hi"}]
NO = "I cannot help with that."


def declined(vendors, upstream, stream):
    """A model's refusal in words, which only OpenAI's dialects have a place of their own for."""
    said = (vendors.stream if stream else vendors.whole)(upstream, text=NO)
    text = json.dumps(said)
    if upstream == C:
        text = text.replace(', "refusal": null', "").replace('"content": "', '"refusal": "')
        return json.loads(text.replace('"refusal": ""', '"content": ""'))
    for words, refusal in (
        ('"output_text"', '"refusal"'),
        ("response.output_text.", "response.refusal."),
        ('"text": ', '"refusal": '),
        (', "annotations": []', ""),
        (', "logprobs": []', ""),
    ):
        text = text.replace(words, refusal)
    return json.loads(text)


def sending(frames, said, stream):
    return sse_reply([frames(said)]) if stream else json_reply(200, said)


def refusal_of(heard, client):
    """What the program takes for a refusal."""
    if client == C:
        choice = heard.answer.choices[0]
        return choice.finish_reason, choice.message.refusal
    if client == R:
        (item,) = heard.answer.output
        return heard.answer.status, item.content[0].refusal
    return heard.answer.stop_reason, heard.text


@pytest.mark.parametrize(
    ("client", "upstream"), [(A, C), (A, R), (C, R), (R, C)], ids=lambda it: it
)
async def test_a_model_that_declines(talk, vendors, frames, client, upstream, stream):
    """The words are kept, and may be sent back."""
    script = [
        sending(frames, declined(vendors, upstream, stream), stream),
        sending(frames, (vendors.stream if stream else vendors.whole)(upstream, text="ok"), stream),
    ]
    async with talk(client, upstream, script) as on:
        heard = await on.ask(HI, stream=stream)
        await on.ask([*HI, *heard.echo, *HI], stream=stream)
    status = {C: "stop", R: "completed", A: "refusal"}[client]
    assert refusal_of(heard, client) == (status, NO)
    assert NO in json.dumps(on.turns())


async def test_a_vendor_that_stops_the_model(talk, reply, client, upstream, stream):
    script = reply(upstream, stream, text="partly", finish="content_filter")
    async with talk(client, upstream, script) as on:
        heard = await on.ask(HI, stream=stream)
    assert heard.text == "partly"
    answer = heard.answer
    if client == C:
        assert answer.choices[0].finish_reason == "content_filter"
    elif client == R:
        assert (answer.status, answer.incomplete_details.reason) == ("incomplete", "content_filter")
    else:
        assert answer.stop_reason == "refusal"


async def test_an_answer_that_is_too_long(talk, reply, client, upstream, stream):
    script = reply(upstream, stream, text="partly", finish="length")
    async with talk(client, upstream, script) as on:
        heard = await on.ask(HI, stream=stream)
    answer = heard.answer
    if client == C:
        assert answer.choices[0].finish_reason == "length"
    elif client == R:
        reason = answer.incomplete_details.reason
        assert (answer.status, reason) == ("incomplete", "max_output_tokens")
    else:
        assert answer.stop_reason == "max_tokens"
