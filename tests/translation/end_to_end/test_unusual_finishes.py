"""Answers that end for a reason that only Responses has a word for."""

import pytest

from lunaroute_core.testing import json_reply, sse_reply

C, R, A = "openai_chat", "openai_responses", "anthropic_messages"
HI = [{"role": "user", "content": "Hi"}]
WORDS = ["steered", "max_messages"]


@pytest.fixture
def cut_short(vendors, frames):
    """`cut_short(stream, word)`: a reply that is incomplete for a reason."""

    def ended(response, word):
        return {**response, "status": "incomplete", "incomplete_details": {"reason": word}}

    def make(stream, word):
        if not stream:
            return json_reply(200, ended(vendors.whole(R, text="Hi"), word))
        *events, last = vendors.stream(R, text="Hi")
        last = {**last, "type": "response.incomplete", "response": ended(last["response"], word)}
        return sse_reply([frames([*events, last])])

    return make


@pytest.mark.parametrize("word", WORDS)
async def test_anthropics_clients_are_warned_that_it_only_looks_like_the_end(
    talk, cut_short, word, stream
):
    async with talk(A, R, cut_short(stream, word)) as on:
        heard = await on.ask(HI, stream=stream)
        assert (heard.text, heard.answer.stop_reason) == ("Hi", "end_turn")
        if not stream:  # whose headers are gone by then
            create = on.sdk.messages.with_raw_response.create
            answer = await create(model="m", max_tokens=99, messages=HI)
            assert answer.headers["x-lunaroute-warnings"] == "dropped stop_reason"


@pytest.mark.parametrize("word", WORDS)
async def test_chats_clients_find_the_word_beside_chats_own(talk, cut_short, word, stream):
    async with talk(C, R, cut_short(stream, word)) as on:
        create = on.sdk.chat.completions.create
        answer = await create(model="gpt-4.1", messages=HI, stream=stream)
        said = [it async for it in answer if it.choices][-1] if stream else answer
    (choice,) = said.choices
    assert choice.finish_reason == "stop"
    assert choice.to_dict(warnings=False)["native_finish_reason"] == word


@pytest.mark.parametrize("word", WORDS)
async def test_responses_has_the_word(talk, cut_short, word, stream):
    async with talk(R, R, cut_short(stream, word)) as on:
        heard = await on.ask(HI, stream=stream)
    assert heard.answer.incomplete_details.reason == word
