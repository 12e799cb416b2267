import pytest
from msgspec import UNSET

from lunaroute_core.errors import InvalidRequestError
from lunaroute_core.model import CacheOptions, OutputFormat, Reasoning
from lunaroute_core.request_limits import STRICT_LIMITS, RequestLimits


def test_every_field_with_a_place_finds_it(decode):
    request = decode(
        {
            "input": "x",
            "temperature": 1,
            "top_p": 0.5,
            "top_logprobs": 3,
            "include": ["message.output_text.logprobs"],
            "max_output_tokens": 16,
            "max_tool_calls": 2,
            "parallel_tool_calls": True,
            "reasoning": {"effort": "high", "summary": "auto", "context": "all_turns"},
            "text": {"format": {"type": "json_schema", "name": "n", "schema": {}, "strict": True}},
            "prompt_cache_key": "k",
            "prompt_cache_options": {"mode": "explicit"},
            "prompt_cache_retention": "24h",
            "safety_identifier": "s",
            "user": "u",
            "metadata": {"a": "b"},
            "service_tier": "flex",
            "previous_response_id": "resp_0",
            "conversation": None,
        }
    )
    sampling = request.sampling
    assert (sampling.temperature, sampling.top_p) == (1.0, 0.5)
    assert (sampling.logprobs, sampling.top_logprobs) == (True, 3)
    assert (request.limits.max_output_tokens, request.limits.max_tool_calls) == (16, 2)
    assert request.parallel_tool_calls is True
    assert request.reasoning == Reasoning(effort="high", display="auto")
    assert request.output.format == OutputFormat(
        kind="json_schema", name="n", schema={}, strict=True
    )
    assert request.cache == CacheOptions(key="k", options={"mode": "explicit"})
    identity = request.identity
    assert (identity.user, identity.safety_identifier) == ("u", "s")
    assert identity.metadata == {"a": "b"}
    assert request.tier == "flex"
    assert request.conversation.previous_response_id == "resp_0"
    assert request.extensions["openai_responses"] == {
        "input": {"form": "string"},
        "include": ["message.output_text.logprobs"],
        "prompt_cache_retention": "24h",
        "reasoning": {"context": "all_turns"},
        "conversation": None,
    }


@pytest.mark.parametrize(
    ("given", "store"),
    [({}, UNSET), ({"store": None}, None), ({"store": False}, False), ({"store": True}, True)],
)
def test_store_has_all_its_states(decode, given, store):
    assert decode({"input": "x", **given}).conversation.store is store


def test_a_format_this_version_does_not_know_is_kept(decode):
    request = decode({"input": "x", "text": {"format": {"type": "grammar", "x": 1}}})
    assert request.output.format is None
    kept = request.extensions["openai_responses"]["text"]
    assert kept == {"format": {"type": "grammar", "x": 1}}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("temperature", -0.1),
        ("temperature", 2.1),
        ("temperature", "1"),
        ("top_p", 1.1),
        ("top_logprobs", 21),
        ("top_logprobs", 10**400),
        ("max_output_tokens", 0),
        ("max_output_tokens", 10**400),
        ("max_output_tokens", 1.5),
        ("max_tool_calls", -1),
        ("model", ""),
        ("model", "m" * 257),
        ("model", 5),
        ("input", 5),
        ("stream", "true"),
        ("store", "true"),
        ("instructions", ["x"]),
        ("metadata", []),
        ("tools", {}),
        ("include", "x"),
        ("reasoning", "high"),
    ],
)
def test_values_out_of_bounds_name_their_field(decode, field, value):
    with pytest.raises(InvalidRequestError) as caught:
        decode({"input": "x", field: value})
    assert caught.value.details.param == field


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"reasoning": {"effort": 5}}, "reasoning.effort"),
        ({"text": {"format": {}}}, "text.format.type"),
        ({"text": {"format": {"type": "json_schema", "schema": []}}}, "text.format.schema"),
        ({"tools": [{"type": "function"}]}, "tools[0].name"),
        ({"input": [5]}, "input[0]"),
    ],
)
def test_inner_fields_are_named_by_path(decode, fields, param):
    with pytest.raises(InvalidRequestError) as caught:
        decode({"input": "x", **fields})
    assert caught.value.details.param == param


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"input": "x" * 1_000_001}, "input"),
        ({"input": "x", "instructions": "x" * 1_000_001}, "instructions"),
        ({"input": "x", "max_output_tokens": 100_001}, "max_output_tokens"),
    ],
)
def test_strict_limits_refuse_what_the_default_ones_let_through(decode, body, param):
    decode(body)
    with pytest.raises(InvalidRequestError) as caught:
        decode(body, limits=STRICT_LIMITS)
    assert caught.value.details.param == param


def test_too_many_items_are_refused(decode):
    items = [{"role": "user", "content": "x"}] * 3
    decode({"input": items}, limits=RequestLimits(max_messages=3))
    with pytest.raises(InvalidRequestError) as caught:
        decode({"input": items}, limits=RequestLimits(max_messages=2))
    assert caught.value.details.param == "input"
