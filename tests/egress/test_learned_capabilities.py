"""When an upstream is asked what its models accept, and what is made of the answer."""

import asyncio

import msgspec
import pytest

from lunaroute_core import UpstreamUnavailableError, WireResponse
from lunaroute_core.testing import FakeClock
from lunaroute_egress.learned_capabilities import LearnedCapabilities

HOUR = 3600


def listed(*models, dialect="anthropic_messages", content=None):
    """A list with names and the most tokens each can write."""
    data = [{"id": name, "max_tokens": most} for name, most in models]
    body = msgspec.json.encode({"data": data})
    return WireResponse(dialect=dialect, status=200, headers=(), body=body, content=content)


class Upstream:
    """Answers one list after the other, or fails; `asked` counts the questions."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = 0
        self.clock = FakeClock()
        self.learned = LearnedCapabilities(ask=self.ask, clock=self.clock)
        self.gate = asyncio.Event()
        self.gate.set()

    async def ask(self):
        self.asked += 1
        await self.gate.wait()
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        self.learned.read(answer)

    def most(self, model):
        return self.learned.of(model).get("max_output_tokens")


def unavailable():
    return UpstreamUnavailableError("refused", provider="p")


async def test_it_is_asked_once_and_again_when_that_is_old():
    upstream = Upstream(listed(("m", 1)), listed(("m", 2)))
    await upstream.learned.refresh()
    await upstream.learned.refresh()
    assert (upstream.asked, upstream.most("m")) == (1, 1)
    upstream.clock.advance(HOUR)
    await upstream.learned.refresh()
    assert (upstream.asked, upstream.most("m")) == (2, 2)


async def test_a_failure_says_nothing_and_is_tried_again_later():
    upstream = Upstream(unavailable(), listed(("m", 1)))
    await upstream.learned.refresh()
    upstream.clock.advance(599)
    await upstream.learned.refresh()
    assert (upstream.asked, upstream.learned.of("m")) == (1, {})
    upstream.clock.advance(1)
    await upstream.learned.refresh()
    assert (upstream.asked, upstream.most("m")) == (2, 1)


async def test_what_was_known_outlives_a_failure():
    upstream = Upstream(listed(("m", 1)), unavailable())
    await upstream.learned.refresh()
    upstream.clock.advance(HOUR)
    await upstream.learned.refresh()
    assert (upstream.asked, upstream.most("m")) == (2, 1)


async def test_an_upstream_that_is_silent_is_not_waited_for():
    upstream = Upstream()
    upstream.gate.clear()
    upstream.learned.deadline = 0.01
    await upstream.learned.refresh()
    await upstream.learned.refresh()
    assert upstream.asked == 1


async def test_requests_that_come_at_once_share_a_question():
    upstream = Upstream(listed(("m", 1)))
    upstream.gate.clear()
    async with asyncio.TaskGroup() as group:
        for _ in range(5):
            group.create_task(upstream.learned.refresh())
        await asyncio.sleep(0)
        upstream.gate.set()
    assert (upstream.asked, upstream.most("m")) == (1, 1)


async def test_who_knows_something_already_does_not_wait_for_others():
    upstream = Upstream(listed(("m", 1)), listed(("m", 2)))
    await upstream.learned.refresh()
    upstream.clock.advance(HOUR)
    upstream.gate.clear()
    async with asyncio.TaskGroup() as group:
        group.create_task(upstream.learned.refresh())
        await asyncio.sleep(0)
        await upstream.learned.refresh()
        assert (upstream.asked, upstream.most("m")) == (2, 1)
        upstream.gate.set()
    assert upstream.most("m") == 2


async def test_a_client_that_leaves_does_not_take_the_others_question_along():
    upstream = Upstream(listed(("m", 1)))
    upstream.gate.clear()
    async with asyncio.TaskGroup() as group:
        first = group.create_task(upstream.learned.refresh())
        await asyncio.sleep(0)
        group.create_task(upstream.learned.refresh())
        await asyncio.sleep(0)
        first.cancel()
        upstream.gate.set()
    assert (upstream.asked, upstream.most("m")) == (2, 1)


async def test_without_a_question_it_only_reads():
    learned = LearnedCapabilities()
    await learned.refresh()
    learned.read(listed(("a", 1)))
    learned.read(listed(("b", 2)))
    assert [learned.of(name)["max_output_tokens"] for name in "ab"] == [1, 2]


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b'{"data":[{"id":1}]}', b"\xff"])
def test_what_is_no_list_is_ignored(body):
    learned = LearnedCapabilities()
    learned.read(WireResponse(dialect="anthropic_messages", status=200, headers=(), body=body))
    assert learned.of("m") == {}


def test_the_decoded_content_is_read():
    plain = listed(("m", 1)).body
    learned = LearnedCapabilities()
    encoded = WireResponse(
        dialect="anthropic_messages", status=200, headers=(), body=b"\x1f\x8b", content=plain
    )
    learned.read(encoded)
    assert learned.of("m") == {"max_output_tokens": 1}


def test_lists_that_state_nothing_teach_nothing():
    learned = LearnedCapabilities()
    learned.read(listed(("gpt-5", 1), dialect="openai_chat"))
    assert learned.of("gpt-5") == {}


@pytest.mark.parametrize(
    ("asked", "most"),
    [
        ("claude-haiku-4-5-20251001", 1),
        ("claude-haiku-4-5", 2),
        ("claude-haiku-4-5-latest", 2),
        ("claude-haiku-4", None),
        ("claude-haiku-4-5-20240101", None),
        ("claude-opus-5", 3),
    ],
)
def test_a_name_without_a_date_is_the_newest_of_that_name(asked, most):
    learned = LearnedCapabilities()
    learned.read(
        listed(
            ("claude-haiku-4-5-20251001", 1),
            ("claude-haiku-4-5-20260101", 2),
            ("claude-opus-5", 3),
            ("claude-opus-5-20250101", 4),
        )
    )
    assert learned.of(asked).get("max_output_tokens") == most
