"""The `Date` of answers that bring none (RFC 9110, 6.6.1)."""

import time
from email.utils import formatdate

from attrs import define, field


@define
class DateHeader:
    """Writes the date once a second, however many answers carry it."""

    _second: int = field(default=0, init=False)
    _value: bytes = field(default=b"", init=False)

    def value(self) -> bytes:
        now = int(time.time())
        if now != self._second:
            self._second, self._value = now, formatdate(now, usegmt=True).encode()
        return self._value
