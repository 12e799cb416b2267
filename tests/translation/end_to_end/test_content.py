"""Pictures and documents, to the byte, in what is asked and in what tools answer."""

import base64
import json

import pytest

C, R, A = "openai_chat", "openai_responses", "anthropic_messages"
PNG = "iVBORw0KGgo="
PDF = base64.b64encode(b"%PDF-1.7 \xff\xfe made up").decode()
URL = "https://example.com/a.png"


def text(client, words):
    return {"type": "input_text" if client == R else "text", "text": words}


def picture(client, url):
    if client == C:
        return {"type": "image_url", "image_url": {"url": url}}
    if client == R:
        return {"type": "input_image", "image_url": url, "detail": "auto"}
    head, _, data = url.partition(";base64,")
    source = {"type": "base64", "media_type": head.removeprefix("data:"), "data": data}
    return {"type": "image", "source": source if data else {"type": "url", "url": url}}


def document(client):
    url = f"data:application/pdf;base64,{PDF}"
    if client == C:
        return {"type": "file", "file": {"filename": "made.pdf", "file_data": url}}
    if client == R:
        return {"type": "input_file", "filename": "made.pdf", "file_data": url}
    source = {"type": "base64", "media_type": "application/pdf", "data": PDF}
    return {"type": "document", "source": source, "title": "made.pdf"}


def asking(client, *parts):
    return [{"role": "user", "content": [text(client, "before"), *parts, text(client, "after")]}]


@pytest.mark.parametrize("url", [f"data:image/png;base64,{PNG}", URL], ids=["data", "url"])
async def test_a_picture(talk, reply, client, upstream, url):
    async with talk(client, upstream, reply(upstream, False, text="a dot")) as on:
        heard = await on.ask(asking(client, picture(client, url)))
    assert heard.text == "a dot"
    (turn,) = on.turns()
    given = {}
    if (client, upstream) == (R, C):
        given = {"image_url": {"url": url, "detail": "auto"}}
    assert turn["content"] == [
        text(upstream, "before"),
        {**picture(upstream, url), **given},
        text(upstream, "after"),
    ]


async def test_a_pdf(talk, reply, client, upstream):
    async with talk(client, upstream, reply(upstream, False, text="a page")) as on:
        heard = await on.ask(asking(client, document(client)))
    assert heard.text == "a page"
    (turn,) = on.turns()
    assert turn["content"] == [
        text(upstream, "before"),
        document(upstream),
        text(upstream, "after"),
    ]


async def test_a_picture_that_a_tool_answers_with(talk, reply, tools_of):
    """Natively where the upstream has that, after the results where it takes only text."""
    shown = picture(A, f"data:image/png;base64,{PNG}")
    use = {"type": "tool_use", "id": "call_1", "name": "add", "input": {"a": 1}}
    result = {"type": "tool_result", "tool_use_id": "call_1", "content": [text(A, "see"), shown]}
    history = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": [use, {**use, "id": "call_2"}]},
        {"role": "user", "content": [result, {**result, "tool_use_id": "call_2"}]},
    ]
    for upstream in (R, C):
        async with talk(A, upstream, reply(upstream, False, text="ok")) as on:
            await on.ask(history, tools=tools_of(A))
        assert json.dumps(on.turns()).count(PNG) == 2
        *_, last = on.turns()
        if upstream == C:
            assert last["role"] == "user"
            assert "call_2" in json.dumps(last["content"])
        else:
            assert last["output"][1]["image_url"].endswith(PNG)


async def test_a_picture_in_a_result_of_responses_is_anthropics(talk, reply, tools_of):
    call = {"type": "function_call", "call_id": "call_1", "name": "add", "arguments": "{}"}
    shown = picture(R, f"data:image/png;base64,{PNG}")
    result = {"type": "function_call_output", "call_id": "call_1", "output": [shown]}
    async with talk(R, A, reply(A, False, text="ok")) as on:
        await on.ask([{"role": "user", "content": "Hi"}, call, result], tools=tools_of(R))
    *_, last = on.turns()
    assert last["content"][0]["content"] == [picture(A, f"data:image/png;base64,{PNG}")]
