"""Values laid over each other: the file's, the environment's, the command line's."""

from collections.abc import Iterable, Mapping

import msgspec
from attrs import define, field

from lunaroute_core.json_value import JSONObject
from lunaroute_server.config.annotations import annotation_at
from lunaroute_server.config.checks import check
from lunaroute_server.config.document import Document
from lunaroute_server.config.key_path import KeyPath, leaves, put
from lunaroute_server.config.leaf import checked, checked_text
from lunaroute_server.config.model import Config
from lunaroute_server.config.origin import Origin, Setting
from lunaroute_server.config.problem import Problem, raise_problems
from lunaroute_server.config.provider import NAMED_TYPES


@define(kw_only=True)
class Layers:
    """Starts as what a document says, under the model's keys; `lay` puts settings over it.

    Attributes:
        document: for the places of its values.
        data: the values so far.
        problems: what is wrong so far.
        written: the path in the document of what is spelt otherwise in it.
        origins: where each value that is not a default comes from.
    """

    document: Document
    data: JSONObject
    problems: list[Problem]
    written: Mapping[KeyPath, KeyPath] = {}
    origins: dict[KeyPath, Origin] = field(factory=dict[KeyPath, Origin], init=False)

    def __attrs_post_init__(self) -> None:
        for path, _ in leaves(self.data):
            self.origins[path] = Origin(kind="file", name=self._place(path))
        self.data.setdefault("providers", {name: {"type": name} for name in NAMED_TYPES})

    @property
    def providers(self) -> JSONObject:
        """What is said of each provider; nothing where that is no mapping."""
        providers = self.data["providers"]
        return providers if isinstance(providers, dict) else {}

    def lay(self, settings: Iterable[Setting]) -> None:
        for setting in settings:
            annotation = annotation_at(Config, setting.path)
            try:
                if isinstance(setting.value, str):
                    value = checked_text(setting.value, annotation)
                else:
                    value = checked(setting.value, annotation)
            except ValueError as error:
                source = setting.origin.name
                self.problems.append(Problem(reason=str(error), path=setting.path, source=source))
                continue
            put(self.data, setting.path, value)
            self.origins[setting.path] = setting.origin

    def config(self) -> Config:
        """
        Raises:
            ConfigurationError: something is wrong.
        """
        source = self.document.name or None
        raise_problems(self.problems, source=source)
        config = msgspec.convert(self.data, Config)
        raise_problems([self._placed(problem) for problem in check(config)], source=source)
        return config

    def _placed(self, problem: Problem) -> Problem:
        """The problem with the file and line, the variable or the argument it comes from."""
        path = problem.path
        while path and path not in self.origins:
            path = path[:-1]
        origin = self.origins.get(path, Origin(kind="file"))
        source = self._place(problem.path) if origin.kind == "file" else origin.name
        return msgspec.structs.replace(problem, source=source or None)

    def _place(self, path: KeyPath) -> str:
        written, length = path, 1
        while length <= len(written):
            if (head := self.written.get(written[:length])) is not None:
                written, length = (*head, *written[length:]), len(head)
            length += 1
        return self.document.place(written if written in self.document.lines else path)
