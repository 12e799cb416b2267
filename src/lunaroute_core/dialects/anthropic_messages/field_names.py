"""What clients of this dialect call the fields of a request, and of its answer."""

FIELD_NAMES = {
    "turns": "messages",
    "instructions": "system",
    "max_output_tokens": "max_tokens",
    "stop": "stop_sequences",
    "effort": "output_config.effort",
    "format": "output_config.format",
    "file_name": "title",
    "tier": "service_tier",
    "user": "metadata.user_id",
    "parallel_tool_calls": "tool_choice.disable_parallel_tool_use",
    "mode": "thinking",
    "budget": "thinking.budget_tokens",
    "finish": "stop_reason",
}
