"""What is wrong with a configuration, all of it at once."""

from collections.abc import Sequence

from msgspec import Struct

from lunaroute_core.errors import ConfigurationError
from lunaroute_server.config.key_path import KeyPath, format_path


class Problem(Struct, frozen=True, kw_only=True):
    """One thing wrong. `source` is the file with its line, the variable or the argument."""

    reason: str
    path: KeyPath = ()
    source: str | None = None

    @classmethod
    def at(cls, reason: str, *path: str | int) -> "Problem":
        return cls(reason=reason, path=path)

    def error(self) -> ConfigurationError:
        return ConfigurationError(
            self.reason, source=self.source, path=format_path(self.path) or None
        )


class InvalidConfigurationError(ConfigurationError):
    """Several things are wrong; `errors` has each, and the message all of them."""

    def __init__(self, errors: Sequence[ConfigurationError], *, source: str | None) -> None:
        self.errors = tuple(errors)
        lines = "\n".join(f"  {error}" for error in errors)
        super().__init__(f"{len(errors)} problems:\n{lines}", source=source)


def raise_problems(problems: Sequence[Problem], *, source: str | None) -> None:
    """
    Raises:
        ConfigurationError: there are any. Several come as one `InvalidConfigurationError`.
    """
    errors = [problem.error() for problem in dict.fromkeys(problems)]
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise InvalidConfigurationError(errors, source=source)
