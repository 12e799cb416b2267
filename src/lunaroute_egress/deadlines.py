"""How long an upstream may take."""

from attrs import frozen


@frozen(kw_only=True)
class Deadlines:
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
