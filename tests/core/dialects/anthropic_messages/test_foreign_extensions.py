import pytest

from lunaroute_core.errors import InvalidRequestError


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("background", True),
        ("truncation", "auto"),
        ("prompt", {"id": "pmpt_1"}),
        ("conversation", "conv_1"),
        ("moderation", {"model": "m", "policy": {"output": {"mode": "block"}}}),
        ("text", {"format": {"type": "grammar"}}),
    ],
)
def test_what_decides_the_answer_is_rejected(responses, field, value):
    with pytest.raises(InvalidRequestError) as caught:
        responses(**{field: value})
    assert caught.value.details.param == field


def test_an_unknown_format_is_rejected(chat):
    with pytest.raises(InvalidRequestError) as caught:
        chat(response_format={"type": "grammar", "grammar": "x"})
    assert caught.value.details.param == "response_format"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("moderation", {"model": "m", "policy": {"output": {"mode": "score"}}}),
        ("context_management", [{"type": "compaction", "compact_threshold": 9}]),
        ("client_metadata", {"a": "b"}),
        ("include", ["file_search_call.results"]),
        ("future", 1),
    ],
)
def test_hints_are_dropped_or_in_strict_translation_rejected(responses, field, value):
    assert responses(**{field: value}).warnings == [("dropped", field)]
    with pytest.raises(InvalidRequestError) as caught:
        responses(**{field: value}, strict=True)
    assert caught.value.details.param == field


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("background", False),
        ("truncation", "disabled"),
        ("include", ["reasoning.encrypted_content"]),
        ("include", []),
        ("future", None),
        ("stream_options", {"include_obfuscation": True}),
    ],
)
def test_what_asks_for_nothing_special_is_left_out_in_silence(responses, field, value):
    assert responses(**{field: value}, strict=True).warnings == []


def test_fields_of_messages_are_dropped_but_not_empty_ones(chat):
    messages = [
        {"role": "user", "content": "a", "weight": 1},
        {"role": "assistant", "content": "b", "annotations": [], "audio": None, "refusal": None},
        {"role": "user", "content": [{"type": "text", "text": "c", "tone": "dry"}]},
    ]
    assert chat(messages=messages).warnings == [
        ("dropped", "messages[].weight"),
        ("dropped", "messages[].content[].tone"),
    ]


def test_the_frames_of_items_are_not_missed(responses):
    items = [
        {"type": "message", "id": "msg_1", "role": "user", "status": "completed", "content": "a"},
        {
            "type": "function_call",
            "id": "fc_1",
            "status": "completed",
            "call_id": "1",
            "name": "f",
            "arguments": "{}",
        },
        {
            "type": "function_call_output",
            "id": "fco_1",
            "status": "completed",
            "call_id": "1",
            "output": "ok",
        },
    ]
    assert responses(input=items, strict=True).warnings == []
