import msgspec
import pytest

from lunaroute_core import ConfigurationError, InvalidRequestError, Operation
from lunaroute_core.testing import chat_request, wire_request
from lunaroute_routing.compiled_rule import CompiledRule
from lunaroute_routing.request_features import RequestFeatures
from lunaroute_routing.rule import Match, Rule

UNREADABLE = b'{"model":"m","messages":5}'
EVERYTHING = Match(
    models=("gpt-5",),
    model_glob="gpt-*",
    model_pattern="5$",
    stream=True,
    override=False,
    dialects=("openai",),
    keys=("k",),
    tenants=("t",),
    tags=("a",),
    paths=("/v1",),
    query={"q": "1"},
    headers={"x-team": "^red$"},
    has_tools=False,
    has_images=False,
    min_input_tokens=1,
)


def compiled(match):
    return CompiledRule(Rule(name="it", tiers=(), match=match))


def forwarded(path):
    request = wire_request(b'{"model":"m","messages":[]}')
    request.operation = Operation.FORWARD
    request.model, request.stream = "", True
    request._wire = msgspec.structs.replace(request.wire, path=path)
    return RequestFeatures(request)


@pytest.mark.parametrize(
    ("match", "place"),
    [
        (Match(model_pattern="(?=gpt)"), "rule it: model_pattern"),
        (Match(model_glob="gpt-[4"), "rule it: model_glob"),
        (Match(headers={"x-a": "ok", "x-team": "("}), "rule it: headers.x-team"),
    ],
)
def test_what_cannot_be_read_names_the_rule_and_the_field(match, place):
    with pytest.raises(ConfigurationError) as error:
        compiled(match)
    assert error.value.path == place
    assert error.value.reason
    assert str(error.value) == f"{place}: {error.value.reason}"


def test_every_field_of_a_match_is_asked():
    rule = compiled(EVERYTHING)
    asked = len(rule.models) + len(rule.conditions)
    bounds_of_tokens = 1
    assert asked == len(Match.__struct_fields__) - bounds_of_tokens


def test_what_needs_the_content_is_asked_last():
    rule = compiled(EVERYTHING)
    request = RequestFeatures(wire_request(UNREADABLE))
    *cheap, _tools, _images, _tokens = rule.conditions
    assert [condition.holds(request) for condition in cheap]  # and nothing was decoded
    for condition in rule.conditions[-3:]:
        with pytest.raises(InvalidRequestError):
            condition.holds(request)


def test_a_forwarded_request_goes_by_rules_with_paths_alone():
    embeddings = forwarded("/v1/embeddings")
    rule = compiled(Match(paths=("/v1/embeddings",)))
    assert rule.takes_forwarded
    assert rule.mismatch(embeddings) is None
    assert rule.mismatch(forwarded("/v1/files")) == (
        'path "/v1/files" does not begin with "/v1/embeddings"'
    )


@pytest.mark.parametrize(
    ("match", "reason"),
    [
        (Match(), "only rules with paths are tried"),
        (Match(stream=True), "only rules with paths are tried"),
        (Match(paths=("/v1",), stream=True), "stream is not known"),
        (Match(paths=("/v1",), model_glob="*"), "the model's name is not known"),
        (Match(paths=("/v1",), has_tools=False), "has_tools is not known"),
        (Match(paths=("/v1",), max_input_tokens=9), "max_input_tokens is not known"),
    ],
)
def test_of_a_forwarded_request_nothing_else_is_known(match, reason):
    rule = compiled(match)
    assert not rule.takes_forwarded
    assert rule.mismatch(forwarded("/v1/embeddings")).endswith(reason)


def test_lists_of_models_go_by_no_rule():
    request = chat_request()
    request.operation = Operation.LIST_MODELS
    assert compiled(Match()).mismatch(RequestFeatures(request)) == "lists of models go by no rule"
