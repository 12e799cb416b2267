import pytest

from lunaroute_server.config import Config, HttpClientConfig, HttpServerConfig, ProviderConfig
from lunaroute_server.config.annotations import annotation_at, field_types
from lunaroute_server.config.known_keys import LATER, SPELLINGS, is_switched_off, why_unknown
from lunaroute_server.config.routing_rule import MatchConfig


@pytest.mark.parametrize(
    ("section", "key", "reason"),
    [
        (Config, "prot", 'unknown key (did you mean "port"?)'),
        (HttpServerConfig, "tcp_nodlay", 'unknown key (did you mean "tcp_nodelay"?)'),
        (ProviderConfig, "provider_typ", 'unknown key (did you mean "provider_type"?)'),
        (Config, "xyzzy", "unknown key"),
        (Config, "session_recording", "is not supported by this version"),
        (MatchConfig, "tenant", "is not supported by this version"),
        (HttpClientConfig, "pool_max_idle_per_host", "is not supported by this version"),
        (Config, "server", 'unknown key: "host" and "port" stand at the top level'),
    ],
)
def test_says_why_a_key_is_unknown(section, key, reason):
    assert why_unknown(section, key) == reason


def test_a_later_versions_feature_may_be_switched_off():
    assert is_switched_off(Config, "session_recording", {"enabled": False, "sqlite": {}})
    assert not is_switched_off(Config, "session_recording", {"enabled": True})
    assert not is_switched_off(Config, "session_recording", {})
    assert not is_switched_off(Config, "session_recording", False)
    assert not is_switched_off(Config, "sesion_recording", {"enabled": False})


def test_a_later_key_is_taken_off_the_list_once_the_model_has_it():
    for section, keys in LATER.items():
        assert not keys & set(field_types(section))


def test_other_spellings_lead_to_keys_of_the_model():
    for section, spellings in SPELLINGS.items():
        for spelling, target in spellings.items():
            assert spelling not in field_types(section)
            assert annotation_at(section, target) is not None
