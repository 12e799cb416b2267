"""A running server making itself known: on the terminal, and in the state directory."""

import os
import sys
from datetime import UTC, datetime

import structlog
from attrs import define, field

from lunaroute_server.cli.banner import banner
from lunaroute_server.cli.version import version
from lunaroute_server.config import LoadedConfig
from lunaroute_server.process import ServerRecord, StateDirectory, remove_record, write_record
from lunaroute_server.process.process_identity import process_start
from lunaroute_server.serving.listening_socket import ListeningSocket

log = structlog.get_logger("lunaroute.serve")


@define(kw_only=True)
class Presence:
    """`announce` once it answers, `withdraw` when it has stopped."""

    loaded: LoadedConfig
    state: StateDirectory
    server: str
    workers: int
    background: bool
    """Whether its output goes to the log file of its port."""
    _record: ServerRecord | None = field(default=None, init=False)

    def announce(self, listener: ListeningSocket) -> None:
        record = self._describe(listener)
        try:
            write_record(self.state, record)
            self._record = record
        except OSError as error:
            # A container may have no place to write; the server serves all the same.
            log.warning("not listed in status", reason=str(error))
        if sys.stderr.isatty():
            print(self._banner(record), file=sys.stderr)  # noqa: T201 - for the terminal only

    def withdraw(self) -> None:
        if self._record is not None:
            remove_record(self.state, self._record)

    def _describe(self, listener: ListeningSocket) -> ServerRecord:
        path = self.loaded.path
        log_file = self.state.log_path(listener.port) if self.background else None
        return ServerRecord(
            pid=os.getpid(),
            process_start=process_start(os.getpid()) or "",
            url=listener.url,
            port=listener.port,
            server=self.server,
            workers=self.workers,
            version=version(),
            started_at=datetime.now(UTC).isoformat(timespec="seconds"),
            config_file=str(path.absolute()) if path else None,
            log_file=str(log_file) if log_file else None,
        )

    def _banner(self, record: ServerRecord) -> str:
        config = self.loaded.config
        workers = f", {self.workers} workers" if self.workers > 1 else ""
        return banner(
            version=record.version,
            url=record.url,
            server=f"{self.server}{workers}",
            providers=[name for name, one in config.providers.items() if one.enabled],
            drain_secs=config.http_server.drain_secs,
        )
