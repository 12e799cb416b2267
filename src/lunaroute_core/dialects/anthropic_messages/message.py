"""Writes what a finished message and a stream's `message_start` have in common."""

from lunaroute_core.json_value import JSONObject


def write_message(*, message_id: str, model: str, usage: JSONObject) -> JSONObject:
    """A message without content, not yet stopped."""
    return {
        "id": message_id if message_id.startswith("msg_") else f"msg_{message_id}",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "stop_details": None,
        "usage": usage,
    }
