"""How large and how extreme a decoded request may be."""

from msgspec import Struct


class RequestLimits(Struct, frozen=True, kw_only=True):
    """Bounds a codec checks while it decodes; None means unbounded.

    The defaults let every legitimate request to today's models through; `STRICT_LIMITS`
    holds the values of the original LunaRoute. Sizes are in bytes of UTF-8.
    """

    max_model_bytes: int = 256
    max_messages: int = 100_000
    max_string_bytes: int | None = None
    """One message's string content."""
    max_tool_arguments_bytes: int | None = None
    """The arguments of one tool call in the history."""
    max_output_tokens: int | None = None
    max_choices: int | None = 128


DEFAULT_LIMITS = RequestLimits()
STRICT_LIMITS = RequestLimits(
    max_string_bytes=1_000_000,
    max_tool_arguments_bytes=1_000_000,
    max_output_tokens=100_000,
    max_choices=10,
)
