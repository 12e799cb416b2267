"""The garbage collector of a process that serves."""

import gc

_ALLOCATIONS = 20_000


def settle() -> None:
    """Keep the collector from looking again and again at what will stay.

    Modules, configuration and connectors live as long as the process: they are taken out of
    the collector's sight. What requests leave behind is nearly all freed by reference counts,
    so the rest may wait longer than by default. Measured: a tenth of a small request's cost.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS, *gc.get_threshold()[1:])
