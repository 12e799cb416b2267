"""How long an upstream may take."""

from msgspec import Struct


class DeadlineOverrides(Struct, frozen=True, kw_only=True):
    """Deadlines of one request, in seconds, in the place of a provider's own; None leaves those."""

    connect: float | None = None
    idle: float | None = None
    total: float | None = None

    def overridden(self, others: "DeadlineOverrides | None") -> "DeadlineOverrides":
        """These, but for those that others set too."""
        if others is None:
            return self
        return DeadlineOverrides(
            connect=self.connect if others.connect is None else others.connect,
            idle=self.idle if others.idle is None else others.idle,
            total=self.total if others.total is None else others.total,
        )


class Deadlines(Struct, frozen=True, kw_only=True):
    """Four separate deadlines, in seconds; None waits for ever.

    Attributes:
        connect: to get a connection: name resolution and TLS included.
        first_byte: from the beginning of the call to the answer's status line.
        idle: between two pieces of the answer's body, while somebody waits for it.
        total: the whole call, body included.
    """

    connect: float | None = 10.0
    first_byte: float | None = 600.0
    idle: float | None = 300.0
    total: float | None = 3600.0

    def overridden(self, overrides: DeadlineOverrides | None) -> "Deadlines":
        if overrides is None:
            return self
        return Deadlines(
            connect=self.connect if overrides.connect is None else overrides.connect,
            first_byte=self.first_byte,
            idle=self.idle if overrides.idle is None else overrides.idle,
            total=self.total if overrides.total is None else overrides.total,
        )
