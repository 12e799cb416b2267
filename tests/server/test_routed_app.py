"""What a configuration's routing does for clients over HTTP."""

import pytest
from starlette.testclient import TestClient

from lunaroute_server import Gateway, create_app
from lunaroute_server.config import config_from_mapping

HI = [{"role": "user", "content": "hi"}]
FAILING = {"type": "mock", "mock": {"error_rate": 1, "retry_after": None}}


@pytest.fixture
def serving():
    """Serves a configuration of simulated providers; gives a client that talks to it."""
    opened = []

    def serve(routing, **providers):
        providers = {name: {"type": "mock", **more} for name, more in providers.items()}
        config = config_from_mapping({"providers": providers, "routing": routing})
        client = TestClient(create_app(Gateway.from_config(config)), base_url="http://localhost")
        opened.append(client.__enter__())
        return client

    yield serve
    for client in opened:
        client.__exit__(None, None, None)


def provider_of(client, path="/v1/chat/completions", *, headers=None, **fields):
    body = {"model": "echo", "messages": HI, "max_tokens": 16, **fields}
    answer = client.post(path, json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.headers["x-lunaroute-provider"]


@pytest.mark.parametrize(
    ("match", "hit", "miss"),
    [
        ({"dialect": "anthropic"}, {"path": "/v1/messages"}, {}),
        ({"model": "text"}, {"model": "text"}, {"model": "echo"}),
        ({"model_glob": "t*"}, {"model": "text"}, {"model": "echo"}),
        ({"model_pattern": "^te"}, {"model": "text"}, {"model": "echo"}),
        (
            {"headers": {"X-Team": "^blue$"}},
            {"headers": {"x-team": "blue"}},
            {"headers": {"x-team": "bluer"}},
        ),
        (
            {"query": {"lane": "2"}},
            {"path": "/v1/chat/completions?lane=2"},
            {"path": "/v1/chat/completions?lane=3"},
        ),
        ({"path": "/v1/chat"}, {}, {"path": "/v1/messages"}),
        ({"stream": True}, {"stream": True}, {"stream": False}),
        (
            {"min_input_tokens": 500},
            {"messages": [{"role": "user", "content": "word " * 2000}]},
            {},
        ),
        (
            {"max_input_tokens": 500},
            {},
            {"messages": [{"role": "user", "content": "word " * 2000}]},
        ),
        (
            {"has_tools": True},
            {
                "tools": [
                    {
                        "type": "function",
                        "function": {"name": "f", "parameters": {"type": "object"}},
                    }
                ]
            },
            {},
        ),
    ],
)
def test_a_rule_takes_what_it_says(serving, match, hit, miss):
    client = serving({"rules": [{"match": match, "primary": "special"}]}, usual={}, special={})
    assert provider_of(client, **hit) == "special"
    assert provider_of(client, **miss) == "usual"


def test_an_alias_is_listed_and_leads_to_its_target(serving):
    aliases = {"fast": {"primary": "second/echo"}}
    client = serving({"aliases": aliases}, first={}, second={})
    assert provider_of(client, model="fast") == "second"
    listed = [model["id"] for model in client.get("/v1/models").json()["data"]]
    assert listed[0] == "fast"


def test_a_target_has_its_own_model(serving):
    rules = [{"match": {"model": "big"}, "primary": {"provider": "first", "model": "echo"}}]
    client = serving({"rules": rules}, first={})
    answer = client.post("/v1/chat/completions", json={"model": "big", "messages": HI})
    assert answer.headers["x-lunaroute-model"] == "echo"


def test_a_client_names_a_rule_or_a_provider_itself(serving):
    rules = [{"name": "mine", "match": {"model": "none"}, "primary": "second"}]
    client = serving({"rules": rules}, first={}, second={})
    assert provider_of(client) == "first"
    assert provider_of(client, headers={"x-luna-route": "mine"}) == "second"
    assert provider_of(client, path="/v1/chat/completions?route=mine") == "second"
    assert provider_of(client, headers={"x-luna-provider": "second"}) == "second"


@pytest.mark.parametrize("stream", [False, True])
def test_a_fallback_answers_for_a_provider_that_fails(serving, stream):
    rules = [{"primary": "failing", "fallbacks": ["spare"]}]
    client = serving({"rules": rules}, failing=FAILING, spare={})
    assert provider_of(client, stream=stream) == "spare"


def test_a_rules_own_numbers_go_before_the_providers_and_those_before_routings(serving):
    """Each route has its own idea of how often a provider may fail."""
    failing = {**FAILING, "circuit_breaker": {"failure_threshold": 2}}
    rules = [
        {
            "name": "patient",
            "match": {"model": "text"},
            "primary": "failing",
            "fallbacks": ["spare"],
            "circuit_breaker": {"failure_threshold": 4},
        },
        {"name": "usual", "primary": "failing", "fallbacks": ["spare"]},
    ]
    routing = {"circuit_breaker": {"failure_threshold": 9}, "rules": rules}

    def breaker_after(count, model):
        client = serving(routing, failing=failing, spare={})
        for _ in range(count):
            provider_of(client, model=model)
        return client.get("/readyz").json()["providers"][0]["breaker"]

    assert [breaker_after(count, "echo") for count in (1, 2)] == ["closed", "open"]
    assert [breaker_after(count, "text") for count in (3, 4)] == ["closed", "open"]
