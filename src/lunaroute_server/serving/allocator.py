"""The C library's allocator in a process that serves."""

import ctypes
import os

# malloc.h of the GNU C library
_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3

_SETTINGS = {
    "MALLOC_MMAP_THRESHOLD_": (_M_MMAP_THRESHOLD, 4 * 1024 * 1024),
    "MALLOC_TRIM_THRESHOLD_": (_M_TRIM_THRESHOLD, 32 * 1024 * 1024),
}


def settle() -> None:
    """Keep the memory of one large body for the next.

    The GNU C library gives what is freed at the end of the heap back to the system from some
    hundred kilobytes on, and a coding assistant's body is as large as that: each would be paid
    for in page faults anew. Measured: a twelfth of such a request's cost. At most 32 MiB stay
    unused, and bodies of over 4 MiB are given back as before. Where the environment says
    otherwise it has its way; other C libraries are left alone.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    for variable, (option, size) in _SETTINGS.items():
        if variable not in os.environ:
            mallopt(option, size)
