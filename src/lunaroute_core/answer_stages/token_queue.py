"""What is told of a text's tokens, while it waits for the text to be written."""

from collections import deque
from collections.abc import Iterable

from attrs import define, field

from lunaroute_core.json_value import JSONObject


@define
class TokenQueue:
    """Tokens of one text, in order; each is let go once all of its own text is written."""

    _waiting: deque[JSONObject] = field(factory=deque[JSONObject], init=False)
    _ahead: int = field(default=0, init=False)
    """How many characters are written whose tokens wait."""

    def add(self, tokens: Iterable[JSONObject]) -> None:
        self._waiting.extend(tokens)

    def within(self, length: int) -> list[JSONObject]:
        """The tokens that are written whole with as many characters more."""
        self._ahead += length
        told: list[JSONObject] = []
        while self._waiting and (size := _length(self._waiting[0])) <= self._ahead:
            self._ahead -= size
            told.append(self._waiting.popleft())
        return told

    def rest(self) -> list[JSONObject]:
        """Those that still wait."""
        told = [*self._waiting]
        self._waiting.clear()
        return told


def _length(token: JSONObject) -> int:
    text = token.get("token")
    return len(text) if isinstance(text, str) else 0
