import pytest

from lunaroute_server.config import Config
from lunaroute_server.config.key_path import format_path
from lunaroute_server.config.reader import Reader

ENVIRONMENT = {"PORT": "9000", "KEY": "sk-1", "FLAG": "off", "TEAM": "blue"}


def read(data):
    """The values read, and each problem as `path: reason`."""
    reader = Reader(environment=ENVIRONMENT, place=lambda path: f"c.yaml:{len(path)}")
    values = reader.section(data, Config)
    return values, [f"{format_path(each.path)}: {each.reason}" for each in reader.problems]


def provider(settings):
    values, problems = read({"providers": {"openai": settings}})
    return values["providers"]["openai"], problems


def test_variables_are_filled_in_and_take_the_fields_type():
    values, problems = read(
        {
            "port": "$PORT",
            "http_server": {"tcp_nodelay": "${FLAG}", "drain_secs": "${DRAIN:-2.5}"},
            "providers": {"openai": {"api_keys": ["${KEY}", "x"], "models": {"$KEY": "m-$TEAM"}}},
        }
    )
    assert problems == []
    assert values["port"] == 9000
    assert values["http_server"] == {"tcp_nodelay": False, "drain_secs": 2.5}
    assert values["providers"]["openai"]["api_keys"] == ["sk-1", "x"]
    assert values["providers"]["openai"]["models"] == {"$KEY": "m-blue"}


def test_an_unset_variable_is_a_problem_that_names_file_key_and_variable():
    reader = Reader(environment={}, place=lambda _: "c.yaml:7")
    reader.section({"providers": {"openai": {"api_key": "${KEY}"}}}, Config)
    (problem,) = reader.problems
    assert problem.source == "c.yaml:7"
    assert problem.path == ("providers", "openai", "api_key")
    assert "KEY is not set" in problem.reason


def test_a_text_without_variables_is_no_number():
    assert read({"port": "9000"})[1] == ["port: Expected `int`, got `str`"]


def test_templates_survive_and_are_not_taken_for_variables():
    edits = {
        "request_headers": {"X-Id": "${request_id}", "X-Env": "${env.TEAM}", "X-Not": "$${TEAM}"},
        "request_body": {
            "defaults": {"metadata": {"team": "${env.TEAM} for $5"}},
            "overrides": {"user": "$KEY"},
            "prepend_messages": [{"role": "system", "content": "You are ${model}."}],
        },
    }
    assert provider(edits) == ({**edits, "type": "openai"}, [])


def test_the_originals_spellings_become_the_models_keys():
    values, problems = provider(
        {
            "provider_type": "openai",
            "headers": {"X-A": "${model}"},
            "request_headers": {"X-B": "2"},
            "timeout_secs": 60,
            "http_client": {"connect_timeout_secs": 5},
        }
    )
    assert problems == []
    assert values == {
        "type": "openai",
        "request_headers": {"X-A": "${model}", "X-B": "2"},
        "http_client": {"timeout_secs": 60, "connect_timeout_secs": 5},
    }


@pytest.mark.parametrize("order", [1, -1])
def test_equal_values_in_two_spellings_are_one(order):
    settings = {"type": "openai", "provider_type": "openai"}
    assert provider(dict([*settings.items()][::order])) == ({"type": "openai"}, [])


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        (
            {"type": "openai", "provider_type": "anthropic"},
            'providers.openai.provider_type: contradicts "type"',
        ),
        (
            {"http_client": {"timeout_secs": 60}, "timeout_secs": 30},
            'providers.openai.timeout_secs: contradicts "http_client.timeout_secs"',
        ),
        (
            {"request_headers": {"X-A": "1"}, "headers": {"x-a": "1"}},
            'providers.openai.headers.x-a: also given as "request_headers.x-a"',
        ),
    ],
)
def test_contradicting_spellings_are_a_problem(settings, problem, order):
    assert provider(dict([*settings.items()][::order]))[1] == [problem]


def test_another_spelling_is_checked_where_it_is_written():
    assert provider({"timeout_secs": "soon"})[1] == [
        "providers.openai.timeout_secs: Expected `float | null`, got `str`"
    ]
    assert provider({"http_client": 5, "timeout_secs": 3})[1] == [
        "providers.openai.http_client: Expected `object`, got `int`"
    ]


def test_an_empty_section_is_its_defaults():
    values, problems = read({"logging": None, "providers": {"openai": None}})
    assert problems == []
    assert values == {"logging": {}, "providers": {"openai": {"type": "openai"}}}


def test_every_problem_of_a_file_is_found():
    _, problems = read(
        {
            "prot": 1,
            "logging": {"level": "loud", "log_sql_queries": True},
            "providers": {"openai": {"api_key": "$UNSET"}, "local": {"base_url": 5}},
            "http_server": [],
        }
    )
    assert [problem.partition(":")[0] for problem in problems] == [
        "prot",
        "logging.level",
        "logging.log_sql_queries",
        "providers.openai.api_key",
        "providers.local.base_url",
        "providers.local",
        "http_server",
    ]


def test_a_switched_off_feature_of_a_later_version_is_left_out():
    assert read({"session_recording": {"enabled": False}}) == ({}, [])
    assert provider({"codex_auth": {"enabled": False}}) == ({"type": "openai"}, [])


def test_a_key_that_is_no_text_is_a_problem():
    assert provider({"models": {4: "gpt-4"}})[1] == [
        "providers.openai.models: key 4 must be a text: put it in quotes"
    ]
