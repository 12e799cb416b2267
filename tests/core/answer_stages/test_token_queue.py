from hypothesis import given
from hypothesis import strategies as st

from lunaroute_core.answer_stages.token_queue import TokenQueue


def token(text):
    return {"token": text, "logprob": -1.0}


def test_a_token_waits_until_all_of_it_is_written():
    queue = TokenQueue()
    queue.add([token("ab"), token("c"), token("de")])
    assert queue.within(1) == []
    assert queue.within(2) == [token("ab"), token("c")]
    assert queue.within(1) == []
    assert queue.rest() == [token("de")]
    assert queue.rest() == []


@given(texts=st.lists(st.text(max_size=4)), cuts=st.lists(st.integers(0, 5)))
def test_every_token_is_let_go_once_and_in_order(texts, cuts):
    queue = TokenQueue()
    queue.add(map(token, texts))
    told = [it for cut in cuts for it in queue.within(cut)] + queue.rest()
    assert told == [*map(token, texts)]
