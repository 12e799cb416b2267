from hypothesis import given
from hypothesis import strategies as st

from lunaroute_storage.expiry_queue import ExpiryQueue

KEYS = st.sampled_from("abcd")
TIMES = st.one_of(st.none(), st.integers(0, 20))


def test_keys_are_due_in_the_order_of_their_times_and_once():
    queue = ExpiryQueue()
    queue.put("late", 3)
    queue.put("early", 1)
    queue.put("later", 4)
    assert list(queue.due(3)) == ["early", "late"]
    assert list(queue.due(3)) == []
    assert list(queue.due(4)) == ["later"]


@given(puts=st.lists(st.tuples(KEYS, TIMES)), now=st.integers(0, 20))
def test_only_what_was_said_last_of_a_key_counts(puts, now):
    queue = ExpiryQueue()
    for key, time in puts:
        queue.put(key, time)
    expected = {key for key, time in dict(puts).items() if time is not None and time <= now}
    assert sorted(queue.due(now)) == sorted(expected)


def test_a_key_that_is_renewed_for_ever_takes_no_room_for_ever():
    queue = ExpiryQueue()
    queue.put("kept", 1e9)
    for time in range(1000):
        queue.put("renewed", 1000 + time)
    assert len(queue) < 30
    assert list(queue.due(1e9)) == ["renewed", "kept"]
