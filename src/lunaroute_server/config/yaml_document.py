"""YAML with the line of every key, and without what YAML itself lets pass: keys that are
given twice, and dates (`api_version: 2023-06-01` is a text).
"""

from collections.abc import Iterator

import yaml
from attrs import define, field, frozen

from lunaroute_server.config.key_path import KeyPath

_TIMESTAMP = "tag:yaml.org,2002:timestamp"
_MERGE = "tag:yaml.org,2002:merge"


class YamlSyntaxError(Exception):
    """`line` counts from 1; None when the parser does not tell."""

    def __init__(self, reason: str, *, line: int | None) -> None:
        self.reason = reason
        self.line = line
        super().__init__(reason)


@frozen(kw_only=True)
class YamlContent:
    """A file's value, the line of each key, and the keys that are given again."""

    value: object
    lines: dict[KeyPath, int]
    duplicates: tuple[tuple[KeyPath, int], ...]


class _Loader(yaml.SafeLoader):
    yaml_implicit_resolvers = {  # noqa: RUF012 - how PyYAML wants it
        first: [(tag, pattern) for tag, pattern in resolvers if tag != _TIMESTAMP]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


@define
class _Keys:
    lines: dict[KeyPath, int] = field(factory=dict[KeyPath, int])
    duplicates: list[tuple[KeyPath, int]] = field(factory=list[tuple[KeyPath, int]])

    def collect(self, node: yaml.Node, path: KeyPath, around: tuple[yaml.Node, ...] = ()) -> None:
        if node in around:
            line = node.start_mark.line + 1
            raise YamlSyntaxError("an alias inside what it stands for", line=line)
        for part, child, line in _children(node):
            here = (*path, part)
            if isinstance(part, str) and here in self.lines:
                self.duplicates.append((here, line))
            self.lines[here] = line
            self.collect(child, here, (*around, node))


def load_yaml(text: str) -> YamlContent:
    """
    Raises:
        YamlSyntaxError: the text is not one YAML document of plain values.
    """
    keys = _Keys()
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None:
            return YamlContent(value=None, lines={}, duplicates=())
        keys.collect(node, ())
        value = loader.construct_document(node)  # pyright: ignore[reportUnknownMemberType]
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise YamlSyntaxError(error.problem or str(error), line=line) from error
    except (yaml.YAMLError, ValueError) as error:
        raise YamlSyntaxError(str(error), line=None) from error
    return YamlContent(value=value, lines=keys.lines, duplicates=tuple(keys.duplicates))


def _children(node: yaml.Node) -> Iterator[tuple[str | int, yaml.Node, int]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            # A merged mapping's keys are defaults: one of the same name is no repetition.
            if isinstance(key, yaml.ScalarNode) and key.tag != _MERGE:
                yield key.value, value, key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for position, item in enumerate(node.value):
            yield position, item, item.start_mark.line + 1
