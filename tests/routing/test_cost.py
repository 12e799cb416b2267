import pytest

from lunaroute_core import Price
from lunaroute_core.model import Usage
from lunaroute_core.testing import chat_request, text_response, wire_request
from lunaroute_routing import Target
from lunaroute_routing.cost import cost_of
from lunaroute_routing.events import AttemptEnded

PRICE = Price(input=1e6, output=2e6)
UNREADABLE = b'{"model": "m", "messages": "what only the vendor understands"}'


def test_what_the_upstream_counted_is_paid_for():
    usage = Usage(input_tokens=3, cache_read_tokens=1, output_tokens=2)
    assert cost_of(PRICE, usage, chat_request()) == 3 + 1 + 2 * 2


def test_without_its_word_the_input_is_estimated():
    assert cost_of(PRICE, None, chat_request()) >= 1


def test_of_a_request_that_cannot_be_read_it_is_not_known():
    assert cost_of(PRICE, None, wire_request(UNREADABLE)) is None


@pytest.mark.parametrize("body", [UNREADABLE, b'{"model": "m", "messages": []}'])
async def test_an_attempt_that_failed_costs_nothing_and_goes_on_elsewhere(
    bench, rule, failing, body
):
    bench.provider("a", failing("server"))
    bench.provider("b", text_response("from b"))
    router = bench.router(rule(Target(provider="a", price=PRICE), "b"))
    answer = await router.send(wire_request(body))
    assert answer.normalized.blocks[0].text == "from b"
    assert bench.of_type(AttemptEnded)[0].cost_usd is None
