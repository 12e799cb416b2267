"""Whether a rule's match can be read, and some request can be it."""

import re
from collections.abc import Iterator

from lunaroute_core.dialects.registry import DIALECTS
from lunaroute_routing.patterns import check_pattern
from lunaroute_server.config.key_path import KeyPath
from lunaroute_server.config.problem import Problem
from lunaroute_server.config.routing_rule import MatchConfig, listed

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_KIND_NEEDS = {"model": "model_pattern", "listener": "dialect"}
_NOTHING = MatchConfig()


def match_problems(match: MatchConfig, path: KeyPath) -> Iterator[Problem]:
    yield from _kind(match, path)
    yield from _patterns(match, path)
    yield from _dialects(match, (*path, "dialect"))
    yield from _texts(match, path)
    least, most = match.min_input_tokens, match.max_input_tokens
    if least is not None and most is not None and least > most:
        yield Problem.at("is more than max_input_tokens", *path, "min_input_tokens")


def _kind(match: MatchConfig, path: KeyPath) -> Iterator[Problem]:
    """What the original's kinds of matchers say, against what else is there."""
    needed = _KIND_NEEDS.get(match.type or "")
    if needed is not None and getattr(match, needed) == getattr(_NOTHING, needed):
        spelling = "pattern" if needed == "model_pattern" else "listener"
        yield Problem.at(f'"{spelling}" is missing: "type: {match.type}" needs it', *path)
    if match.always is False or (match.type == "override" and match.override is False):
        key = "always" if match.always is False else "override"
        yield Problem.at("must be true: otherwise the rule would take no request", *path, key)
    if match.always or match.type == "always":
        given = [name for name in _conditions() if getattr(match, name) != getattr(_NOTHING, name)]
        key = "always" if match.always else "type"
        if given:
            yield Problem.at(f"contradicts {', '.join(given)}", *path, key)


def _conditions() -> tuple[str, ...]:
    return tuple(name for name in MatchConfig.__struct_fields__ if name not in ("type", "always"))


def _patterns(match: MatchConfig, path: KeyPath) -> Iterator[Problem]:
    patterns = {("model_pattern",): match.model_pattern} if match.model_pattern else {}
    patterns |= {("headers", name): pattern for name, pattern in match.headers.items()}
    for key, pattern in patterns.items():
        if (reason := _unreadable(pattern)) is not None:
            yield Problem.at(reason, *path, *key)
    lowered: set[str] = set()
    for name in match.headers:
        if not _HEADER_NAME.fullmatch(name):
            yield Problem.at("is no valid header name", *path, "headers", name)
        elif name.lower() in lowered:
            yield Problem.at("is here twice: case makes no difference", *path, "headers", name)
        lowered.add(name.lower())


def _unreadable(pattern: str) -> str | None:
    try:
        check_pattern(pattern)
    except ValueError as error:
        return f"is no RE2 pattern: {error}"
    return None


def _dialects(match: MatchConfig, path: KeyPath) -> Iterator[Problem]:
    vendors = dict.fromkeys(dialect.vendor.name for dialect in DIALECTS.values())
    known = (*vendors, *DIALECTS)
    for name in listed(match.dialect):
        if name.lower() not in known:
            yield Problem.at(f'unknown dialect "{name}"; known are {", ".join(known)}', *path)


def _texts(match: MatchConfig, path: KeyPath) -> Iterator[Problem]:
    for key in ("model", "path", "tag"):
        if "" in listed(getattr(match, key)):
            yield Problem.at("must not be empty", *path, key)
    for key in ("model_glob", "model_pattern"):
        if getattr(match, key) == "":
            yield Problem.at("must not be empty", *path, key)
    for prefix in listed(match.path):
        if prefix and not prefix.startswith("/"):
            yield Problem.at("must begin with /", *path, "path")
