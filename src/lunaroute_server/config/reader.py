"""From a file's content to checked values under the model's own keys.

Reading follows the model's annotations, so that every error of a file is found at once and
with its path: keys nobody knows, values of the wrong type, variables that are not set.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

from attrs import evolve, field, frozen
from msgspec import Struct
from msgspec.structs import fields

from lunaroute_core.json_value import JSONObject, JSONValue
from lunaroute_server.config.annotations import (
    annotation_at,
    choices,
    field_types,
    is_optional,
    is_templated,
    mapping_item,
    sequence_item,
    struct_in,
)
from lunaroute_server.config.interpolation import expand
from lunaroute_server.config.key_path import KeyPath, format_path
from lunaroute_server.config.known_keys import SPELLINGS, is_switched_off, why_unknown
from lunaroute_server.config.leaf import checked, checked_text
from lunaroute_server.config.problem import Problem
from lunaroute_server.config.provider import NAMED_TYPES, ProviderConfig


@frozen(kw_only=True)
class Reader:
    """Reads one document. What is wrong collects in `problems`; a value that is wrong comes
    back as it is.

    Attributes:
        environment: where the variables in the file's values are looked up.
        place: the file and line of a key.
        expands: whether `${…}` are such variables; in templates they are not.
        written: the path in the document of what is spelt otherwise in it than in the model.
    """

    environment: Mapping[str, str]
    place: Callable[[KeyPath], str]
    problems: list[Problem] = field(factory=list[Problem])
    expands: bool = True
    written: dict[KeyPath, KeyPath] = field(factory=dict[KeyPath, KeyPath])

    def section(self, value: JSONObject, section: type[Struct], path: KeyPath = ()) -> JSONObject:
        """A mapping of the model, with its other spellings replaced by the model's."""
        types = field_types(section)
        spellings = SPELLINGS.get(section, {})
        read: JSONObject = {}
        respelt: JSONObject = {}
        for key, item in self._text_keys(value, path):
            if key in types:
                read[key] = self._value(item, types[key], (*path, key))
            elif key in spellings:
                annotation = annotation_at(section, spellings[key])
                respelt[key] = self._value(item, annotation, (*path, key))
            elif not is_switched_off(section, key, item):
                self._problem(why_unknown(section, key), (*path, key))
        for key, item in respelt.items():
            self.written[(*path, *spellings[key])] = (*path, key)
            self._respell(read, spellings[key], item, (*path, key))
        self._require(read, section, path)
        return read

    def _value(self, value: JSONValue, annotation: Any, path: KeyPath) -> JSONValue:
        if self.expands and is_templated(annotation):
            verbatim = evolve(self, expands=False)
            return verbatim._value(value, annotation, path)  # noqa: SLF001 - of its own class
        section = struct_in(annotation)
        if section and value is None and not is_optional(annotation):
            value = {}  # `logging:` with nothing beneath it
        match value:
            case dict() if section:
                return self.section(value, section, path)
            case dict() if item := mapping_item(annotation):
                pairs = self._text_keys(value, path)
                return {key: self._value(one, item, (*path, key)) for key, one in pairs}
            case list() if item := sequence_item(annotation):
                return [self._value(one, item, (*path, i)) for i, one in enumerate(value)]
            case _:
                return self._leaf(value, annotation, path)

    def _leaf(self, value: JSONValue, annotation: Any, path: KeyPath) -> JSONValue:
        try:
            expanded = self._expanded(value)
            if isinstance(expanded, str) and expanded != value:
                return checked_text(expanded, annotation)
            return checked(expanded, annotation)
        except ValueError as error:
            self._problem(str(error), path)
            return value

    def _expanded(self, value: JSONValue) -> JSONValue:
        match value:
            case str() if self.expands:
                return expand(value, self.environment)
            case list():
                return [self._expanded(item) for item in value]
            case dict():
                return {key: self._expanded(item) for key, item in value.items()}
            case _:
                return value

    def _text_keys(self, value: JSONObject, path: KeyPath) -> Iterator[tuple[str, JSONValue]]:
        """The items of a mapping that YAML may have given other keys than texts."""
        for key, item in cast(dict[object, JSONValue], value).items():
            if isinstance(key, str):
                yield key, item
            else:
                self._problem(f"key {key!r} must be a text: put it in quotes", path)

    def _respell(self, read: JSONObject, target: KeyPath, item: JSONValue, path: KeyPath) -> None:
        """Puts a value where the model has it, together with what is there already."""
        *parents, name = target
        for parent in parents:
            inner = read.setdefault(str(parent), {})
            if not isinstance(inner, dict):
                return  # refused already
            read = inner
        there = read.get(str(name))
        if isinstance(there, dict) and isinstance(item, dict):
            lowered = {key.lower() for key in there}
            for key in item:
                if key.lower() in lowered:
                    self._problem(f'also given as "{format_path((*target, key))}"', (*path, key))
            item = {**there, **item}
        elif there is not None and there != item:
            self._problem(f'contradicts "{format_path(target)}"', path)
        read[str(name)] = item

    def _require(self, read: JSONObject, section: type[Struct], path: KeyPath) -> None:
        """Reports what is missing. Providers with a vendor's name have that vendor's type."""
        if section is ProviderConfig and path and path[-1] in NAMED_TYPES:
            read.setdefault("type", path[-1])
        for each in fields(section):
            if each.required and each.encode_name not in read:
                words = choices(each.type)
                hint = f": one of {', '.join(words)}" if words else ""
                self._problem(f'"{each.encode_name}" is missing{hint}', path)

    def _problem(self, reason: str, path: KeyPath) -> None:
        self.problems.append(Problem(reason=reason, path=path, source=self.place(path)))
