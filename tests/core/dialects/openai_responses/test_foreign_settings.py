import pytest

from lunaroute_core.answer_stages import StopMatcher

SCHEMA = {"type": "object", "properties": {}, "additionalProperties": False}
OLDER = "gpt-4.1"
OTHER = "llama-4"


def test_the_output_limit(anthropic, chat):
    assert anthropic(max_tokens=900)[0]["max_output_tokens"] == 900
    assert chat(max_tokens=900)[0]["max_output_tokens"] == 900
    assert "max_output_tokens" not in chat()[0]


def test_openai_writes_at_least_sixteen_tokens(anthropic, chat, refusal):
    body, warnings = anthropic(max_tokens=1)
    assert body["max_output_tokens"] == 16
    assert warnings == [("emulated", "max_tokens")]
    assert chat(max_completion_tokens=15)[1] == [("emulated", "max_completion_tokens")]
    assert refusal(anthropic, max_tokens=1, strict=True) == "max_tokens"
    assert anthropic(max_tokens=1, model=OTHER)[0]["max_output_tokens"] == 1


def test_sampling_where_the_model_takes_it(anthropic, chat):
    body, warnings = anthropic(temperature=0.5, top_p=0.9, model=OLDER)
    assert (body["temperature"], body["top_p"]) == (0.5, 0.9)
    assert warnings == []
    assert chat(temperature=1.7, model=OLDER)[0]["temperature"] == 1.7


def test_sampling_where_the_model_does_not(anthropic):
    body, warnings = anthropic(temperature=1, top_p=0.9)
    assert not {"temperature", "top_p"} & body.keys()
    assert warnings == [("dropped", "top_p")]


def test_a_temperature_over_the_models_is_lowered(chat):
    body, warnings = chat(temperature=1.5, model=OTHER, capabilities={"max_temperature": 1.0})
    assert body["temperature"] == 1
    assert warnings == [("emulated", "temperature")]


def test_top_k_is_dropped_where_it_changes_nothing(anthropic, refusal):
    assert anthropic(top_k=0)[1] == []
    body, warnings = anthropic(top_k=5, temperature=0, model=OLDER)
    assert body["temperature"] == 0
    assert warnings == [("dropped", "top_k")]
    assert refusal(anthropic, top_k=5, model=OLDER) == "top_k"


def test_penalties_and_seeds_are_dropped(chat):
    body, warnings = chat(presence_penalty=1, frequency_penalty=-1, seed=4)
    assert body.keys() == {"model", "store", "input"}
    assert warnings == [
        ("dropped", "presence_penalty"),
        ("dropped", "frequency_penalty"),
        ("dropped", "seed"),
    ]
    assert chat(presence_penalty=0, frequency_penalty=0)[1] == []


@pytest.mark.parametrize(
    ("field", "value"), [("n", 2), ("logit_bias", {"5": 1}), ("modalities", ["text", "audio"])]
)
def test_what_a_chat_client_would_read_in_vain_is_rejected(chat, refusal, field, value):
    assert refusal(chat, **{field: value}) == field


def test_one_answer_in_text_is_what_is_given(chat):
    assert chat(n=1, logit_bias={}, modalities=["text"])[1] == []
    assert chat(audio={"voice": "alloy", "format": "wav"})[1] == [("dropped", "audio")]


def test_log_probabilities_are_asked_for_by_including_them(chat):
    body, warnings = chat(logprobs=True, top_logprobs=3)
    assert (body["include"], body["top_logprobs"]) == (["message.output_text.logprobs"], 3)
    assert warnings == []
    assert "include" not in chat(logprobs=False, top_logprobs=0)[0]


ENCRYPTED = ["reasoning.encrypted_content"]


def test_reasoning_is_asked_for_in_a_form_that_can_be_given_back(anthropic, chat):
    manual = {"type": "enabled", "budget_tokens": 2048}
    assert anthropic(thinking={"type": "adaptive"})[0]["include"] == ENCRYPTED
    assert anthropic(thinking=manual, max_tokens=4000)[0]["include"] == ENCRYPTED
    assert chat(reasoning_effort="low")[0]["include"] == ENCRYPTED


@pytest.mark.parametrize("model", [OLDER, OTHER])
def test_models_that_do_not_reason_refuse_to_be_asked(anthropic, model):
    assert "include" not in anthropic(thinking={"type": "adaptive"}, model=model)[0]


def test_who_wants_no_reasoning_gets_none(anthropic, chat):
    assert "include" not in anthropic()[0]
    assert "include" not in anthropic(thinking={"type": "disabled"})[0]
    assert "include" not in anthropic(output_config={"effort": "high"})[0]
    assert "include" not in chat(reasoning_effort="none")[0]
    assert "include" not in chat()[0]


