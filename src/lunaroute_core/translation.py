"""One request's way into another dialect.

Everything a request asks for has one of five outcomes there: it is *mapped* to what the other
dialect has for it, *emulated* so that the result looks the same, *carried* in an extension,
*rejected* because an answer without it would not be what was asked for, or *dropped* with a
warning because only cost, speed or telemetry would differ.
"""

from typing import NoReturn

from msgspec import Struct

from lunaroute_core.answer_stages.stage import AnswerStage
from lunaroute_core.capabilities import Capabilities
from lunaroute_core.errors import InvalidRequestError
from lunaroute_core.translation_warning import TranslationWarning


class Translation(Struct, kw_only=True):
    """What an encoder is told of its target, and what it says of the request.

    Attributes:
        capabilities: what the upstream model accepts.
        strict: whether what would be dropped, or emulated inexactly, is rejected instead.
        warnings: what was dropped or emulated, in order.
        stages: what is to be done to the answer before its client gets it, in order.
    """

    capabilities: Capabilities = Capabilities()
    strict: bool = False
    warnings: list[TranslationWarning] = []
    stages: list[AnswerStage] = []
    _told: set[TranslationWarning] | None = None
    """The same as `warnings`: clients decide how many fields they make up."""

    def dropped(self, param: str, message: str = "") -> None:
        """A field that goes no further; `param` is its name in the client's request.

        Raises:
            InvalidRequestError: in strict translation.
        """
        if self.strict:
            self.rejected(param, message or "the upstream has nothing like it")
        self._warn(TranslationWarning(outcome="dropped", param=param, message=message))

    def emulated(self, param: str, message: str = "", *, exact: bool = False) -> None:
        """A field whose effect is had by other means.

        Args:
            param: its name in the client's request.
            message: by which means.
            exact: whether nobody can tell the difference; then no warning is given.

        Raises:
            InvalidRequestError: in strict translation, unless `exact`.
        """
        if exact:
            return
        if self.strict:
            self.rejected(param, message or "the upstream can only imitate it")
        self._warn(TranslationWarning(outcome="emulated", param=param, message=message))

    def rejected(self, param: str, message: str) -> NoReturn:
        """A field without which the answer would not be what was asked for."""
        raise InvalidRequestError(f"{param}: {message}", param=param)

    def _warn(self, warning: TranslationWarning) -> None:
        if self._told is None:
            self._told = set(self.warnings)
        if warning not in self._told:
            self._told.add(warning)
            self.warnings.append(warning)
