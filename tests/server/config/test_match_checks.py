import pytest

from lunaroute_server.config.key_path import format_path
from lunaroute_server.config.match_checks import match_problems
from lunaroute_server.config.routing_rule import MatchConfig


def problems(**conditions):
    found = match_problems(MatchConfig(**conditions), ("m",))
    return {format_path(each.path): each.reason for each in found}


@pytest.mark.parametrize(
    "conditions",
    [
        {},
        {"always": True},
        {"type": "always"},
        {"type": "always", "always": True},
        {"type": "override"},
        {"type": "override", "override": True},
        {"override": False},
        {"type": "model", "model_pattern": "^gpt-.*"},
        {"type": "listener", "dialect": "OpenAI"},
        {"dialect": ("anthropic", "openai_chat")},
        {"headers": {"X-Team": "^(blue|green)$", "x-other": ""}},
        {"min_input_tokens": 5, "max_input_tokens": 5},
        {"path": ("/v1/messages", "/")},
    ],
)
def test_a_match_that_some_request_can_be_is_right(conditions):
    assert problems(**conditions) == {}


@pytest.mark.parametrize(
    ("conditions", "path", "reason"),
    [
        ({"type": "model"}, "m", '"pattern" is missing: "type: model" needs it'),
        ({"type": "listener"}, "m", '"listener" is missing: "type: listener" needs it'),
        (
            {"always": False},
            "m.always",
            "must be true: otherwise the rule would take no request",
        ),
        (
            {"type": "override", "override": False},
            "m.override",
            "must be true: otherwise the rule would take no request",
        ),
        ({"always": True, "model": "x", "stream": False}, "m.always", "contradicts model, stream"),
        ({"type": "always", "tag": "x"}, "m.type", "contradicts tag"),
        ({"model_pattern": "("}, "m.model_pattern", "is no RE2 pattern: missing ): ("),
        (
            {"model_pattern": "gpt(?!-4)"},
            "m.model_pattern",
            (
                'is no RE2 pattern: "(?!" is a lookahead: RE2, which takes linear time for every'
                " text, has none"
            ),
        ),
        ({"headers": {"x-a": "["}}, "m.headers.x-a", "is no RE2 pattern: missing ]: ["),
        ({"headers": {"x a": "b"}}, 'm.headers."x a"', "is no valid header name"),
        (
            {"headers": {"x-a": "b", "X-A": "c"}},
            "m.headers.X-A",
            "is here twice: case makes no difference",
        ),
        (
            {"dialect": ("openai", "gemini")},
            "m.dialect",
            (
                'unknown dialect "gemini"; known are openai, anthropic,'
                " openai_chat, openai_responses, anthropic_messages"
            ),
        ),
        (
            {"min_input_tokens": 6, "max_input_tokens": 5},
            "m.min_input_tokens",
            "is more than max_input_tokens",
        ),
        ({"model": ("a", "")}, "m.model", "must not be empty"),
        ({"model_glob": ""}, "m.model_glob", "must not be empty"),
        ({"model_pattern": ""}, "m.model_pattern", "must not be empty"),
        ({"tag": ""}, "m.tag", "must not be empty"),
        ({"path": "v1/messages"}, "m.path", "must begin with /"),
    ],
)
def test_what_no_request_can_be_is_named(conditions, path, reason):
    assert problems(**conditions) == {path: reason}


def test_a_wrong_pattern_is_reported_and_not_logged(capfd):
    problems(model_pattern="(")
    assert capfd.readouterr().err == ""
