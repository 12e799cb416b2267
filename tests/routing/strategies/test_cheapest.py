import json

import pytest

from lunaroute_core import Price
from lunaroute_core.testing import chat_request, wire_request
from lunaroute_core.token_estimate import estimate_tokens
from lunaroute_routing.strategies import Cheapest
from lunaroute_routing.strategies.cheapest import OUTPUT_TOKENS, expected_tokens

LONG, SHORT = "long words " * 10_000, "hi"


class Prices:
    """A PriceList that remembers what it was asked."""

    def __init__(self, **prices):
        self.prices = prices
        self.asked = []

    def price(self, provider, model):
        self.asked.append((provider, model))
        price = self.prices.get(provider)
        return None if price is None else Price(input=price[0], output=price[1])


def wired(text, **fields):
    messages = [{"role": "user", "content": text}]
    return wire_request(json.dumps({"model": "m", "messages": messages, **fields}).encode())


def names(strategy, offered, request):
    return [one.name for one in strategy.rank(offered, request)]


@pytest.mark.parametrize("request_of", [chat_request, wired])
@pytest.mark.parametrize(
    ("text", "order"), [(LONG, ["reader", "writer"]), (SHORT, ["writer", "reader"])]
)
def test_the_length_of_the_input_decides_between_input_and_output_prices(
    deployment, request_of, text, order
):
    offered = [deployment("writer", price=(10, 1)), deployment("reader", price=(1, 10))]
    assert names(Cheapest(), offered, request_of(text)) == order


def test_unpriced_is_last_and_not_free(deployment):
    offered = [deployment("unknown"), deployment("dear", price=(99, 99)), deployment("free")]
    strategy = Cheapest(prices=Prices(free=(0, 0)))
    request = chat_request()
    assert names(strategy, offered, request) == ["free", "dear", "unknown"]
    assert strategy.remark(offered[0], request).startswith("its price is not known")
    assert strategy.remark(offered[2], request) == "about $0.000000"


def test_people_are_told_what_it_would_cost(deployment):
    priced = deployment("a", price=(0, 2))
    assert Cheapest().remark(priced, chat_request()) == "about $0.001000"


def test_the_list_is_asked_for_the_model_that_the_deployment_would_be(deployment):
    prices = Prices(a=(1, 1))
    offered = [deployment("a", model="theirs"), deployment("b"), deployment("c", price=(1, 1))]
    Cheapest(prices=prices).rank(offered, chat_request(model="clients"))
    assert prices.asked == [("a", "theirs"), ("b", "clients")]


def test_a_targets_own_price_goes_before_the_list(deployment):
    offered = [deployment("a"), deployment("b", price=(1, 1))]
    assert names(Cheapest(prices=Prices(a=(2, 2), b=(9, 9))), offered, chat_request()) == ["b", "a"]


def test_equal_costs_stay_as_they_are_written(deployment):
    offered = [deployment(name, price=(1, 1)) for name in "bca"]
    assert names(Cheapest(), offered, chat_request()) == list("bca")


def test_a_body_is_measured_and_not_read(deployment):
    request = wire_request(b'{"model": "m", "messages": "no such thing"}')
    offered = [deployment("a", price=(2, 2)), deployment("b", price=(1, 1))]
    assert names(Cheapest(), offered, request) == ["b", "a"]


TEXTS = {
    "English": "The gateway sends each request to the provider that its rules name. ",
    "German": "Heute ist schönes Wetter, also gehen wir im Park spazieren. ",
    "Chinese": "今天天气很好我们去公园散步吧。",
    "Python": "    def rank(self, deployments):\n        return sorted(deployments, key=cost)\n",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_the_guess_is_as_near_as_the_documentation_says(text):
    body = {"model": "m", "messages": [{"role": "user", "content": text * 50}]}
    request = wire_request(json.dumps(body, ensure_ascii=False).encode())
    guessed, _ = expected_tokens(request)
    assert guessed == pytest.approx(estimate_tokens(request.normalized), rel=0.25)


def test_a_limit_below_the_usual_answer_is_believed():
    request = chat_request()
    assert expected_tokens(request)[1] == OUTPUT_TOKENS
    request.normalized.limits = type(request.normalized.limits)(max_output_tokens=32_000)
    assert expected_tokens(request)[1] == OUTPUT_TOKENS
    request.normalized.limits = type(request.normalized.limits)(max_output_tokens=10)
    assert expected_tokens(request)[1] == 10
