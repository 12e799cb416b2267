from pathlib import Path

import jsonschema
import pytest
import yaml

from lunaroute_server.config import config_schema
from lunaroute_server.config.schema import sections

EXAMPLES = sorted((Path(__file__).parents[3] / "examples" / "configs").glob("*.yaml"))


def errors(document):
    validator = jsonschema.Draft202012Validator(config_schema())
    return [error.message for error in validator.iter_errors(document)]


def test_it_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(config_schema())


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_it_admits_the_examples(path):
    assert errors(yaml.safe_load(path.read_text())) == []


@pytest.mark.parametrize(
    "document",
    [
        {"prot": 1},
        {"port": "x"},
        {"port": 70_000},
        {"providers": {"openai": {"tpye": "openai"}}},
        {"logging": {"level": "loud"}},
        {"limits": {"max_messages": 0}},
    ],
)
def test_it_refuses_what_loading_refuses(document):
    assert errors(document) != []


def test_it_admits_the_originals_spellings():
    provider = {"provider_type": "openai", "headers": {"X-A": "1"}, "timeout_secs": 5}
    assert errors({"providers": {"local": provider}}) == []
    assert errors({"providers": {"local": {"provider_type": "gemini"}}}) != []


def test_it_admits_every_way_to_write_a_rule():
    rules = [
        {"matcher": {"type": "model", "pattern": "^gpt-"}, "primary": "openai"},
        {"model_pattern": "^gpt-", "primary": {"id": "openai", "model": "gpt-5"}},
        {"match": {"model": ["a", "b"], "dialect": "openai"}, "fallbacks": ["openai/gpt-5"]},
    ]
    health = {"failure_window_secs": 60}
    assert errors({"routing": {"rules": rules, "health_monitor": health}}) == []
    assert errors({"routing": {"rules": [{"primary": 5}]}}) != []
    assert errors({"routing": {"rules": [{"match": {"tenant": "x"}}]}}) != []


def test_keys_carry_their_documentation():
    definitions = config_schema()["$defs"]
    assert definitions["Config"]["properties"]["port"]["description"].startswith("The port")
    for section in sections():
        assert definitions[section.__name__]["description"]
