"""What a running server has written down about itself, for `status`, `stop` and `logs`."""

from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from lunaroute_server.process.process_identity import process_start
from lunaroute_server.process.state_directory import StateDirectory


class ServerRecord(Struct, frozen=True, kw_only=True):
    """One server. `pid` and `process_start` together name the process."""

    pid: int
    process_start: str
    url: str
    port: int
    server: str
    workers: int
    version: str
    started_at: str
    """RFC 3339, UTC."""
    config_file: str | None = None
    log_file: str | None = None
    """None for a server in the foreground: its log is on its terminal."""

    @property
    def is_running(self) -> bool:
        return process_start(self.pid) == self.process_start


def write_record(state: StateDirectory, record: ServerRecord) -> None:
    """
    Raises:
        OSError: the state directory cannot be written to.
    """
    state.write(state.record_path(record.port), msgspec.json.encode(record))


def remove_record(state: StateDirectory, record: ServerRecord) -> None:
    """Remove `record`, unless another server has replaced it since."""
    path = state.record_path(record.port)
    if read_record(path) == record:
        with suppress(OSError):
            path.unlink()


def read_record(path: Path) -> ServerRecord | None:
    """None when there is none, or it cannot be understood."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=ServerRecord)
    except (OSError, msgspec.MsgspecError):
        return None


def running_server(state: StateDirectory, port: int) -> ServerRecord | None:
    """Our server on `port`; the record of one that is gone is removed."""
    record = read_record(state.record_path(port))
    if record is None or record.is_running:
        return record
    remove_record(state, record)
    return None


def running_servers(state: StateDirectory) -> list[ServerRecord]:
    """All of them, by port."""
    records = (read_record(path) for path in state.record_paths())
    found = (running_server(state, record.port) for record in records if record is not None)
    return sorted((record for record in found if record is not None), key=lambda it: it.port)
