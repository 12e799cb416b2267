"""A stage for the real assistants: the program, a tee, the gateway, a scripted upstream.

Nothing leaves the machine: the environment is made from nothing, and whatever the program
wants from elsewhere goes to a proxy that refuses and remembers.
"""

import asyncio
import http.client
import io
import json
import os
import signal
import sys
from collections import Counter
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from attrs import define, field, frozen

from lunaroute_core.testing import ScriptedUpstream, json_reply
from lunaroute_core.testing.recorded_request import read_request

PATIENCE_SECS = 90.0
SHUTDOWN_SECS = 20.0

# Made anew for the way to the upstream; everything else must arrive as it was sent.
REMADE_HEADERS = {b"host", b"connection", b"content-length", b"accept-encoding", b"traceparent"}


@frozen
class Answer:
    """What came back for one request; `body` is what there was of it, without chunk sizes."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes


@define
class Conversation:
    """The bytes of one connection."""

    sent: bytearray = field(factory=bytearray)
    received: bytearray = field(factory=bytearray)

    async def requests(self):
        reader = asyncio.StreamReader(limit=1 << 20)
        reader.feed_data(bytes(self.sent))
        reader.feed_eof()
        found = []
        while request := await read_request(reader, None, connection=1):
            found.append(request)
        return found

    def answers(self):
        source = KeptOpen(bytes(self.received))
        found = []
        while source.tell() < len(self.received):
            response = http.client.HTTPResponse(source)
            response.begin()
            try:
                body = response.read()
            except http.client.IncompleteRead as cut:
                body = cut.partial
            found.append(Answer(response.status, response.headers, body))
        return found


class KeptOpen(io.BytesIO):
    """A connection's bytes; `HTTPResponse` takes it for a socket and closes it too early."""

    def makefile(self, mode):
        return self

    def close(self):
        pass


@define
class Tee:
    """Passes bytes on between the program and the gateway, and keeps them."""

    target: tuple[str, int]
    conversations: list[Conversation] = field(factory=list, init=False)
    url: str = field(default="", init=False)
    _handlers: list = field(factory=list, init=False)
    _writers: list = field(factory=list, init=False)

    async def requests(self):
        return [one for each in self.conversations for one in await each.requests()]

    def answers(self):
        return [one for each in self.conversations for one in each.answers()]

    @asynccontextmanager
    async def open(self):
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        host, port = server.sockets[0].getsockname()
        self.url = f"http://{host}:{port}"
        try:
            yield self
        finally:
            server.close()
            for writer in self._writers:
                writer.transport.abort()
            await asyncio.gather(*self._handlers)

    async def _accept(self, reader, writer):
        self._handlers.append(asyncio.current_task())
        conversation = Conversation()
        self.conversations.append(conversation)
        there, back = await asyncio.open_connection(*self.target)
        self._writers += [writer, back]
        async with asyncio.TaskGroup() as pumps:
            pumps.create_task(pump(reader, back, conversation.sent))
            pumps.create_task(pump(there, writer, conversation.received))
        writer.close()
        back.close()


async def pump(reader, writer, kept):
    with suppress(OSError):
        while chunk := await reader.read(1 << 16):
            kept += chunk
            writer.write(chunk)
            await writer.drain()
        writer.write_eof()


@asynccontextmanager
async def group(*command, cwd, env, **pipes):
    """A process in a group of its own, of which nothing is left afterwards."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=cwd,
        env=env,
        stdin=asyncio.subprocess.DEVNULL,
        start_new_session=True,
        limit=1 << 20,
        **pipes,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


@asynccontextmanager
async def gateway(folder, config):
    """`lunaroute serve` with this configuration; gives its address."""
    folder.mkdir()
    file = folder / "config.json"
    file.write_text(json.dumps({"port": 0, "http_server": {"drain_secs": 1}, **config}))
    command = [sys.executable, "-m", "lunaroute_server", "serve", "--config", str(file)]
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "LUNAROUTE_HOME": str(folder)}
    env |= {name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ}
    async with group(*command, cwd=folder, env=env, stderr=asyncio.subprocess.PIPE) as process:
        async with asyncio.timeout(PATIENCE_SECS):
            first = await process.stderr.readline()
        assert first.startswith(b"{"), first + await process.stderr.read()
        place = urlsplit(json.loads(first)["url"])
        yield place.hostname, place.port
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(SHUTDOWN_SECS):
            _, log = await process.communicate()
        assert process.returncode == 0, log
        assert b"Traceback" not in log, log


@frozen
class Run:
    """How a program ended."""

    code: int
    output: str
    errors: str


@frozen
class Stage:
    """What a test plays on.

    Attributes:
        folder: the program's home and working directory are below it.
        upstream: the vendor.
        elsewhere: the proxy through which the rest of the world would be reached.
        tee: where the program finds the gateway.
    """

    folder: Path
    programs: Path
    upstream: ScriptedUpstream
    elsewhere: ScriptedUpstream
    tee: Tee

    @property
    def url(self):
        return self.tee.url

    @property
    def home(self):
        return self.folder / "home"

    @property
    def work(self):
        return self.folder / "work"

    async def run(self, program, *arguments, **environment):
        """Run a program to its end."""
        env = {
            "PATH": os.pathsep.join([str(self.programs), os.environ["PATH"]]),
            "HOME": str(self.home),
            "TMPDIR": str(self.folder / "tmp"),
            "LANG": "C.UTF-8",
            "NO_PROXY": "127.0.0.1,localhost",
            **dict.fromkeys(["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"], self.elsewhere.url),
            **environment,
        }
        pipes = {"stdout": asyncio.subprocess.PIPE, "stderr": asyncio.subprocess.PIPE}
        command = [str(self.programs / program), *arguments]
        async with group(*command, cwd=self.work, env=env, **pipes) as process:
            async with asyncio.timeout(PATIENCE_SECS):
                output, errors = await process.communicate()
        return Run(process.returncode, output.decode(), errors.decode())

    async def assert_passed_through(self, *, method="POST"):
        """The requests of this method reached the upstream as they were sent, and no others."""
        requests = [one for one in await self.tee.requests() if one.method == method]
        assert requests
        assert Counter(map(as_sent, self.upstream.requests)) == Counter(map(as_sent, requests))


def as_sent(request):
    headers = sorted((name.lower(), value) for name, value in request.headers)
    kept = tuple(pair for pair in headers if pair[0] not in REMADE_HEADERS)
    return request.method, request.target, kept, request.body


@pytest.fixture
def programs():
    """Where the assistants are installed."""
    folder = Path(os.environ.get("LUNAROUTE_TEST_CLIS") or "absent")
    missing = [name for name in ("claude", "codex", "opencode") if not (folder / name).exists()]
    if missing:
        pytest.skip(
            f"{', '.join(missing)} not found: `make test` installs the assistants with npm; or "
            "install tests/clis/package.json and set LUNAROUTE_TEST_CLIS=…/node_modules/.bin"
        )
    return folder.absolute()


@pytest.fixture
def stage(programs, tmp_path):
    """`async with stage(script, config)`: everything runs; `config(url)` gets the upstream's."""
    for name in ("home", "work", "tmp"):
        (tmp_path / name).mkdir()

    @asynccontextmanager
    async def play(script, config):
        refusal = json_reply(403, {"error": "this test has no network"})
        async with (
            ScriptedUpstream(script) as upstream,
            ScriptedUpstream(refusal) as elsewhere,
            gateway(tmp_path / "gateway", config(upstream.url)) as address,
            Tee(address).open() as tee,
        ):
            yield Stage(tmp_path, programs, upstream, elsewhere, tee)

    return play
