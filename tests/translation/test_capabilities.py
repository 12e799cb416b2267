"""Every field of `Capabilities` changes what is sent somewhere."""

import pytest

from lunaroute_core.capabilities import Capabilities
from lunaroute_core.errors import InvalidRequestError

C, R, A = "openai_chat", "openai_responses", "anthropic_messages"
USER = {"role": "user", "content": "Hi"}
CHAT = {"messages": [USER]}
MESSAGES = {"messages": [USER], "max_tokens": 50}
TOOL = {"type": "function", "function": {"name": "f" * 60}}
TOOLS = [{"name": "f", "input_schema": {"type": "object"}}]
CALLED = [
    USER,
    {
        "role": "assistant",
        "content": [{"type": "tool_use", "id": "toolu_123456789", "name": "f", "input": {}}],
    },
    {
        "role": "user",
        "content": [{"type": "tool_result", "tool_use_id": "toolu_123456789", "content": "x"}],
    },
]
MARKED = {"type": "text", "text": "Hi", "cache_control": {"type": "ephemeral"}}
LATER = [USER, {"role": "assistant", "content": "a"}, USER, {"role": "developer", "content": "s"}]
SCHEMA = {"type": "json_schema", "json_schema": {"name": "s", "schema": {"type": "object"}}}
NEW = "gpt-5.6-sol"
ADAPTIVE = {"thinking": {"type": "adaptive"}, "output_config": {"effort": "high"}}

CASES = {
    "sampling": (A, C, {**MESSAGES, "temperature": 0.5}, True, False),
    "one_sampling_field": (C, A, {**CHAT, "temperature": 0.5, "top_p": 0.5}, False, True),
    "max_temperature": (C, A, {**CHAT, "temperature": 0.9}, 1.0, 0.5),
    "thinking": (C, A, {**CHAT, "reasoning_effort": "none"}, ["disabled"], ["between_tools"]),
    "efforts": (A, C, {**MESSAGES, **ADAPTIVE}, ["high"], ["low"]),
    "tools_while_reasoning": (A, C, {**MESSAGES, "tools": TOOLS, "model": NEW}, True, False),
    "forced_tools": (C, A, {**CHAT, "tools": [TOOL], "tool_choice": "required"}, True, False),
    "mid_conversation_system": (C, A, {"messages": LATER}, True, False),
    "prefill": (
        C,
        A,
        {"messages": [USER, {"role": "assistant", "content": "{"}]},
        True,
        False,
    ),
    "structured_output": (C, A, {**CHAT, "response_format": SCHEMA}, True, False),
    "max_stop_sequences": (A, C, {**MESSAGES, "stop_sequences": ["a", "b"]}, 2, 1),
    "max_output_tokens": (C, A, CHAT, 100, 200),
    "output_limit_field": (A, C, MESSAGES, "max_tokens", "max_completion_tokens"),
    "stream_usage": (A, C, {**MESSAGES, "stream": True}, True, False),
    "tool_id_length": (A, C, {**MESSAGES, "messages": CALLED, "tools": TOOLS}, 40, 12),
    "exact_tool_ids": (A, C, {**MESSAGES, "messages": CALLED, "tools": TOOLS}, False, True),
    "tool_name_length": (C, A, {**CHAT, "tools": [TOOL]}, 64, 32),
    "needs_user_turn": (
        R,
        C,
        {"input": [{"role": "developer", "content": "s"}]},
        False,
        True,
    ),
    "first_party": (A, C, {**MESSAGES, "metadata": {"user_id": "u"}}, True, False),
    "system_role": (A, C, {**MESSAGES, "system": "s"}, "system", "developer"),
    "cache_marks": (
        A,
        C,
        {**MESSAGES, "messages": [{"role": "user", "content": [MARKED]}], "model": NEW},
        True,
        False,
    ),
    "web_search": (C, A, {**CHAT, "web_search_options": {}}, True, False),
}


def test_every_field_is_tried():
    """A field that is added gets its case with it; what a model lacks altogether is no matter of
    translation, but of whether it is asked (tests/egress/test_lacking.py).
    """
    lacked = {"tools", "images", "documents", "context_window"}
    assert {*CASES} == {*Capabilities.__struct_fields__} - lacked


@pytest.mark.parametrize("field", CASES)
def test_a_field_has_an_effect(translate, field):
    client, upstream, body, *values = CASES[field]
    model = body.get("model")

    def sent(value):
        try:
            return translate(client, upstream, body, model=model, **{field: value}).body
        except InvalidRequestError as error:
            return error.details.param

    first, second = map(sent, values)
    assert isinstance(first, dict)
    assert first != second
