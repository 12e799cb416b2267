import asyncio
from contextlib import suppress

import pytest

from lunaroute_routing.race import Race


@pytest.fixture
def discarded():
    return []


@pytest.fixture
def race(discarded):
    async def discard(result):
        discarded.append(result)

    return Race(decided=lambda: None, discard=discard)


def answering(result, *, turns=0):
    async def run():
        for _ in range(turns):
            await asyncio.sleep(0)
        if isinstance(result, Exception):
            raise result
        return result

    return run


async def never():
    await asyncio.Event().wait()


async def stubborn():
    """Answers instead of being cancelled."""
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        return "stubborn"


async def test_the_first_result_counts_and_the_other_is_cancelled(race, discarded):
    assert await race.run(never, after=0, second=lambda: answering("b")) == "b"
    assert discarded == []


async def test_a_quick_one_is_alone(race):
    called = []
    assert await race.run(answering("a"), after=60, second=lambda: called.append(1)) == "a"
    assert called == []


async def test_there_may_be_no_second(race):
    assert await race.run(answering("a", turns=3), after=0, second=lambda: None) == "a"


async def test_one_without_a_result_leaves_it_to_the_other(race):
    assert await race.run(answering("a", turns=5), after=0, second=lambda: answering(None)) == "a"


async def test_two_without_a_result_have_none(race):
    assert await race.run(answering(None, turns=3), after=0, second=lambda: answering(None)) is None


async def test_any_exception_ends_it_as_it_is(race):
    """A group of tasks would wrap it."""
    with pytest.raises(KeyError):
        await race.run(never, after=0, second=lambda: answering(KeyError("b")))


async def test_of_two_at_once_the_one_that_was_asked_first_wins(race, discarded):
    both_asked = asyncio.Event()

    async def then(result):
        await both_asked.wait()
        return result

    def second():
        asyncio.get_running_loop().call_later(0.001, both_asked.set)
        return lambda: then("b")

    assert await race.run(lambda: then("a"), after=0, second=second) == "a"
    assert discarded == ["b"]


async def test_a_loser_that_answers_all_the_same_is_not_forgotten(race, discarded):
    assert await race.run(stubborn, after=0, second=lambda: answering("b")) == "b"
    assert discarded == ["stubborn"]


@pytest.mark.parametrize("turns", range(12))
@pytest.mark.parametrize("first", [stubborn, answering(KeyError("a"), turns=4), never])
async def test_whoever_leaves_leaves_no_result_behind(turns, first):
    discarded = []

    async def discard(result):
        discarded.append(result)
        await asyncio.sleep(0)

    given = []

    async def answer():
        await asyncio.sleep(0)
        given.append("b")
        return "b"

    async def run():
        race = Race(decided=lambda: None, discard=discard)
        heard.append(await race.run(first, after=0, second=lambda: answer))

    heard = []
    with suppress(ExceptionGroup):
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(run())
            for _ in range(turns):
                await asyncio.sleep(0)
            running.cancel()
    assert heard == ["b"] or set(given) <= set(discarded)


async def test_all_late_results_are_let_go_although_one_cannot_be(discarded):
    async def discard(result):
        discarded.append(result)
        raise KeyError(result)

    race = Race(decided=lambda: None, discard=discard)
    with pytest.raises(KeyError):
        await race.run(stubborn, after=0, second=lambda: answering("b"))
    assert set(discarded) == {"stubborn", "b"}
