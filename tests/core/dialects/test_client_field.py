import pytest

from lunaroute_core.dialects.client_field import client_field


@pytest.mark.parametrize(
    ("dialect", "key", "name"),
    [
        ("openai_chat", "turns", "messages"),
        ("openai_responses", "turns", "input"),
        ("openai_responses", "format", "text.format"),
        ("openai_chat", "seed", "seed"),
        ("openai_chat", "finish", "finish_reason"),
        ("anthropic_messages", "finish", "stop_reason"),
        ("acme_prompt", "turns", "turns"),
    ],
)
def test_a_field_has_its_clients_name(dialect, key, name):
    assert client_field(dialect, key) == name
