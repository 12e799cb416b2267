"""Numbers for the blocks of one stream, which Chat does not number."""

from attrs import define


@define
class BlockNumbers:
    """Gives each block the next number, from 0 on."""

    _given: int = 0

    def next(self) -> int:
        self._given += 1
        return self._given - 1
