import pytest
from attrs import define, field

from lunaroute_core import StateStoreError


@define(slots=False)
class DictStore:
    """A `StateStore` of a dict, which remembers the times to live and fails when it is told to."""

    values: dict = field(factory=dict)
    ttls: dict = field(factory=dict)
    broken: bool = False

    async def get(self, key):
        self._check()
        return self.values.get(key)

    async def set(self, key, value, *, ttl=None):
        self._check()
        self.values[key], self.ttls[key] = value, ttl

    async def delete(self, key):
        self._check()
        return self.values.pop(key, None) is not None

    async def increment(self, key, amount=1, *, ttl=None):
        raise AssertionError("nothing is counted")

    def _check(self):
        if self.broken:
            raise StateStoreError("broken")


@pytest.fixture
def store():
    return DictStore()
