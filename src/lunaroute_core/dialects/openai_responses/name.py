"""The dialect's name, as it stands in extensions, citations and opaque blocks."""

DIALECT = "openai_responses"
VENDOR = "openai"
