"""Where state is kept: stores in memory and in SQLite, encryption, the installation's secret."""

from lunaroute_storage.bounds import StateBounds
from lunaroute_storage.encrypted_state_store import EncryptedStateStore
from lunaroute_storage.encryption_key import EncryptionKey, UnreadableReason, derive_key
from lunaroute_storage.memory_state_store import MemoryStateStore
from lunaroute_storage.secret_file import secret_file
from lunaroute_storage.sqlite_state_store import SqliteStateStore
from lunaroute_storage.state_store_url import open_state_store

__all__ = [
    "EncryptedStateStore",
    "EncryptionKey",
    "MemoryStateStore",
    "SqliteStateStore",
    "StateBounds",
    "UnreadableReason",
    "derive_key",
    "open_state_store",
    "secret_file",
]
