"""What is measured: the gateway and the bare relay, on the same server, side by side."""

import tempfile
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from attrs import frozen

from benchmarks.child_process import ChildProcess, free_port

SERVERS = ("hypercorn", "uvicorn")
SUBJECTS = ("gateway", "relay")

_CONFIGURATION = """\
providers:
  openai:
    base_url: http://127.0.0.1:{upstream}/v1
  anthropic:
    base_url: http://127.0.0.1:{upstream}
"""


@frozen(kw_only=True)
class Contestants:
    """Both running; idle, neither costs the other anything."""

    server: str
    subject: ChildProcess
    bare: ChildProcess
    upstream_port: int


@frozen(kw_only=True)
class Arena:
    """Where they run: a directory for their files, an upstream, and cores.

    Attributes:
        subject: `gateway`, or `relay` to measure the bare relay against itself, which shows
            how exact the measuring is.
    """

    directory: Path
    upstream_port: int
    subject: str
    core: int | None

    @contextmanager
    def contestants(self, server: str) -> Generator[Contestants]:
        with self.new_subject(server) as subject, self._relay(server, "bare") as bare:
            yield Contestants(
                server=server, subject=subject, bare=bare, upstream_port=self.upstream_port
            )

    def new_subject(self, server: str) -> ChildProcess:
        return self._relay(server, "relay") if self.subject == "relay" else self._gateway(server)

    def _gateway(self, server: str) -> ChildProcess:
        port = free_port()
        configuration = self.directory / "lunaroute.yaml"
        configuration.write_text(_CONFIGURATION.format(upstream=self.upstream_port))
        options = ("--server", server, "--port", str(port), "--config", str(configuration))
        return ChildProcess(
            arguments=("lunaroute_server", "serve", *options),
            port=port,
            core=self.core,
            log=self.directory / f"gateway-{server}.log",
            environment={
                "LUNAROUTE_HOME": str(self.directory / "home"),
                "OPENAI_API_KEY": "",
                "ANTHROPIC_API_KEY": "",
            },
        )

    def _relay(self, server: str, name: str) -> ChildProcess:
        port = free_port()
        upstream = f"http://127.0.0.1:{self.upstream_port}"
        options = ("--server", server, "--port", str(port), "--upstream", upstream)
        return ChildProcess(
            arguments=("benchmarks.bare_relay", *options),
            port=port,
            core=self.core,
            log=self.directory / f"{name}-{server}.log",
        )


@contextmanager
def arena(subject: str, pair: tuple[int, int] | None) -> Generator[Arena]:
    """A running upstream.

    Args:
        subject: see `Arena`.
        pair: the core of what is measured, and that of upstream and load; None: any.
    """
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="benchmark-")))
        port = free_port()
        upstream = ChildProcess(
            arguments=("benchmarks.upstream", "--port", str(port)),
            port=port,
            core=pair[1] if pair else None,
            log=directory / "upstream.log",
        )
        stack.enter_context(upstream)
        yield Arena(
            directory=directory,
            upstream_port=port,
            subject=subject,
            core=pair[0] if pair else None,
        )
