import socket
import threading
from datetime import UTC, date, datetime
from decimal import Decimal

import genai_prices
import pytest
from genai_prices import data_snapshot
from genai_prices.types import (
    ClauseStartsWith,
    ConditionalPrice,
    ModelInfo,
    ModelPrice,
    Provider,
    StartDateConstraint,
    Tier,
    TieredPrices,
)

from lunaroute_core import Price
from lunaroute_core.testing import FakeClock
from lunaroute_policy import GenAIPrices
from lunaroute_policy.prices import KEPT_PRICES, KEPT_SECS, LONGEST_NAME

EVE = datetime(2026, 5, 31, 23, 55, tzinfo=UTC).timestamp()


def dollars(number):
    return Decimal(str(number))


class Counted(ClauseStartsWith):
    """Counts how often models are looked for."""

    looked = 0

    def is_match(self, text):
        self.looked += 1
        return super().is_match(text)


@pytest.fixture
def matcher():
    return Counted("known")


@pytest.fixture
def snapshot(matcher):
    """The library with one vendor of our own in the place of its data."""
    models = [
        ModelInfo(
            "known", matcher, prices=ModelPrice(input_mtok=dollars(1), output_mtok=dollars(2))
        ),
        ModelInfo(
            "tiered",
            ClauseStartsWith("tiered"),
            prices=ModelPrice(
                input_mtok=TieredPrices(dollars(3), [Tier(200_000, dollars(6))]),
                output_mtok=dollars(15),
            ),
        ),
        ModelInfo(
            "rising",
            ClauseStartsWith("rising"),
            prices=[
                ConditionalPrice(prices=ModelPrice(input_mtok=dollars(1), output_mtok=dollars(1))),
                ConditionalPrice(
                    StartDateConstraint(date(2026, 6, 1)),
                    prices=ModelPrice(input_mtok=dollars(9), output_mtok=dollars(9)),
                ),
            ],
        ),
        ModelInfo("half", ClauseStartsWith("half"), prices=ModelPrice(input_mtok=dollars(1))),
        ModelInfo("none", ClauseStartsWith("none"), prices=ModelPrice()),
        ModelInfo(
            "free",
            ClauseStartsWith("free"),
            prices=ModelPrice(input_mtok=dollars(0), output_mtok=dollars(0)),
        ),
    ]
    vendor = Provider("vendor", "Vendor", r"https://api\.vendor\.test", models=models)
    data_snapshot.set_custom_snapshot(data_snapshot.DataSnapshot([vendor], from_auto_update=False))
    yield
    data_snapshot.set_custom_snapshot(None)


@pytest.fixture
def clock():
    return FakeClock(now=EVE)


@pytest.fixture
def prices(snapshot, clock):
    return GenAIPrices(
        {"mine": "https://api.vendor.test/v1", "local": "http://localhost"}, clock=clock
    )


@pytest.mark.parametrize(
    ("provider", "model"), [("openai", "gpt-4o"), ("anthropic", "claude-sonnet-4-5")]
)
def test_the_librarys_own_data_knows_the_usual_models(provider, model):
    price = GenAIPrices().price(provider, model)
    assert 0 < price.input < price.output < 100


def test_nothing_is_asked_of_the_network(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    before = threading.active_count()
    assert GenAIPrices().price("openai", "gpt-4o") is not None
    assert threading.active_count() == before


def test_a_price_says_where_it_is_from(prices):
    quote = prices.quote("vendor", "known-2026")
    assert quote.price == Price(input=1.0, output=2.0)
    assert quote.source == f"genai-prices {genai_prices.__version__}: vendor/known"


@pytest.mark.parametrize(
    ("provider", "known"),
    [("vendor", True), ("mine", True), ("local", False), ("vendor-2", False), ("", False)],
)
def test_providers_are_known_by_address_or_by_exact_name(prices, provider, known):
    assert (prices.price(provider, "known") is not None) is known


@pytest.mark.parametrize("model", ["unheard-of", "half", "none", "", "known" * LONGEST_NAME])
def test_unknown_is_none_and_never_nought(prices, model):
    assert prices.price("vendor", model) is None


def test_what_is_known_to_be_free_is(prices):
    assert prices.price("vendor", "free") == Price(input=0.0, output=0.0)


def test_of_prices_by_length_the_first_is_taken(prices):
    assert prices.price("vendor", "tiered") == Price(input=3.0, output=15.0)


def test_a_new_price_is_noticed_when_its_day_comes(prices, clock):
    assert prices.price("vendor", "rising").input == 1.0
    clock.now = EVE + KEPT_SECS
    assert prices.price("vendor", "rising").input == 9.0


def test_a_price_is_looked_up_once_in_a_while(prices, clock, matcher):
    for _ in range(9):
        prices.price("vendor", "known")
        prices.price("vendor", "unheard-of")
    assert matcher.looked == 2
    clock.now += KEPT_SECS
    prices.price("vendor", "known")
    assert matcher.looked == 3


def test_names_that_clients_make_up_are_not_kept_for_ever(prices):
    for number in range(3 * KEPT_PRICES):
        prices.price("vendor", f"known-{number}")
    assert len(prices._kept) <= KEPT_PRICES
    assert not data_snapshot.get_snapshot()._lookup_cache