@pytest.mark.parametrize(
    ("dialect", "fields"),
    [
        ("anthropic_messages", {"max_tokens": 50, "stop_sequences": ["END", "", "\n"]}),
        ("openai_chat", {"stop": ["END", "", "\n"]}),
    ],
)
def test_the_gateway_ends_answers_at_stop_sequences(translated, dialect, fields):
    fields = {"messages": [{"role": "user", "content": "hi"}], **fields}
    body, translation = translated(dialect, fields, "gpt-5.6-sol", strict=True)
    assert "stop" not in body
    assert translation.stages == [StopMatcher(["END", "\n"])]


def test_no_stop_sequences_need_nothing(translated):
    fields = {"messages": [{"role": "user", "content": "hi"}], "stop": [""]}
    assert translated("openai_chat", fields, OLDER)[1].stages == []


def test_anthropics_schemas_get_a_name_and_are_strict_if_fit_for_it(anthropic):
    for schema, strict in ((SCHEMA, True), ({"type": "object"}, False)):
        form = {"type": "json_schema", "schema": schema}
        body, warnings = anthropic(output_config={"format": form})
        assert body["text"] == {"format": {**form, "name": "response", "strict": strict}}
        assert warnings == []


@pytest.mark.parametrize(("said", "strict"), [({"strict": True}, True), ({}, False)])
def test_chats_schemas_are_as_strict_as_they_were(chat, said, strict):
    given = {"name": "n", "description": "d", "schema": {"type": "object"}, **said}
    body, warnings = chat(response_format={"type": "json_schema", "json_schema": given})
    assert body["text"] == {"format": {"type": "json_schema", **given, "strict": strict}}
    assert warnings == []


def test_other_formats_and_verbosity(chat):
    body, _ = chat(response_format={"type": "json_object"}, verbosity="low")
    assert body["text"] == {"format": {"type": "json_object"}, "verbosity": "low"}
    nameless = {"type": "json_schema", "json_schema": {"name": "n"}}
    assert chat(response_format=nameless)[0]["text"]["format"]["schema"] == {"type": "object"}


def test_schemas_for_models_without_them_are_rejected(anthropic, chat, refusal):
    given = {"capabilities": {"structured_output": False}}
    form = {"type": "json_schema", "schema": SCHEMA}
    assert refusal(anthropic, output_config={"format": form}, **given) == "output_config.format"
    named = {"type": "json_schema", "json_schema": {"name": "n", "schema": SCHEMA}}
    assert refusal(chat, response_format=named, **given) == "response_format"


def test_a_user_is_a_safety_identifier(anthropic):
    body, warnings = anthropic(metadata={"user_id": "u"})
    assert body["safety_identifier"] == "u"
    assert not {"user", "metadata"} & body.keys()
    assert warnings == []
    long, _ = anthropic(metadata={"user_id": "u" * 129})
    assert len(long["safety_identifier"]) == 64


def test_identity_of_chat(chat):
    given = {"user": "u", "safety_identifier": "s", "metadata": {"a": "b"}}
    body, warnings = chat(**given)
    assert {key: body[key] for key in given} == given
    assert warnings == []


def test_compatible_servers_are_told_nothing_of_accounting(chat, anthropic):
    body, warnings = chat(
        model=OTHER,
        user="u",
        metadata={"a": "b"},
        service_tier="flex",
        prompt_cache_key="k",
        prompt_cache_options={"mode": "explicit"},
        verbosity="low",
    )
    assert body.keys() == {"model", "store", "input"}
    assert {param for _, param in warnings} == {
        "user",
        "metadata",
        "service_tier",
        "prompt_cache_key",
        "prompt_cache_options",
        "verbosity",
    }
    _, warnings = anthropic(model=OTHER, metadata={"user_id": "u"})
    assert warnings == [("dropped", "metadata.user_id")]


@pytest.mark.parametrize(("tier", "written"), [("auto", "auto"), ("standard_only", "default")])
def test_tiers_of_anthropic(anthropic, tier, written):
    assert anthropic(service_tier=tier)[0]["service_tier"] == written


def test_tiers_of_chat(chat):
    assert chat(service_tier="priority")[0]["service_tier"] == "priority"
    body, warnings = chat(service_tier="warp")
    assert "service_tier" not in body
    assert warnings == [("dropped", "service_tier")]
    assert chat(service_tier="auto", model=OTHER)[1] == []


@pytest.mark.parametrize("model", ["gpt-5.6-sol", OLDER, OTHER])
def test_answers_are_kept_only_where_the_client_asked(anthropic, chat, model):
    """Responses keeps the answer of every request that says nothing of it."""
    assert anthropic(model=model)[0]["store"] is False
    assert chat(model=model)[0]["store"] is False
    assert chat(model=model, store=None)[0]["store"] is False
    assert chat(model=model, store=True)[0]["store"] is True


def test_streams(anthropic):
    assert anthropic(stream=True)[0]["stream"] is True
    assert "stream" not in anthropic(stream=False)[0]
