"""What every step of making a foreign request one of OpenAI's dialects is told."""

from typing import NoReturn

from attrs import frozen

from lunaroute_core.capabilities import Capabilities
from lunaroute_core.dialects.client_field import client_field
from lunaroute_core.dialects.tool_ids import ToolNames, short_id
from lunaroute_core.translation import Translation

_OPENAI = frozenset({"openai_chat", "openai_responses"})


@frozen(kw_only=True)
class Adaptation:
    """One request on its way from another dialect.

    Attributes:
        dialect: the client's dialect, in whose terms is spoken of what is lost.
        translation: the model's capabilities, and where losses are noted.
        names: the names of the request's tools.
    """

    dialect: str
    translation: Translation
    names: ToolNames

    @property
    def capabilities(self) -> Capabilities:
        return self.translation.capabilities

    @property
    def same_vendor(self) -> bool:
        """Whether the client speaks OpenAI's other dialect, whose words mean the same here."""
        return self.dialect in _OPENAI

    @property
    def marks_caches(self) -> bool:
        """Whether single parts may be marked for the prompt cache."""
        return self.capabilities.cache_marks and self.capabilities.first_party

    def named(self, key: str) -> str:
        """The client's name for a field."""
        return client_field(self.dialect, key)

    def in_content(self, key: str) -> str:
        """The client's name for a field of content in its turns."""
        return f"{self.named('turns')}[].{key}"

    def call_id(self, original: str) -> str:
        """A tool call's id as the upstream accepts it."""
        known = self.capabilities
        return short_id(original, limit=known.tool_id_length, exact=known.exact_tool_ids)

    def reject_content(self, message: str) -> NoReturn:
        """Raises InvalidRequestError for something in the turns."""
        self.translation.rejected(self.named("turns"), message)
