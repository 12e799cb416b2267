import pytest

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
    body, warnings = anthropic(temperature=0.5, top_p=0.9, top_k=5, model="gpt-4o")
    assert (body["temperature"], body["top_p"]) == (0.5, 0.9)
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


def test_stop_sequences_the_model_stops_at(anthropic, refusal):
    body, _ = anthropic(stop_sequences=["a", "b"], model="gpt-4o")
    assert body["stop"] == ["a", "b"]
    assert "stop" not in anthropic(stop_sequences=[])[0]
    assert refusal(anthropic, stop_sequences=["a"]) == "stop_sequences"
    assert refusal(anthropic, stop_sequences=list("abcde"), model="gpt-4o") == "stop_sequences"


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


def test_schemas_for_models_without_them_and_unknown_formats_are_rejected(
    anthropic, responses, refusal
):
    given = {"capabilities": {"structured_output": False}}
    form = {"type": "json_schema", "schema": SCHEMA}
    assert refusal(anthropic, output_config={"format": form}, **given) == "output_config.format"
    assert refusal(responses, text={"format": {"type": "new"}}) == "text"


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
