"""The dialects this gateway speaks. A new one is a new folder and one line here."""

from collections.abc import Iterator, Mapping
from importlib import import_module

from attrs import define, field

from lunaroute_core.dialects.dialect import Dialect


@define(eq=False)
class DialectRegistry(Mapping[str, Dialect]):
    """Dialects by name, in order of preference; each is imported when it is first needed.

    The dialect `acme_prompt` is the constant `ACME_PROMPT` of the folder `acme_prompt`.
    """

    names: tuple[str, ...]
    loaded: dict[str, Dialect] = field(factory=dict[str, Dialect], init=False)

    def __getitem__(self, name: str) -> Dialect:
        if name not in self.names:
            raise KeyError(name)
        if name not in self.loaded:
            folder = import_module(f"lunaroute_core.dialects.{name}")
            self.loaded[name] = getattr(folder, name.upper())
        return self.loaded[name]

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)


DIALECTS = DialectRegistry(
    (
        "openai_chat",
        "openai_responses",
        "anthropic_messages",
    )
)


def dialect_named(name: str) -> Dialect:
    """A registered dialect.

    Raises:
        KeyError: no such dialect is registered.
    """
    return DIALECTS.loaded.get(name) or DIALECTS[name]
