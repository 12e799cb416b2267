"""SIGTERM, with fifty streams open: those that can finish do, the others are told."""

import asyncio
import json
import os
import signal
import sys
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest
from attrs import define

from lunaroute_core.sse import parse_events
from lunaroute_core.testing import Hang, Pause, Reply, ScriptedUpstream, sse_reply

STREAMS = 50
DRAIN_SECS = 2
PATIENCE_SECS = 30


@define(eq=False)
class Process:
    """`lunaroute serve` in a process of its own."""

    process: asyncio.subprocess.Process
    log: list
    host: str = ""
    port: int = 0

    async def listening(self):
        async for line in self.process.stderr:
            self.log.append(line.decode())
            event = json.loads(line)
            if event["event"] == "listening":
                place = urlsplit(event["url"])
                self.host, self.port = place.hostname, place.port
                return
        raise AssertionError(self.log)

    async def refuses_connections(self):
        try:
            _, writer = await asyncio.open_connection(self.host, self.port)
        except ConnectionError:
            return True
        writer.close()
        return False

    async def ended(self):
        """The exit code, waited for, and everything it has logged."""
        self.log += (await self.process.stderr.read()).decode().splitlines()
        return await self.process.wait()


@pytest.fixture
def running(server, tmp_path):
    """Runs `lunaroute serve` with one upstream for both vendors."""

    @asynccontextmanager
    async def run(url):
        config = tmp_path / "config.json"
        providers = {
            "openai": {
                "base_url": f"{url}/v1",
                "dialects": ["openai_chat", "openai_responses"],
            },
            "anthropic": {"base_url": url},
        }
        config.write_text(
            json.dumps(
                {
                    "port": 0,
                    "http_server": {"drain_secs": DRAIN_SECS},
                    "logging": {"format": "json"},
                    "providers": providers,
                }
            )
        )
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "lunaroute_server", "serve", "--server", server, "--config", str(config)),
            stderr=asyncio.subprocess.PIPE,
            env=os.environ | {"HOME": str(tmp_path)},
        )
        try:
            started = Process(process, [])
            await started.listening()
            yield started
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()

    return run


async def test_open_streams_finish_or_end_with_an_error_event(
    harness, running, *, error_answer, error_event
):
    finish = asyncio.Event()
    begun = asyncio.Semaphore(0)
    dialects = list(harness.dialects.values())

    def reply(request):
        frames = harness.dialects[request.header("x-dialect")].frames(harness.text)
        match request.header("x-kind"):
            case "finishing":
                return sse_reply([frames[0], Pause(finish), *frames[1:]])
            case "endless":
                return sse_reply([frames[0]], end="hang")
            case _:
                return Reply([Hang()])

    async with (
        asyncio.timeout(PATIENCE_SECS),
        ScriptedUpstream(reply) as upstream,
        running(upstream.url) as process,
        asyncio.TaskGroup() as tasks,
    ):
        served = harness.served(None, process.host, process.port)

        def ask(spoken, kind):
            headers = [("x-kind", kind), ("x-dialect", spoken.name)]
            return tasks.create_task(
                served.answer(
                    spoken,
                    stream=kind != "waiting",
                    headers=headers,
                    on_body=lambda _data: begun.release(),
                )
            )

        asked = [
            (dialects[number % 3], kind, ask(dialects[number % 3], kind))
            for number in range(STREAMS)
            for kind in [("finishing", "endless")[number % 2]]
        ]
        asked += [(spoken, "waiting", ask(spoken, "waiting")) for spoken in dialects]
        await upstream.received(len(asked))
        for _ in range(STREAMS):
            await begun.acquire()

        process.process.send_signal(signal.SIGTERM)
        while not await process.refuses_connections():
            pass
        finish.set()
        assert await process.ended() == 0, process.log

    for spoken, kind, task in asked:
        answer = task.result()
        match kind:
            case "finishing":
                assert answer.is_whole
                assert spoken.read(answer, stream=True) == harness.text
                last = parse_events(bytes(answer.body))[-1]
                assert spoken.last_event in (last.event, last.data.decode())
            case "endless":
                assert error_event(spoken, answer) == "the gateway is shutting down"
            case "waiting":
                assert answer.status == (529 if spoken.vendor == "anthropic" else 503)
                assert answer.header("retry-after") == "1"
                assert error_answer(spoken, answer) == "the gateway is shutting down"
    assert not [line for line in process.log if '"level":"error"' in line]
    assert upstream.open_connections == 0
