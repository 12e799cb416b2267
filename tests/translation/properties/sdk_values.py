"""Values of the vendors' own types: the SDKs' `TypedDict`s and models, as JSON.

Every alternative of a union is drawn, fields that may be left out mostly are, and lists are
short. What a type cannot say (that a name has no spaces, that an index is no text) is a rule of
its field, named `Type.field` or just `field`.
"""

import itertools
import json
import typing
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Required, TypeAlias, Union, get_args, get_origin

from attrs import define, field
from hypothesis import strategies as st
from pydantic import BaseModel
from typing_extensions import is_typeddict

ENDS = st.sampled_from(["", "", " é", "\u2028", "\n\t", '"\\', " 😀", "</x>", "\u0000", " [ ] "])
NUMBERS = st.sampled_from([0, 1, 2, 7, 1000, 2**31, 2**53])
FLOATS = st.sampled_from([0.0, 0.25, 1.0, 1.5, 12.125, -3.5, 1e-9])
FLAGS = st.booleans()

EXTRA = "x_new"
"""A field that no SDK knows."""

_DEEP = 6
"""Below that, what may be left out is."""

Rule: TypeAlias = "Callable[[Drawing], Any]"


@define
class Drawing:
    """Draws values of one example.

    Attributes:
        rules: by field.
        one_of: fields of which a type needs one, though it does not say so.
        most: how many of an object's optional fields are there.
        extra: whether objects may have a field that the SDK does not know.
    """

    draw: Callable[[st.SearchStrategy[Any]], Any]
    rules: Mapping[str, Rule]
    one_of: Mapping[str, Sequence[str]] = field(factory=dict[str, Sequence[str]])
    most: int = 3
    extra: bool = False
    _marks: Iterator[int] = field(factory=itertools.count, init=False)

    def mark(self) -> str:
        """A text that occurs once."""
        return f"m{next(self._marks)}x"

    def text(self) -> str:
        """A text that occurs once, with an end that is hard to carry; now and then none."""
        if self.chance(8):
            return ""
        return self.mark() + self.draw(ENDS)

    def chance(self, one_in: int) -> bool:
        """Shrinks to no."""
        return self.draw(st.integers(0, one_in - 1)) == one_in - 1

    def choice(self, options: Sequence[Any]) -> Any:
        return options[0] if len(options) == 1 else self.draw(st.sampled_from(options))

    def some(self, options: Sequence[Any], *, most: int) -> list[Any]:
        """A few of them, in their order."""
        if not options:
            return []
        places = st.lists(st.integers(0, len(options) - 1), max_size=most, unique=True)
        return [options[place] for place in sorted(self.draw(places))]

    def value(self, kind: Any, *, depth: int = 0) -> Any:
        """A value of a type."""
        kind = plain(kind)
        if is_object(kind):
            return self.object(kind, depth=depth)
        origin, args = get_origin(kind), get_args(kind)
        if origin in (Union, UnionType):
            return self._alternative(args, depth)
        if origin is Literal:
            return self.choice(args)
        if origin is dict:
            keys = [self.mark() for _ in range(self.draw(st.integers(0, 2)))]
            return {key: self.value(args[1], depth=depth + 1) for key in keys}
        if origin is not None:
            size = self.draw(st.integers(0, 2 if depth < _DEEP else 0))
            return [self.value(args[0], depth=depth + 1) for _ in range(size)]
        return self._scalar(kind, depth)

    def object(
        self,
        kind: type,
        *,
        depth: int = 0,
        only: Collection[str] | None = None,
        **given: Any,
    ) -> dict[str, Any]:
        """An object of a type, of the fields in `only` if it is given, with those that are."""
        needed, optional = fields_of(kind)
        if only is not None:
            optional = {key: it for key, it in optional.items() if key in only}
        names = self.some(
            [it for it in optional if it not in given], most=self.most if depth < _DEEP else 0
        )
        made = {}
        for key in (*needed, *names):
            made[key] = given[key] if key in given else self._field(kind, key, depth + 1)
        made |= given
        wanted = self.one_of.get(kind.__name__, ())
        if wanted and all(made.get(key) is None for key in wanted):
            key = self.choice(wanted)
            made[key] = self._field(kind, key, depth + 1)
            if made[key] is None:
                made[key] = self.mark()
        if self.extra and self.chance(12):
            made[EXTRA] = self.json()
        return made

    def _field(self, kind: type, key: str, depth: int) -> Any:
        needed, optional = fields_of(kind)
        wanted = plain((needed | optional)[key])
        rule = self.rules.get(f"{kind.__name__}.{key}")
        if rule is None and get_origin(wanted) is not Literal:
            rule = self.rules.get(key)
        return self.value(wanted, depth=depth) if rule is None else rule(self)

    def _alternative(self, kinds: Sequence[Any], depth: int) -> Any:
        if depth >= _DEEP and NoneType in kinds:
            return None
        return self.value(self.choice(kinds), depth=depth)

    def _scalar(self, kind: Any, depth: int) -> Any:
        if kind is str:
            return self.text()
        if kind is object or kind is Any:
            return self.json(depth)
        if kind in (NoneType, None):
            return None
        return self.draw({bool: FLAGS, int: NUMBERS, float: FLOATS}[kind])

    def json(self, depth: int = 0) -> Any:
        """Any JSON value."""
        scalars = [self.text, self.text, lambda: None, *map(self._drawn, (FLAGS, NUMBERS, FLOATS))]
        nested = [lambda: self.json_list(depth + 2), lambda: self.json_object(depth + 2)]
        return self.choice(scalars if depth >= _DEEP else scalars + nested)()

    def _drawn(self, values: st.SearchStrategy[Any]) -> Callable[[], Any]:
        return lambda: self.draw(values)

    def json_list(self, depth: int = 0) -> list[Any]:
        return [self.json(depth) for _ in range(self.draw(st.integers(0, 2)))]

    def json_object(self, depth: int = 0) -> dict[str, Any]:
        return {self.text(): self.json(depth) for _ in range(self.draw(st.integers(0, 2)))}

    def json_text(self) -> str:
        return json.dumps(self.json_object(), ensure_ascii=self.draw(FLAGS))


def plain(kind: Any) -> Any:
    """A type without what is said about it."""
    while get_origin(kind) in (typing.Annotated, Required):
        kind = get_args(kind)[0]
    return kind


def is_object(kind: Any) -> bool:
    return is_typeddict(kind) or (isinstance(kind, type) and issubclass(kind, BaseModel))


@cache
def fields_of(kind: type) -> tuple[dict[str, Any], dict[str, Any]]:
    """The types of the fields that an object must have, and of those that it may have."""
    needed: dict[str, Any] = {}
    optional: dict[str, Any] = {}
    if is_typeddict(kind):
        hints = typing.get_type_hints(kind, include_extras=True)
        for name, hint in hints.items():
            (needed if _is_required(hint) else optional)[name] = hint
    else:
        for name, info in kind.model_fields.items():
            group = needed if info.is_required() else optional
            group[info.alias or name] = info.annotation
    return needed, optional


def _is_required(hint: Any) -> bool:
    while get_origin(hint) is typing.Annotated:
        hint = get_args(hint)[0]
    return get_origin(hint) is Required


def alternatives(kind: Any) -> Iterator[Any]:
    """The types in a union, or in the elements of a list."""
    kind = plain(kind)
    if is_object(kind) or get_origin(kind) is None:
        yield kind
    else:
        for inner in get_args(kind):
            yield from alternatives(inner)
