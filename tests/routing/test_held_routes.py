"""Sessions that stay where they went, while tools are called."""

import json

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from lunaroute_core import ModelRequest, Operation
from lunaroute_core.testing import FakeClock, chat_request, wire_request
from lunaroute_routing.held_routes import Held, HeldRoutes

HELD = Held(rule="cheap", deployment="azure/gpt-5")
USER = {"role": "user", "content": "hi"}
RESULT = {"role": "tool", "tool_call_id": "c", "content": "ok"}


@pytest.fixture
def clock():
    return FakeClock(now=100.0)


@pytest.fixture
def routes(clock):
    return HeldRoutes(clock=clock, max_sessions=3, seconds=60.0)


def request_of(session_id, *messages):
    request = wire_request(json.dumps({"model": "m", "messages": messages}).encode())
    request.context.session_id = session_id
    return request


def in_loop(session_id="s"):
    return request_of(session_id, USER, RESULT)


def test_a_session_is_held_over_its_tool_loop(routes):
    routes.hold("s", "cheap", "azure/gpt-5")
    assert [routes.held(in_loop()) for _ in range(3)] == [HELD] * 3


def test_the_users_next_message_ends_it_for_good(routes):
    routes.hold("s", "cheap", "azure/gpt-5")
    assert routes.held(request_of("s", USER, RESULT, USER)) is None
    assert routes.held(in_loop()) is None
    assert len(routes) == 0


def test_other_sessions_and_those_without_an_id_are_not_held(routes):
    routes.hold("s", "cheap", "azure/gpt-5")
    routes.hold(None, "cheap", "azure/gpt-5")
    assert routes.held(in_loop("t")) is None
    assert routes.held(in_loop(None)) is None
    assert len(routes) == 1


def test_a_later_decision_replaces_the_earlier(routes):
    routes.hold("s", "cheap", "azure/gpt-5")
    routes.hold("s", "other", "mock")
    assert routes.held(in_loop()) == Held(rule="other", deployment="mock")
    assert len(routes) == 1


def test_the_time_counts_from_the_sessions_last_request(routes, clock):
    routes.hold("s", "cheap", "azure/gpt-5")
    clock.advance(59)
    assert routes.held(in_loop()) == HELD
    clock.advance(59)
    assert routes.held(in_loop()) == HELD
    clock.advance(60)
    assert routes.held(in_loop()) is None
    assert len(routes) == 0


def test_those_whose_time_is_up_make_room_by_themselves(routes, clock):
    routes.hold("s", "cheap", "azure/gpt-5")
    clock.advance(30)
    routes.hold("t", "cheap", "azure/gpt-5")
    clock.advance(30)
    routes.hold("u", "cheap", "azure/gpt-5")
    assert len(routes) == 2


def test_beyond_its_size_it_forgets_what_was_asked_for_longest_ago(routes):
    for session in "abc":
        routes.hold(session, "cheap", "azure/gpt-5")
    routes.held(in_loop("a"))
    routes.hold("d", "cheap", "azure/gpt-5")
    assert [routes.held(in_loop(it)) is not None for it in "abcd"] == [True, False, True, True]


def test_only_the_body_of_a_held_session_is_looked_into(routes, monkeypatch):
    looked = []
    monkeypatch.setattr(ModelRequest, "continues_tool_loop", property(looked.append))
    assert routes.held(in_loop()) is None
    routes.hold("s", "cheap", "azure/gpt-5")
    request = in_loop()
    assert routes.held(request) is None
    assert looked == [request]


def test_a_body_that_cannot_be_read_is_not_held_and_no_error(routes):
    """What is wrong with it, the vendor says."""
    unreadable = wire_request(b'{"model":"m","messages":5}')
    unreadable.context.session_id = "s"
    routes.hold("s", "cheap", "azure/gpt-5")
    assert routes.held(unreadable) is None


@pytest.mark.parametrize("operation", [Operation.COUNT_TOKENS, Operation.FORWARD])
def test_what_asks_for_no_answer_is_not_held_and_ends_nothing(routes, operation):
    """Claude Code counts tokens of single messages meanwhile; a file is no conversation."""
    routes.hold("s", "cheap", "azure/gpt-5")
    other = evolve(request_of("s", USER), operation=operation).with_wire_body(b"\x00")
    assert routes.held(other) is None
    assert routes.held(in_loop()) == HELD


def test_a_request_without_bytes_is_understood_too(routes):
    request = chat_request("hi")
    request.context.session_id = "s"
    routes.hold("s", "cheap", "azure/gpt-5")
    assert routes.held(request) is None
    routes.hold("s", "cheap", "azure/gpt-5")
    request.normalized.turns[0].role = "tool"
    assert routes.held(request) == HELD


@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from("abcde"),
            st.sampled_from(["hold", "loop", "message"]),
            st.sampled_from([0.0, 1.0, 30.0, 61.0]),
        )
    )
)
def test_it_is_bounded_and_holds_nobody_beyond_its_time(steps):
    clock = FakeClock()
    routes = HeldRoutes(clock=clock, max_sessions=3, seconds=60.0)
    last = {}
    for session, step, seconds in steps:
        clock.advance(seconds)
        if step == "hold":
            routes.hold(session, "cheap", "azure/gpt-5")
            last[session] = clock.now
        elif step == "message":
            assert routes.held(request_of(session, USER)) is None
            last.pop(session, None)
        elif routes.held(in_loop(session)) is not None:
            assert clock.now - last[session] < 60.0
            last[session] = clock.now
        assert len(routes) <= 3


def test_a_look_changes_nothing(routes, clock):
    routes.hold("s", "cheap", "azure/gpt-5")
    clock.advance(30)
    assert routes.of(in_loop()) == HELD
    assert routes.of(in_loop("t")) is None
    clock.advance(30)
    assert routes.of(in_loop()) is None  # the look before was no request that keeps it
    assert len(routes) == 1
