import pytest

from lunaroute_server.config import config_from_mapping
from lunaroute_server.route_trial import RouteTrial


@pytest.fixture
def trial():
    """A trial of some routing rules over three simulated providers."""

    def make(**routing):
        providers = {name: {"type": "mock"} for name in ("first", "second", "third")}
        return RouteTrial.of(config_from_mapping({"providers": providers, "routing": routing}))

    return make
