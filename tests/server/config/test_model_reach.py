import pytest

from lunaroute_server.config.model_reach import reach_of
from lunaroute_server.config.routing_rule import MatchConfig


def reach(**conditions):
    return reach_of(MatchConfig(**conditions))


@pytest.mark.parametrize(
    ("conditions", "prefix", "whole"),
    [
        ({}, "", True),
        ({"always": True}, "", True),
        ({"stream": True}, "", True),
        ({"model_pattern": "^gpt-"}, "gpt-", True),
        ({"model_pattern": "^gpt-.*"}, "gpt-", True),
        ({"model_pattern": "^gpt-.*$"}, "gpt-", True),
        ({"model_pattern": "^gpt-4"}, "gpt-4", True),
        ({"model_pattern": r"^gpt-4\.1"}, "gpt-4.1", True),
        ({"model_pattern": "^gpt-4.1"}, "gpt-4", False),
        ({"model_pattern": "^gpt-4?"}, "gpt-", False),
        ({"model_pattern": "^gpt-4*"}, "gpt-", False),
        ({"model_pattern": "^gpt-4{2}"}, "gpt-", False),
        ({"model_pattern": r"^gpt\.?"}, "gpt", False),
        ({"model_pattern": "^gpt-4+"}, "gpt-4", False),
        ({"model_pattern": "^gpt-|^o1"}, "", False),
        ({"model_pattern": "^(?i)gpt-"}, "", False),
        ({"model_pattern": "gpt-"}, "", False),
        ({"model_pattern": "^gpt-5$"}, "gpt-5", False),
        ({"model_glob": "gpt-*"}, "gpt-", True),
        ({"model_glob": "gpt-*-mini"}, "gpt-", False),
        ({"model_glob": "gpt-?"}, "gpt-", False),
        ({"model_glob": "*"}, "", True),
        ({"model": "gpt-5"}, "gpt-5", False),
        ({"model": ("gpt-5", "gpt-4", "gpt-5-mini")}, "gpt-", False),
        ({"model": ("gpt-5", "o1")}, "", False),
        ({"model_glob": "gpt-*", "model_pattern": "^gpt-5"}, "gpt-5", False),
    ],
)
def test_the_beginning_of_the_models_names_is_read(conditions, prefix, whole):
    found = reach(**conditions)
    assert (found.prefix, found.whole) == (prefix, whole)


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        ({}, {"model": "x", "stream": True}),
        ({"type": "always"}, {"type": "override"}),
        ({"model_pattern": "^gpt-.*"}, {"model_pattern": "^gpt-4.*"}),
        ({"model_pattern": "^claude-"}, {"model_pattern": "^claude-.*-sonnet-.*", "stream": True}),
        ({"model_glob": "gpt-*"}, {"model": ("gpt-5", "gpt-4")}),
        ({"dialect": "openai"}, {"dialect": "openai", "model": "x"}),
    ],
)
def test_what_surely_takes_everything_covers(wide, narrow):
    assert reach(**wide).covers(reach(**narrow))
    assert not reach(**narrow).covers(reach(**wide))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"model_pattern": "^gpt-5$"}, {"model": "gpt-5"}),
        ({"model_pattern": "gpt"}, {"model": "gpt-5"}),
        ({"stream": True}, {"model": "x"}),
        ({"dialect": "openai"}, {"dialect": "anthropic"}),
        ({"type": "override"}, {"type": "always"}),
    ],
)
def test_what_may_leave_something_does_not_cover(one, other):
    assert not reach(**one).covers(reach(**other))
