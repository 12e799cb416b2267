import pytest

from lunaroute_ingress import ProviderStatus
from lunaroute_routing import ProviderSnapshot
from lunaroute_server.provider_statuses import provider_statuses


def snapshot(provider, **changes):
    fields = {
        "breaker": "closed",
        "breaker_secs": 0.0,
        "health": "unknown",
        "success_rate": None,
        "in_flight": 0,
        "cooldowns": (),
        "answer_seconds": 0.0,
        "content_seconds": 0.0,
    }
    return ProviderSnapshot(provider=provider, **{**fields, **changes})


def test_each_provider_has_its_health_and_breaker_in_the_order_of_names():
    snapshots = [snapshot("b", breaker="open"), snapshot("a", health="healthy", success_rate=1.0)]
    assert provider_statuses(["a", "b"], snapshots) == [
        ProviderStatus(name="a", status="healthy", success_rate=1.0, breaker="closed"),
        ProviderStatus(name="b", status="unknown", success_rate=None, breaker="open"),
    ]


@pytest.mark.parametrize("order", [1, -1])
def test_of_several_states_the_worst_counts(order):
    snapshots = [
        snapshot("a", health="degraded", success_rate=0.8, breaker="half_open"),
        snapshot("a", health="unknown"),
        snapshot("a", health="healthy", success_rate=0.96),
    ][::order]
    assert provider_statuses(["a"], snapshots) == [
        ProviderStatus(name="a", status="degraded", success_rate=0.8, breaker="half_open")
    ]


def test_of_a_provider_that_nobody_watches_there_is_only_the_name():
    assert provider_statuses(["a"], []) == [ProviderStatus(name="a")]
