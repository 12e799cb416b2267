import json

import msgspec

from lunaroute_server.config import Config, config_from_mapping, effective, redacted
from lunaroute_server.config.redaction import MASK

CANARIES = {
    "providers": {
        "openai": {
            "api_key": "canary-1",
            "api_keys": ["canary-2", "canary-3"],
            "request_headers": {
                "Authorization": "canary-4",
                "X-Api-Key": "canary-5",
                "X-Auth-Token": "canary-6",
                "Cookie": "canary-7",
                "X-Plain": "Bearer canary-8",
                "X-Other": "sk-canary-9",
                "X-Team": "blue",
            },
            "request_body": {
                "overrides": {"user": "me", "max_tokens": 5, "proxy": {"secret": "canary-10"}},
                "defaults": {"list": ["sk-canary-11"]},
            },
        }
    },
    "routing": {
        "rules": [
            {"match": {"headers": {"authorization": "canary-13", "x-team": "blue"}}, "alias": "a"},
            {"match": {"headers": {"x-any": "^Bearer canary-14"}}, "alias": "a"},
        ],
        "aliases": {"a": {"primary": "openai"}},
    },
    "state": {"secret": "canary-12 and twenty-two more characters"},
}


def test_no_secret_is_shown():
    shown = redacted(config_from_mapping(CANARIES))
    assert "canary" not in json.dumps(shown)


def test_what_is_no_secret_is_shown():
    provider = redacted(config_from_mapping(CANARIES))["providers"]["openai"]
    assert provider["api_key"] == MASK
    assert provider["api_keys"] == [MASK, MASK]
    assert provider["request_headers"]["X-Team"] == "blue"
    assert provider["request_body"]["overrides"] == {
        "user": "me",
        "max_tokens": 5,
        "proxy": {"secret": MASK},
    }


def test_a_rule_is_shown_but_for_what_it_wants_of_secret_headers():
    rules = redacted(config_from_mapping(CANARIES))["routing"]["rules"]
    assert rules[0]["match"]["headers"] == {"authorization": MASK, "x-team": "blue"}


def test_an_absent_key_is_shown_as_absent():
    provider = redacted(Config())["providers"]["openai"]
    assert (provider["api_key"], provider["api_keys"]) == (None, [])


def test_what_is_shown_is_json_and_a_configuration_again():
    shown = json.loads(json.dumps(redacted(Config())))
    assert msgspec.convert(shown, Config) == Config()


def test_every_value_in_effect_has_its_origin(load):
    loaded = load("port: 9000\n", environment={"OPENAI_API_KEY": "sk-canary"})
    settings = {each.path: (each.value, str(each.origin)) for each in effective(loaded)}
    assert settings["port"] == (9000, f"file {loaded.path}:1")
    assert settings["host"] == ("127.0.0.1", "default")
    assert settings["providers.openai.api_key"] == (MASK, "environment OPENAI_API_KEY")
    assert settings["http_server.allowed_hosts"] == ([], "default")
    assert "logging" not in settings
