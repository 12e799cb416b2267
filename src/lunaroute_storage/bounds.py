"""How much a store may hold."""

from attrs import field, frozen
from attrs.validators import ge

from lunaroute_core.errors import StateStoreError


@frozen(kw_only=True)
class StateBounds:
    """Limits of a state store, both at least 1.

    Attributes:
        max_entries: how many keys.
        max_bytes: how many bytes of keys and values together, the store's own overhead of
            some hundred bytes an entry not counted.
    """

    max_entries: int = field(validator=ge(1))
    max_bytes: int = field(validator=ge(1))

    def check(self, size: int) -> None:
        """Refuse one record that is larger than the whole store.

        Raises:
            StateStoreError: it is.
        """
        if size > self.max_bytes:
            raise StateStoreError(
                f"a record of {size} bytes is larger than the store's {self.max_bytes}"
            )

    def hold(self, *, entries: int, size: int) -> bool:
        return entries <= self.max_entries and size <= self.max_bytes
