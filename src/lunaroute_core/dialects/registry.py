"""The dialects this gateway speaks. A new one is a new folder and one line here."""

from lunaroute_core.dialects.anthropic_messages import ANTHROPIC_MESSAGES
from lunaroute_core.dialects.dialect import Dialect
from lunaroute_core.dialects.openai_chat import OPENAI_CHAT
from lunaroute_core.dialects.openai_responses import OPENAI_RESPONSES

DIALECTS: dict[str, Dialect] = {
    dialect.name: dialect
    for dialect in (
        OPENAI_CHAT,
        OPENAI_RESPONSES,
        ANTHROPIC_MESSAGES,
    )
}


def dialect_named(name: str) -> Dialect:
    """A registered dialect.

    Raises:
        KeyError: no such dialect is registered.
    """
    return DIALECTS[name]
