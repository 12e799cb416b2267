import pytest


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("container", "c"),
        ("mcp_servers", [{"type": "url"}]),
        ("thread", "t"),
        ("compaction", {"type": "x"}),
        ("inference_geo", "us"),
        ("output_config", {"format": {"type": "new"}}),
    ],
)
def test_what_an_anthropic_answer_would_lack_is_rejected(anthropic, refusal, field, value):
    assert refusal(anthropic, **{field: value}) == field


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("context_management", {"edits": [{"type": "clear_thinking_20251015"}]}),
        ("fallbacks", [{"model": "m"}]),
        ("speed", "fast"),
        ("new_field", 1),
    ],
)
def test_hints_of_anthropic_clients_are_dropped(anthropic, refusal, field, value):
    assert anthropic(**{field: value})[1] == [("dropped", field)]
    assert refusal(anthropic, strict=True, **{field: value}) == field


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("background", True),
        ("conversation", "c"),
        ("prompt", {"id": "p"}),
        ("truncation", "auto"),
        ("text", {"format": {"type": "new"}}),
    ],
)
def test_what_a_responses_answer_would_lack_is_rejected(responses, refusal, field, value):
    assert refusal(responses, **{field: value}) == field


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("context_management", [{"type": "compaction"}]),
        ("include", ["file_search_call.results"]),
        ("new_field", 1),
    ],
)
def test_hints_of_responses_clients_are_dropped(responses, field, value):
    assert responses(**{field: value})[1] == [("dropped", field)]


def test_what_is_left_of_a_field_that_is_read_in_part_is_named(responses):
    reasoning = {"effort": "low", "context": "x"}
    assert responses(reasoning=reasoning)[1] == [("dropped", "reasoning.context")]


def test_fields_that_ask_for_nothing_are_no_loss(anthropic, responses):
    given = {"background": False, "truncation": "disabled", "conversation": None}
    options = {"stream": True, "stream_options": {"include_obfuscation": False}}
    include = ["reasoning.encrypted_content"]
    assert responses(**given, **options, include=include)[1] == []
    assert anthropic(container=None, tools=[], stream=False)[1] == []


def test_openais_moderation_is_carried(responses, refusal):
    moderation = {"model": "omni", "policy": {"input": {"mode": "block"}}}
    assert responses(moderation=moderation)[0]["moderation"] == moderation
    assert refusal(responses, moderation=moderation, model="llama-4") == "moderation"
    hint = {"model": "omni"}
    assert responses(moderation=hint, model="llama-4")[1] == [("dropped", "moderation")]


def test_ids_and_states_of_items_are_no_loss(responses):
    items = [
        {"type": "message", "id": "m", "status": "completed", "role": "user", "content": "a"},
        {
            "type": "function_call",
            "id": "f",
            "call_id": "c",
            "name": "f",
            "arguments": "{}",
            "status": "completed",
        },
        {"type": "function_call_output", "call_id": "c", "output": "b", "status": "completed"},
    ]
    assert responses(items)[1] == []
