import pytest


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("container", "c"),
        ("thread", "t"),
        ("compaction", {"type": "x"}),
        ("inference_geo", "us"),
        ("output_config", {"format": {"type": "new"}}),
    ],
)
def test_what_an_anthropic_answer_would_lack_is_rejected(anthropic, refusal, field, value):
    assert refusal(anthropic, **{field: value}) == field


@pytest.mark.parametrize(
    ("field", "value"), [("fallbacks", [{"model": "m"}]), ("speed", "fast"), ("new_field", 1)]
)
def test_hints_of_anthropic_clients_are_dropped(anthropic, refusal, field, value):
    assert anthropic(**{field: value})[1] == [("dropped", field)]
    assert refusal(anthropic, strict=True, **{field: value}) == field


def test_unknown_formats_of_chat_are_rejected(chat, refusal):
    assert refusal(chat, response_format={"type": "new"}) == "response_format"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("prediction", {"type": "content", "content": "x"}),
        ("context_management", {"edits": [{"type": "compact_20260112"}]}),
        ("mcp_servers", [{"type": "url", "name": "x", "url": "https://x"}]),
        ("new_field", 1),
    ],
)
def test_hints_of_chat_clients_are_dropped(chat, field, value):
    """Those of another dialect's name too: Chat has no such fields."""
    body, warnings = chat(**{field: value})
    assert warnings == [("dropped", field)]
    assert body.keys() == {"model", "store", "input"}


def test_fields_that_ask_for_nothing_are_no_loss(anthropic, chat):
    inert = {"speed": "standard", "inference_geo": "global", "output_config": {"effort": None}}
    assert anthropic(container=None, tools=[], stream=False, **inert)[1] == []
    options = {"stream": True, "stream_options": {"include_usage": True}}
    assert chat(tools=[], metadata=None, **options)[1] == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("moderation", {"model": "omni", "policy": {"input": {"mode": "block"}}}),
        ("prompt_cache_retention", "24h"),
    ],
)
def test_what_openais_dialects_share_is_carried(chat, field, value):
    body, warnings = chat(**{field: value})
    assert body[field] == value
    assert warnings == []


def test_others_do_not_moderate_for_openai(chat, refusal):
    moderation = {"model": "omni", "policy": {"input": {"mode": "block"}}}
    assert refusal(chat, moderation=moderation, model="llama-4") == "moderation"
    assert chat(moderation={"model": "omni"}, model="llama-4")[1] == [("dropped", "moderation")]


def test_what_clients_echo_of_an_answer_is_no_loss(chat):
    said = {"role": "assistant", "content": "a", "refusal": None, "annotations": [], "audio": None}
    turns = [{"role": "user", "content": "hi"}, said, {"role": "user", "content": "b"}]
    assert chat(turns)[1] == []


def test_fields_of_messages_are_named_by_their_place(chat):
    turns = [{"role": "user", "content": [{"type": "text", "text": "a", "x": 1}], "y": 2}]
    assert chat(turns)[1] == [
        ("dropped", "messages[].y"),
        ("dropped", "messages[].content[].x"),
    ]
