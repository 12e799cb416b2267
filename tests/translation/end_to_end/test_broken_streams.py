"""Streams that go wrong never look whole, and say so in the client's own way."""

import anthropic
import openai
import pytest

from lunaroute_core.testing import sse_reply

C, R, A = "openai_chat", "openai_responses", "anthropic_messages"
MODEL = "some-model"
HI = [{"role": "user", "content": "Hi"}]


def said_inside(upstream):
    """How a vendor says in a stream that it is overloaded."""
    if upstream == A:
        return {"type": "error", "error": {"type": "overloaded_error", "message": "broke"}}
    if upstream == C:
        code = "server_is_overloaded"
        error = {"message": "broke", "type": "server_error", "param": None, "code": code}
        return {"error": error}
    return {
        "type": "error",
        "sequence_number": 9,
        "code": "server_is_overloaded",
        "message": "broke",
        "param": None,
    }


def begun(vendors, upstream):
    """A stream up to its first text."""
    events = vendors.stream(upstream, text="hello")
    texts = ("content_block_delta", "response.output_text.delta")
    for at, event in enumerate(events):
        said = event.get("choices") and event["choices"][0]["delta"].get("content")
        if said or event.get("type") in texts:
            return events[: at + 1]
    raise AssertionError(events)


async def failing_stream(client, sdk):
    """The texts that a program got before its stream failed, and how that showed."""
    texts = []
    try:
        if client == C:
            events = await sdk.chat.completions.create(model=MODEL, messages=HI, stream=True)
            async for event in events:
                (choice,) = event.choices
                texts.append(choice.delta.content or "")
        elif client == A:
            events = await sdk.messages.create(model=MODEL, max_tokens=9, messages=HI, stream=True)
            async for event in events:
                if event.type == "content_block_delta":
                    texts.append(event.delta.text)
                assert event.type != "message_stop"
        else:
            events = await sdk.responses.create(model=MODEL, input=HI, stream=True)
            async for event in events:
                assert event.type != "response.completed"
                if event.type == "response.output_text.delta":
                    texts.append(event.delta)
                if event.type == "response.failed":
                    return "".join(texts), event.response.error
    except (openai.APIError, anthropic.APIError) as error:
        return "".join(texts), error
    return "".join(texts), None


async def test_an_error_in_a_stream_is_the_clients_own(talk, vendors, frames, client, upstream):
    wire = [frames(begun(vendors, upstream)), frames([said_inside(upstream)])]
    script = sse_reply(wire)
    async with talk(client, upstream, script) as on:
        text, error = await failing_stream(client, on.sdk)
    assert "broke" in error.message
    assert "hello".startswith(text)
    if client == A:
        assert error.type == "overloaded_error"


@pytest.mark.parametrize("end", ["clean", "cut", "reset"])
async def test_a_stream_that_ends_early_never_looks_whole(
    talk, vendors, frames, client, upstream, end
):
    script = sse_reply([frames(begun(vendors, upstream))], end=end)
    async with talk(client, upstream, script) as on:
        text, error = await failing_stream(client, on.sdk)
    assert text == "hel"
    assert error is not None
    assert error.message


async def test_an_error_before_the_first_event_has_a_status(talk, frames, client, upstream):
    """Nothing has been said yet, so the client gets an answer and no stream."""
    script = sse_reply([frames([said_inside(upstream)])])
    expected = (anthropic.OverloadedError,) if client == A else (openai.InternalServerError,)
    async with talk(client, upstream, script) as on:
        with pytest.raises(expected):
            await on.ask(HI, stream=True)


async def test_a_stream_of_something_else_never_looks_whole(talk, client, upstream):
    script = sse_reply([b"data: {}\n\n", b"data: hello\n\n"])
    async with talk(client, upstream, script) as on:
        text, error = await failing_stream(client, on.sdk)
    assert text == ""
    assert error.message
