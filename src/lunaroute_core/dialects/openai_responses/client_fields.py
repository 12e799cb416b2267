"""What a client calls the fields of its request, for warnings and errors about them."""

_NAMES = {
    "anthropic_messages": {
        "turns": "messages",
        "instructions": "system",
        "max_output_tokens": "max_tokens",
        "stop": "stop_sequences",
        "effort": "output_config.effort",
        "format": "output_config.format",
        "tier": "service_tier",
        "user": "metadata.user_id",
        "mode": "thinking",
        "budget": "thinking.budget_tokens",
    },
    "openai_chat": {
        "turns": "messages",
        "instructions": "messages",
        "max_output_tokens": "max_completion_tokens",
        "effort": "reasoning_effort",
        "mode": "reasoning_effort",
        "format": "response_format",
        "tier": "service_tier",
    },
}


def client_field(dialect: str, key: str) -> str:
    """The name, in a dialect, of what the normalized model calls `key`; else that word."""
    return _NAMES.get(dialect, {}).get(key, key)
