"""After a switch the turns of a tool loop stay where it has led."""

import msgspec
import pytest

from lunaroute_core.testing import text_response, wire_request
from lunaroute_routing import SwitchNotification

TOOL_USE = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "seen"}


def said(role, *blocks):
    return {"role": role, "content": list(blocks)}


ASKED = said("user", {"type": "text", "text": "look, please"})
CALLED = said("assistant", TOOL_USE)
ANSWERED = said("user", RESULT)
NEXT = said("user", {"type": "text", "text": "and now?"})


def request(*turns, session="s-1"):
    body = {"model": "claude-5", "max_tokens": 9, "messages": list(turns)}
    made = wire_request(msgspec.json.encode(body), dialect="anthropic_messages")
    made.context.session_id = session
    return made


@pytest.fixture
def router(bench, rule, failing):
    """The first provider is busy once."""
    bench.provider("a", failing("overloaded"), text_response())
    bench.provider("b")
    return bench.router(
        rule("a", "b"), notification=SwitchNotification(default_message="Now ${new_provider}.")
    )


async def test_the_loop_stays_and_the_next_message_goes_back(bench, router):
    await router.send(request(ASKED))
    assert bench.asked == {"a": 1, "b": 1}
    await router.send(request(ASKED, CALLED, ANSWERED))
    assert bench.asked == {"a": 1, "b": 2}
    await router.send(request(ASKED, CALLED, ANSWERED, CALLED, ANSWERED, NEXT))
    assert bench.asked == {"a": 2, "b": 2}


async def test_another_session_is_not_held(bench, router):
    await router.send(request(ASKED))
    await router.send(request(ASKED, CALLED, ANSWERED, session="s-2"))
    assert bench.asked == {"a": 2, "b": 1}


async def test_a_loop_without_a_switch_is_not_held(bench, router):
    await router.send(request(ASKED, session="s-2"))
    await router.send(request(ASKED, session="s-3"))
    await router.send(request(ASKED, CALLED, ANSWERED, session="s-3"))
    assert bench.asked == {"a": 3, "b": 1}


async def test_where_it_stays_may_fail_too(bench, rule, failing):
    bench.provider("a", failing("overloaded"), text_response())
    bench.provider("b", text_response(), failing("server"))
    router = bench.router(rule("a", "b"))
    await router.send(request(ASKED))
    answer = await router.send(request(ASKED, CALLED, ANSWERED))
    assert answer.provider == "a"
    assert bench.asked == {"a": 2, "b": 2}


async def test_the_user_is_told_once(bench, router):
    await router.send(request(ASKED))
    await router.send(request(ASKED, CALLED, ANSWERED))
    told = [b"Now b." in one.wire.body for one in bench.providers["b"].requests]
    assert told == [True, False]
    assert b"Now" not in bench.providers["a"].requests[0].wire.body
