import pytest

from lunaroute_routing.compiled_rule import CompiledRule
from lunaroute_routing.model_index import REMEMBERED_LENGTH, REMEMBERED_MODELS, ModelIndex
from lunaroute_routing.rule import Match, Rule


@pytest.fixture
def names_for():
    """The names of the rules that a model may take, of rules by their match, in their order."""

    def make(**matches):
        rules = [
            CompiledRule(Rule(name=name, tiers=(), match=match)) for name, match in matches.items()
        ]
        index = ModelIndex(rules)
        return lambda model: [it.rule.name for it in index.candidates(model)]

    return make


def test_rules_of_every_shape_stay_in_their_order(names_for):
    stream = {"stream": True}
    candidates = names_for(
        any=Match(**stream),
        expression=Match(model_pattern="5", **stream),
        prefix=Match(model_glob="gpt-*", **stream),
        longer=Match(model_pattern="^gpt-5", **stream),
        exact=Match(models=("o3", "gpt-5", "gpt-5"), **stream),
        other=Match(models=("claude",), **stream),
        last=Match(),
    )
    assert candidates("gpt-5") == ["any", "expression", "prefix", "longer", "exact", "last"]
    assert candidates("claude") == ["any", "other", "last"]
    assert candidates("o3") == ["any", "exact", "last"]
    assert candidates("") == ["any", "last"]


def test_all_that_is_said_of_the_name_must_hold(names_for):
    candidates = names_for(
        both=Match(models=("gpt-5", "gpt-4"), model_glob="*-5"),
        three=Match(model_glob="gpt-*", model_pattern="4$"),
    )
    assert candidates("gpt-5") == ["both"]
    assert candidates("gpt-4") == ["three"]


def test_nothing_is_listed_behind_a_rule_that_asks_for_nothing_else(names_for):
    candidates = names_for(
        first=Match(model_glob="gpt-*", stream=True), all=Match(), never=Match(stream=False)
    )
    assert candidates("gpt-5") == ["first", "all"]
    assert candidates("claude") == ["all"]


def test_clients_cannot_fill_the_memory_with_names():
    index = ModelIndex([CompiledRule(Rule(name="all", tiers=()))])
    searched = []
    index._patterns = type("Counting", (), {"found_in": lambda _, it: searched.append(it) or []})()
    for number in range(REMEMBERED_MODELS + 1):
        index.candidates(f"model-{number}")
    assert len(searched) == REMEMBERED_MODELS + 1
    index.candidates(f"model-{REMEMBERED_MODELS}")
    assert len(searched) == REMEMBERED_MODELS + 1, "the latest is remembered"
    index.candidates("model-0")
    assert len(searched) == REMEMBERED_MODELS + 2, "the oldest made room"
    for _ in range(2):
        index.candidates("x" * (REMEMBERED_LENGTH + 1))
    assert len(searched) == REMEMBERED_MODELS + 4, "long names are not remembered"
