"""A rule, read once, so that requests can be held against it."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager

from attrs import define, field

from lunaroute_core import ConfigurationError, Operation
from lunaroute_routing.conditions import (
    Condition,
    HeaderMatches,
    KeyIs,
    NamesProvider,
    PathBegins,
    QueryIs,
    Speaks,
    Streams,
    Tagged,
    TenantIs,
)
from lunaroute_routing.content_conditions import DeclaresTools, InputBetween, ShowsImages
from lunaroute_routing.model_condition import ModelIs
from lunaroute_routing.model_shape import Exact, shape_of_glob, shape_of_pattern
from lunaroute_routing.request_features import RequestFeatures
from lunaroute_routing.rule import Match, Rule
from lunaroute_routing.wording import is_none_of, quoted


@define(eq=False)
class CompiledRule:
    """A rule with its conditions, the cheaper ones first.

    Attributes:
        models: what it asks of the model's name; it can be looked up by the first.
        conditions: what else it asks.
        takes_forwarded: whether it takes requests that are forwarded as they are. Of them
            nothing is known but how they came, so only rules with `paths` take them.

    Raises:
        ConfigurationError: a pattern, glob or header name cannot be read.
    """

    rule: Rule
    models: tuple[ModelIs, ...] = field(init=False)
    conditions: tuple[Condition, ...] = field(init=False)
    takes_forwarded: bool = field(init=False)

    def __attrs_post_init__(self) -> None:
        match = self.rule.match
        self.models = tuple(_model_conditions(self.rule))
        self.conditions = (*_client(match), *_wire(self.rule), *_content(match))
        self.takes_forwarded = (
            bool(match.paths) and not self.models and not _names_of_content(match)
        )

    def takes(self, features: RequestFeatures) -> bool:
        """Whether all holds that it asks, beside the model's name.

        Raises:
            InvalidRequestError: all else holds, and the content cannot be understood.
        """
        for condition in self.conditions:  # noqa: SIM110 - `all` takes twice as long
            if not condition.holds(features):
                return False
        return True

    def mismatch(self, features: RequestFeatures) -> str | None:
        """The first thing that does not hold; None when the rule takes the request.

        Raises:
            InvalidRequestError: all else holds, and the content cannot be understood.
        """
        operation = features.request.operation
        if operation is Operation.LIST_MODELS:
            return "lists of models go by no rule"
        if operation is Operation.FORWARD and not self.takes_forwarded:
            return self._not_forwarded()
        for condition in (*self.models, *self.conditions):
            if not condition.holds(features):
                return condition.mismatch(features)
        return None

    def _not_forwarded(self) -> str:
        known = "of a request that is forwarded as it is,"
        names = ["the model's name"] if self.models else []
        names += _names_of_content(self.rule.match)
        if not self.rule.match.paths:
            return f"{known} only rules with paths are tried"
        return f"{known} {names[0]} is not known"


@contextmanager
def _reading(rule: Rule, name: str) -> Generator[None]:
    try:
        yield
    except ValueError as error:
        raise ConfigurationError(str(error), path=f"rule {rule.name}: {name}") from error


def _model_conditions(rule: Rule) -> Iterator[ModelIs]:
    match = rule.match
    if match.models:
        yield ModelIs(Exact(match.models), is_none_of(match.models))
    if match.model_glob is not None:
        with _reading(rule, "model_glob"):
            shape = shape_of_glob(match.model_glob)
        yield ModelIs(shape, is_none_of([match.model_glob]))
    if match.model_pattern is not None:
        with _reading(rule, "model_pattern"):
            shape = shape_of_pattern(match.model_pattern)
        yield ModelIs(shape, f"does not match {quoted(match.model_pattern)}")


def _client(match: Match) -> Iterator[Condition]:
    if match.stream is not None:
        yield Streams(match.stream)
    if match.override is not None:
        yield NamesProvider(match.override)
    if match.dialects:
        yield Speaks(match.dialects)
    if match.keys:
        yield KeyIs(match.keys)
    if match.tenants:
        yield TenantIs(match.tenants)
    if match.tags:
        yield Tagged(match.tags)


def _wire(rule: Rule) -> Iterator[Condition]:
    match = rule.match
    if match.paths:
        yield PathBegins(match.paths)
    for name, value in match.query.items():
        yield QueryIs(name, value)
    for name, pattern in match.headers.items():
        with _reading(rule, f"headers.{name}"):
            condition = HeaderMatches(name, pattern)
        yield condition


def _content(match: Match) -> Iterator[Condition]:
    if match.has_tools is not None:
        yield DeclaresTools(match.has_tools)
    if match.has_images is not None:
        yield ShowsImages(match.has_images)
    if match.min_input_tokens is not None or match.max_input_tokens is not None:
        yield InputBetween(match.min_input_tokens, match.max_input_tokens)


def _names_of_content(match: Match) -> list[str]:
    """The fields that ask what only a request has that is understood."""
    names = ("stream", "has_tools", "has_images", "min_input_tokens", "max_input_tokens")
    return [name for name in names if getattr(match, name) is not None]
