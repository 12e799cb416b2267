"""The dialect's name, as it stands in extensions, citations and opaque blocks."""

DIALECT = "anthropic_messages"
VENDOR = "anthropic"
