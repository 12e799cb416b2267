"""What translation could not carry over, said out loud."""

from typing import Literal

from msgspec import Struct


class TranslationWarning(Struct, frozen=True, kw_only=True):
    """One field that was dropped or emulated on its way to another dialect.

    `param` is the field's path in the client's request, or its name in the answer.
    """

    outcome: Literal["dropped", "emulated"]
    param: str
    message: str = ""
