"""What to tell a model that cannot be held to the format asked for."""

import msgspec

from lunaroute_core.model import OutputFormat

_JSON_ONLY = "Answer with one valid JSON object and nothing else: no prose, no code fence."
_JSON_SCHEMA = (
    "Answer with one JSON value that is valid against this JSON Schema, and with nothing else:"
    " no prose, no code fence."
)


def format_instruction(wanted: OutputFormat) -> str:
    """An instruction to answer in JSON, with the schema if there is one."""
    if wanted.schema is None:
        return _JSON_ONLY
    return f"{_JSON_SCHEMA}\n{msgspec.json.encode(wanted.schema).decode()}"
