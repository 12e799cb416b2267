"""What a client calls the fields of its request, for warnings and errors about them."""

_NAMES = {
    "openai_chat": {
        "turns": "messages",
        "instructions": "messages",
        "max_output_tokens": "max_completion_tokens",
        "effort": "reasoning_effort",
        "display": "reasoning",
        "format": "response_format",
        "tier": "service_tier",
        "cache_options": "prompt_cache_options",
        "cache_key": "prompt_cache_key",
        "breakpoint": "messages[].content[].prompt_cache_breakpoint",
    },
    "openai_responses": {
        "turns": "input",
        "instructions": "instructions",
        "effort": "reasoning.effort",
        "display": "reasoning.summary",
        "format": "text.format",
        "verbosity": "text.verbosity",
        "tier": "service_tier",
        "cache_options": "prompt_cache_options",
        "cache_key": "prompt_cache_key",
        "breakpoint": "input[].content[].prompt_cache_breakpoint",
    },
    "anthropic_messages": {"turns": "messages", "instructions": "system"},
}


def client_field(dialect: str, key: str) -> str:
    """The name, in a dialect, of what the normalized model calls `key`; else that word."""
    return _NAMES.get(dialect, {}).get(key, key)
