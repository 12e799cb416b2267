"""A text of a stream, which comes in deltas and then, or only, whole."""

from attrs import define, field


@define
class StreamedText:
    """What of one text has been told."""

    _pieces: list[str] = field(factory=list[str], init=False)

    @property
    def told(self) -> str:
        if len(self._pieces) > 1:
            self._pieces = ["".join(self._pieces)]
        return self._pieces[0] if self._pieces else ""

    def add(self, piece: str) -> None:
        self._pieces.append(piece)

    def rest(self, whole: str) -> str:
        """What the whole text says beyond what was told, which counts as told now.

        Nothing, where it is another text: servers exist that write arguments anew at their end.
        What a client has read already cannot be taken back.
        """
        told = self.told
        if len(whole) <= len(told) or not whole.startswith(told):
            return ""
        rest = whole[len(told) :]
        self._pieces = [whole]
        return rest
