import json

import pytest

from lunaroute_core.dialects.openai_chat import OPENAI_CHAT
from lunaroute_core.model import Conversation, TextBlock
from lunaroute_core.testing import chat_request
from lunaroute_core.translation import Translation

SCHEMA = {"type": "object", "properties": {}, "additionalProperties": False}


def test_the_output_limit_under_the_servers_name_for_it(anthropic, responses):
    assert anthropic(max_tokens=9)[0]["max_completion_tokens"] == 9
    body, _ = anthropic(max_tokens=9, model="llama-4")
    assert body["max_tokens"] == 9
    assert "max_completion_tokens" not in body
    assert not {"max_tokens", "max_completion_tokens"} & responses()[0].keys()


def test_filling_the_cache_only_is_rejected(anthropic, refusal):
    assert refusal(anthropic, max_tokens=0) == "max_tokens"


def test_a_count_of_calls_is_dropped(responses):
    assert responses(max_tool_calls=3)[1] == [("dropped", "max_tool_calls")]


def test_sampling_where_the_model_takes_it(anthropic):
    body, warnings = anthropic(temperature=0.5, top_p=0.9, model="gpt-4o")
    assert (body["temperature"], body["top_p"]) == (0.5, 0.9)
    assert warnings == []


def test_a_number_of_tokens_to_sample_among(anthropic, refusal):
    assert refusal(anthropic, top_k=5, model="gpt-4o") == "top_k"
    body, warnings = anthropic(top_k=5, temperature=0, model="gpt-4o")
    assert "top_k" not in body
    assert warnings == [("dropped", "top_k")]


def test_sampling_where_the_model_does_not(anthropic):
    body, warnings = anthropic(temperature=1, top_p=0.9)
    assert not {"temperature", "top_p"} & body.keys()
    assert warnings == [("dropped", "top_p")]


def test_a_temperature_over_the_models_is_lowered(responses):
    given = {"model": "llama-4", "capabilities": {"max_temperature": 1.0}}
    body, warnings = responses(temperature=1.5, **given)
    assert body["temperature"] == 1
    assert warnings == [("emulated", "temperature")]


def test_stop_sequences_the_model_stops_at(anthropic):
    body, _ = anthropic(stop_sequences=["a", "b"], model="gpt-4o")
    assert body["stop"] == ["a", "b"]
    assert "stop" not in anthropic(stop_sequences=[])[0]


@pytest.mark.parametrize(
    ("sequences", "model"), [(["c"], "gpt-5.6-sol"), (list("vwxyc"), "gpt-4o")]
)
def test_stop_sequences_the_model_would_not_stop_at_are_enforced(stages, sequences, model):
    body, answer = stages(stop_sequences=sequences, model=model)
    assert "stop" not in body
    stopped = answer("abcd")
    assert stopped.blocks == [TextBlock(text="ab")]
    assert stopped.finish.stop_sequence == "c"


def test_log_probabilities(responses):
    include = ["message.output_text.logprobs", "reasoning.encrypted_content"]
    body, warnings = responses(include=include, top_logprobs=3)
    assert (body["logprobs"], body["top_logprobs"]) == (True, 3)
    assert warnings == []


def test_anthropics_schemas_get_a_name_and_are_strict_if_fit_for_it(anthropic):
    for schema, strict in ((SCHEMA, True), ({"type": "object"}, False)):
        form = {"type": "json_schema", "schema": schema}
        body, warnings = anthropic(output_config={"format": form})
        inner = {"name": "response", "schema": schema, "strict": strict}
        assert body["response_format"] == {"type": "json_schema", "json_schema": inner}
        assert warnings == []


def test_formats_of_responses(responses):
    form = {"type": "json_schema", "name": "n", "schema": {"type": "object"}, "strict": True}
    body, _ = responses(text={"format": form, "verbosity": "low"})
    inner = {"name": "n", "schema": {"type": "object"}, "strict": True}
    assert body["response_format"] == {"type": "json_schema", "json_schema": inner}
    assert body["verbosity"] == "low"
    body, _ = responses(text={"format": {"type": "json_object"}})
    assert body["response_format"] == {"type": "json_object"}


