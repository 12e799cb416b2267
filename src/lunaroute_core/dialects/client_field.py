"""What a client calls the fields of its request, for warnings and errors about them."""

from lunaroute_core.dialects.registry import DIALECTS


def client_field(dialect: str, key: str) -> str:
    """The name, in a dialect, of what the normalized model calls `key`; else that word."""
    known = DIALECTS.loaded.get(dialect) or DIALECTS.get(dialect)
    return key if known is None else known.field_names.get(key, key)
