from lunaroute_core import Price
from lunaroute_egress import ModelNames
from lunaroute_server.provider_prices import ProviderPrices


class Known:
    def __init__(self):
        self.asked = []

    def price(self, provider, model):
        self.asked.append((provider, model))
        return Price(input=1, output=2)


def test_a_price_is_asked_for_by_the_name_that_the_provider_has_for_a_model():
    known = Known()
    names = {"a": ModelNames(names={"small": "gpt-5-mini"}), "b": ModelNames(override="qwen")}
    prices = ProviderPrices(known=known, names=names)
    for provider, model in [("a", "small"), ("a", "gpt-5"), ("b", "small")]:
        assert prices.price(provider, model) == Price(input=1, output=2)
    assert known.asked == [("a", "gpt-5-mini"), ("a", "gpt-5"), ("b", "qwen")]
