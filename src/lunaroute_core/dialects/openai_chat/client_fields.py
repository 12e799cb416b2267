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
        "parallel_tool_calls": "tool_choice.disable_parallel_tool_use",
        "mode": "thinking",
        "budget": "thinking.budget_tokens",
    },
    "openai_responses": {
        "turns": "input",
        "effort": "reasoning.effort",
        "mode": "reasoning",
        "budget": "reasoning",
        "format": "text.format",
        "verbosity": "text.verbosity",
        "tier": "service_tier",
    },
}


def client_field(dialect: str, key: str) -> str:
    """The name, in a dialect, of what the normalized model calls `key`; else that word."""
    return _NAMES.get(dialect, {}).get(key, key)
