"""What clients of this dialect call the fields of a request, and of its answer."""

FIELD_NAMES = {
    "turns": "messages",
    "instructions": "messages",
    "max_output_tokens": "max_completion_tokens",
    "effort": "reasoning_effort",
    "mode": "reasoning_effort",
    "budget": "reasoning_effort",
    "display": "reasoning",
    "format": "response_format",
    "file_name": "file.filename",
    "tier": "service_tier",
    "cache_options": "prompt_cache_options",
    "cache_key": "prompt_cache_key",
    "detail": "image_url.detail",
    "parameters": "function.parameters",
    "strict": "function.strict",
    "grammar": "custom.format",
    "breakpoint": "messages[].content[].prompt_cache_breakpoint",
    "finish": "finish_reason",
}
