"""Which models a rule takes, as far as the beginning of their names says it."""

import re

from msgspec import Struct
from msgspec.structs import replace

from lunaroute_server.config.routing_rule import MatchConfig, listed

_ANCHORED = re.compile(r"\^((?:[\w/ :-]|\\[.-])*)(.*)", re.DOTALL)
_GLOB = re.compile(r"([^*?[]*)(.*)", re.DOTALL)
_ANYTHING = ("", ".*", ".*$")
_EVERYTHING = MatchConfig()


class Reach(Struct, frozen=True):
    """What a rule takes.

    Attributes:
        prefix: what the name of every model begins with that it takes.
        whole: whether it takes every such model.
        others: its conditions on other things.
    """

    prefix: str
    whole: bool
    others: MatchConfig

    def covers(self, other: "Reach") -> bool:
        """Whether it surely takes everything that the other takes."""
        if not self.whole or not other.prefix.startswith(self.prefix):
            return False
        return self.others in (_EVERYTHING, other.others)


def reach_of(match: MatchConfig) -> Reach:
    """What a rule's match takes."""
    said = [*_said_of_models(match)]
    prefix, whole = max(said, default=("", True), key=lambda one: len(one[0]))
    others = replace(match, type=None, always=None, model=(), model_glob=None, model_pattern=None)
    if match.type == "override":
        others = replace(others, override=True)
    return Reach(prefix, whole and len(said) <= 1, others)


def _said_of_models(match: MatchConfig) -> list[tuple[str, bool]]:
    said: list[tuple[str, bool]] = []
    if models := listed(match.model):
        said.append((_common_beginning(models), False))
    if match.model_glob is not None and (found := _GLOB.match(match.model_glob)):
        said.append((found[1], found[2] == "*"))
    if match.model_pattern is not None:
        said.append(_pattern(match.model_pattern))
    return said


def _common_beginning(names: tuple[str, ...]) -> str:
    first, last = min(names), max(names)
    differing = (place for place, one in enumerate(first) if not last.startswith(one, place))
    return first[: next(differing, len(first))]


def _pattern(pattern: str) -> tuple[str, bool]:
    found = _ANCHORED.match(pattern)
    if found is None or "|" in pattern:
        return "", False
    literal, rest = found.groups()
    if rest[:1] in ("*", "?", "{") and rest:
        literal = re.sub(r"\\?.\Z", "", literal)
    return literal.replace("\\", ""), rest in _ANYTHING
