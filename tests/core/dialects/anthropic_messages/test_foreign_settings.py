import json

import pytest

from lunaroute_core.dialects.anthropic_messages import ANTHROPIC_MESSAGES
from lunaroute_core.errors import InvalidRequestError
from lunaroute_core.model import Conversation
from lunaroute_core.testing import chat_request
from lunaroute_core.translation import Translation

FIXED = {"sampling": False}
FORMAT = {
    "type": "json_schema",
    "json_schema": {
        "name": "n",
        "description": "A person.",
        "schema": {"type": "object", "properties": {"age": {"type": "integer", "minimum": 0}}},
    },
}
ENFORCED = {
    "type": "object",
    "description": "A person.",
    "properties": {"age": {"type": "integer", "description": "{minimum: 0}"}},
    "additionalProperties": False,
}
RECURSIVE = {"type": "object", "properties": {"a": {"$ref": "#"}}}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("n", 2),
        ("logprobs", True),
        ("top_logprobs", 3),
        ("logit_bias", {"1": 5}),
        ("modalities", ["text", "audio"]),
    ],
)
def test_what_the_client_reads_or_relies_on_is_rejected(chat, field, value):
    with pytest.raises(InvalidRequestError) as caught:
        chat(**{field: value})
    assert caught.value.details.param == field


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("presence_penalty", 0.5),
        ("frequency_penalty", -1),
        ("seed", 7),
        ("verbosity", "low"),
        ("metadata", {"a": "b"}),
        ("service_tier", "flex"),
        ("store", True),
        ("prompt_cache_key", "k"),
        ("prompt_cache_options", {"mode": "implicit"}),
        ("prediction", {"type": "content", "content": "x"}),
        ("audio", {"voice": "alloy", "format": "mp3"}),
    ],
)
def test_hints_are_dropped_or_in_strict_translation_rejected(chat, field, value):
    assert chat(**{field: value}).warnings == [("dropped", field)]
    with pytest.raises(InvalidRequestError) as caught:
        chat(**{field: value}, strict=True)
    assert caught.value.details.param == field


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("n", 1),
        ("logprobs", False),
        ("logit_bias", {}),
        ("presence_penalty", 0),
        ("modalities", ["text"]),
        ("service_tier", "auto"),
        ("store", False),
        ("stream_options", {"include_usage": True, "include_obfuscation": False}),
        ("metadata", None),
    ],
)
def test_what_asks_for_nothing_special_is_left_out_in_silence(chat, field, value):
    assert chat(**{field: value}, strict=True).warnings == []


def test_a_limit_that_is_absent_is_the_models_own(chat, responses):
    assert chat().body["max_tokens"] == 64000
    assert chat(max_tokens=7).body["max_tokens"] == 7
    assert responses(max_output_tokens=7).body["max_tokens"] == 7


def test_sampling_is_mapped_and_a_high_temperature_clamped(chat):
    body, warnings = chat(temperature=0.5, top_p=0.9)
    assert (body["temperature"], body["top_p"]) == (0.5, 0.9)
    assert warnings == []
    body, warnings = chat(temperature=1.4)
    assert body["temperature"] == 1
    assert warnings == [("emulated", "temperature")]


def test_a_model_without_sampling_is_sent_none(chat):
    body, warnings = chat(temperature=1, top_p=1, known=FIXED)
    assert not body.keys() & {"temperature", "top_p"}
    assert warnings == []
    body, warnings = chat(temperature=0.2, top_p=0.9, known=FIXED)
    assert not body.keys() & {"temperature", "top_p"}
    assert warnings == [("dropped", "temperature"), ("dropped", "top_p")]


def test_sampling_is_not_set_while_the_model_thinks(chat):
    body, warnings = chat(temperature=0.2, reasoning_effort="low")
    assert "temperature" not in body
    assert warnings == [("dropped", "temperature")]


def test_a_model_that_takes_one_of_them_is_sent_the_temperature(chat):
    known = {"one_sampling_field": True}
    body, warnings = chat(temperature=0.2, top_p=0.9, known=known)
    assert "top_p" not in body
    assert warnings == [("dropped", "top_p")]
    assert chat(temperature=0.2, top_p=1, known=known).warnings == []
    assert chat(top_p=0.9, known=known).body["top_p"] == 0.9


def test_stop_sequences_of_white_space_are_dropped(chat):
    body, warnings = chat(stop=["END", "\n\n"])
    assert body["stop_sequences"] == ["END"]
    assert warnings == [("dropped", "stop")]
    assert "stop_sequences" not in chat(stop="\n").body


def test_a_schema_is_enforced_within_the_subset(chat, responses):
    body, warnings = chat(response_format=FORMAT, strict=True)
    assert body["output_config"] == {"format": {"type": "json_schema", "schema": ENFORCED}}
    assert warnings == []
    flat = {"type": "json_schema", **FORMAT["json_schema"]}
    body, _ = responses(text={"format": flat})
    assert body["output_config"]["format"]["schema"] == ENFORCED


def test_a_recursive_schema_is_rejected(responses):
    form = {"type": "json_schema", "name": "n", "schema": RECURSIVE}
    with pytest.raises(InvalidRequestError) as caught:
        responses(text={"format": form})
    assert caught.value.details.param == "text.format"


def test_json_is_asked_for_by_an_instruction_after_the_clients_own(chat):
    messages = [{"role": "system", "content": "S"}, {"role": "user", "content": "a"}]
    body, warnings = chat(messages=messages, response_format={"type": "json_object"})
    assert body["system"][0]["text"] == "S"
    assert "JSON object" in body["system"][1]["text"]
    assert "output_config" not in body
    assert warnings == [("emulated", "response_format")]


def test_an_older_model_is_told_the_schema(chat):
    body, warnings = chat(response_format=FORMAT, known={"structured_output": False})
    assert '"minimum":0' in body["system"][0]["text"]
    assert "output_config" not in body
    assert warnings == [("emulated", "response_format")]


def test_a_schema_that_cannot_be_enforced_is_an_instruction(responses):
    schema = {"type": "object", "additionalProperties": {"type": "integer"}}
    body, warnings = responses(
        text={"format": {"type": "json_schema", "name": "n", "schema": schema}}
    )
    assert "output_config" not in body
    assert json.dumps(schema, separators=(",", ":")) in body["system"][-1]["text"]
    assert warnings == [("emulated", "text.format")]


def test_plain_text_is_no_format(responses):
    assert responses(text={"format": {"type": "text"}}, strict=True).warnings == []


def test_the_end_user_is_known_by_one_name(chat):
    body, warnings = chat(user="u", safety_identifier="s")
    assert body["metadata"] == {"user_id": "s"}
    assert warnings == [("dropped", "user")]
    assert chat(user="u", strict=True).body["metadata"] == {"user_id": "u"}


def test_an_earlier_response_is_not_known(responses):
    with pytest.raises(InvalidRequestError) as caught:
        responses(previous_response_id="resp_1")
    assert caught.value.details.param == "previous_response_id"


def test_streaming_is_asked_for(chat):
    assert chat(stream=True).body["stream"] is True
    assert "stream" not in chat(stream=False).body


def test_what_the_gateway_keeps_is_not_asked_of_anthropic():
    request = chat_request(dialect="openai_responses").normalized
    request.conversation = Conversation(store=True, previous_response_id="r", kept_here=True)
    translation = Translation()
    ANTHROPIC_MESSAGES.requests.encode(request, translation)
    assert translation.warnings == []
