"""Which keys' time is up, without looking at the others."""

import heapq
from collections.abc import Iterator

from attrs import define, field


@define
class ExpiryQueue:
    """Keys in the order in which they expire.

    A key that is renewed or dropped leaves its earlier place behind as a stale entry; stale
    entries never outnumber the others by more than a constant.
    """

    _times: dict[str, float] = field(factory=dict[str, float], init=False)
    _heap: list[tuple[float, str]] = field(factory=list[tuple[float, str]], init=False)

    def put(self, key: str, expiry: float | None) -> None:
        """Have a key expire at a time, or never when None; what was said before is void."""
        self._times.pop(key, None)
        if expiry is None:
            return
        self._times[key] = expiry
        heapq.heappush(self._heap, (expiry, key))
        if len(self._heap) > 2 * len(self._times) + 16:
            self._heap = [(expiry, key) for key, expiry in self._times.items()]
            heapq.heapify(self._heap)

    def due(self, now: float) -> Iterator[str]:
        """Take out the keys whose time is up."""
        while self._heap and self._heap[0][0] <= now:
            expiry, key = heapq.heappop(self._heap)
            if self._times.get(key) == expiry:
                del self._times[key]
                yield key

    def __len__(self) -> int:
        """How many places are kept, stale ones included."""
        return len(self._heap)