def test_formats_that_chat_does_not_know_are_rejected(responses, refusal):
    assert refusal(responses, text={"format": {"type": "new"}}) == "text"


def test_a_model_that_takes_no_schema_is_told_it_and_its_answer_checked(stages, anthropic):
    form = {"type": "json_schema", "schema": SCHEMA}
    given = {"output_config": {"format": form}, "capabilities": {"structured_output": False}}
    body, answer = stages(**given)
    assert body["response_format"] == {"type": "json_object"}
    assert json.dumps(SCHEMA, separators=(",", ":")) in json.dumps(body["messages"][0]).replace(
        "\\", ""
    )
    with pytest.raises(ValueError, match="no JSON"):
        answer("Sure!")
    assert anthropic(**given)[1] == [("emulated", "output_config.format")]


def test_a_schema_that_openai_does_not_enforce_is_checked(stages):
    open_schema = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
    form = {"type": "json_schema", "schema": open_schema}
    body, answer = stages(output_config={"format": form})
    assert body["response_format"]["json_schema"]["strict"] is False
    answer('{"a": 1, "b": 2}')
    with pytest.raises(ValueError, match="does not fit"):
        answer('{"b": 2}')


def test_a_user_is_a_safety_identifier(anthropic):
    body, _ = anthropic(metadata={"user_id": "u"})
    assert body["safety_identifier"] == "u"
    long, _ = anthropic(metadata={"user_id": "u" * 129})
    assert len(long["safety_identifier"]) == 64


def test_identity_of_responses(responses):
    given = {"user": "u", "safety_identifier": "s", "metadata": {"a": "b"}}
    body, warnings = responses(**given)
    assert {key: body[key] for key in given} == given
    assert warnings == []


def test_compatible_servers_are_told_nothing_of_storage_and_accounting(responses):
    body, warnings = responses(
        model="llama-4",
        user="u",
        metadata={"a": "b"},
        store=True,
        service_tier="flex",
        prompt_cache_key="k",
        text={"verbosity": "low"},
    )
    assert body.keys() == {"model", "messages"}
    assert {param for _, param in warnings} == {
        "user",
        "metadata",
        "store",
        "service_tier",
        "prompt_cache_key",
        "text.verbosity",
    }


@pytest.mark.parametrize(("tier", "written"), [("auto", "auto"), ("standard_only", "default")])
def test_tiers_of_anthropic(anthropic, tier, written):
    assert anthropic(service_tier=tier)[0]["service_tier"] == written


def test_tiers_of_responses(responses):
    assert responses(service_tier="priority")[0]["service_tier"] == "priority"
    body, warnings = responses(service_tier="ultrafast")
    assert "service_tier" not in body
    assert warnings == [("dropped", "service_tier")]
    assert responses(service_tier="auto", model="llama-4")[1] == []


def test_answers_are_kept_only_where_the_client_asked(anthropic, responses):
    assert anthropic()[0]["store"] is False
    assert "store" not in anthropic(model="llama-4")[0]
    assert "store" not in responses()[0]
    assert responses(store=True)[0]["store"] is True


def test_state_in_the_vendors_store_is_rejected(responses, refusal):
    assert refusal(responses, previous_response_id="resp_1") == "previous_response_id"


def test_usage_is_always_asked_of_streams(anthropic):
    body, _ = anthropic(stream=True)
    assert (body["stream"], body["stream_options"]) == (True, {"include_usage": True})
    body, _ = anthropic(stream=True, capabilities={"stream_usage": False})
    assert "stream_options" not in body
    assert "stream" not in anthropic(stream=False)[0]


def test_what_the_gateway_keeps_is_not_asked_of_the_upstream():
    request = chat_request(dialect="openai_responses", model="gpt-4.1").normalized
    request.conversation = Conversation(store=True, previous_response_id="r", kept_here=True)
    translation = Translation()
    body = json.loads(OPENAI_CHAT.requests.encode(request, translation))
    assert body["store"] is False
    assert "previous_response_id" not in body
    assert translation.warnings == []
