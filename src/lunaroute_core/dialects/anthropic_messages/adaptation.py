"""What every step of making a foreign request Anthropic's is told."""

from typing import NoReturn

from msgspec import Struct

from lunaroute_core.capabilities import Capabilities
from lunaroute_core.dialects.client_field import client_field
from lunaroute_core.dialects.tool_ids import ToolNames, short_id
from lunaroute_core.translation import Translation


class Adaptation(Struct, kw_only=True):
    """One request on its way from another dialect.

    Attributes:
        dialect: the client's dialect, in whose terms is spoken of what is lost.
        translation: the model's capabilities, and where losses are noted.
        names: the names of the request's tools.
        marks_caches: whether a prompt-cache breakpoint was met on the way.
    """

    dialect: str
    translation: Translation
    names: ToolNames
    marks_caches: bool = False

    @property
    def capabilities(self) -> Capabilities:
        return self.translation.capabilities

    def named(self, key: str) -> str:
        """The client's name for a field."""
        return client_field(self.dialect, key)

    def reject(self, key: str, message: str) -> NoReturn:
        """Refuse the request for a field."""
        self.translation.rejected(self.named(key), message)

    def call_id(self, original: str) -> str:
        """A tool call's id as Anthropic accepts it."""
        known = self.translation.capabilities
        return short_id(original, limit=known.tool_id_length, exact=known.exact_tool_ids)
