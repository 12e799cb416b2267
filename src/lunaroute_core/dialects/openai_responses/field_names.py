"""What clients of this dialect call the fields of a request, and of its answer."""

FIELD_NAMES = {
    "turns": "input",
    "effort": "reasoning.effort",
    "mode": "reasoning",
    "budget": "reasoning",
    "display": "reasoning.summary",
    "format": "text.format",
    "citations": "annotations",
    "file_name": "filename",
    "verbosity": "text.verbosity",
    "tier": "service_tier",
    "cache_options": "prompt_cache_options",
    "cache_key": "prompt_cache_key",
    "grammar": "format",
    "logprobs": "include",
    "breakpoint": "input[].content[].prompt_cache_breakpoint",
    "finish": "status",
}
