"""The dialects this gateway speaks. A new one is a new folder and one line here."""

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module

from attrs import Factory, define, field

from lunaroute_core.dialects.dialect import Dialect


class _Loaded(dict[str, Dialect]):
    """Those of a registry that were needed once."""

    def __init__(self, registry: "DialectRegistry") -> None:
        super().__init__()
        self._registry = registry

    def __missing__(self, name: str) -> Dialect:
        if name not in self._registry.names:
            raise KeyError(name)
        folder = import_module(f"lunaroute_core.dialects.{name}")
        dialect: Dialect = getattr(folder, name.upper())
        return self.setdefault(name, dialect)


@define(eq=False)
class DialectRegistry(Mapping[str, Dialect]):
    """Dialects by name, in order of preference; each is imported when it is first needed.

    The dialect `acme_prompt` is the constant `ACME_PROMPT` of the folder `acme_prompt`.
    """

    names: tuple[str, ...]
    loaded: _Loaded = field(default=Factory(_Loaded, takes_self=True), init=False)

    def __getitem__(self, name: str) -> Dialect:
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


dialect_named: Callable[[str], Dialect] = DIALECTS.loaded.__getitem__
"""A registered dialect; KeyError if there is none of that name. Each request asks several times,
so this is the look-up itself.
"""
