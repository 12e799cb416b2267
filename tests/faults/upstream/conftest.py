"""One gateway for many tests, with upstreams that do what the test at hand says."""

import asyncio
import ssl

import pytest
import pytest_asyncio
import trustme
from attrs import define, field

from lunaroute_core.testing import Pause, Reply, Reset, ScriptedUpstream, sse_reply
from lunaroute_egress import Deadlines, HttpClient
from lunaroute_egress.deadline_watch import DeadlineWatch

JSON = ((b"content-type", b"application/json"),)
SOON = 0.2
"""Seconds until a deadline of an impatient provider."""


@define
class Case:
    """One request's circumstances.

    Attributes:
        seen: set when the client has got the first of a stream.
    """

    spoken: object
    stream: bool
    text: str
    seen: asyncio.Event = field(factory=asyncio.Event)

    @property
    def whole(self):
        """All that a vendor sends."""
        return b"".join(self.frames) if self.stream else self.spoken.answer(self.text)

    @property
    def frames(self):
        return self.spoken.frames(self.text)

    def ok(self, data, headers=(), **options):
        """A good answer of these bytes, whole or as an event stream."""
        if self.stream:
            return sse_reply([data], headers=headers, **options)
        return sse_reply([data], headers=JSON + headers, **options)

    def begun(self, *after):
        """An answer that has begun, and what happens when its beginning has arrived."""
        if self.stream:
            return sse_reply([self.frames[0], Pause(self.seen), *after], end="hang")
        half = self.whole[: len(self.whole) // 2]
        return sse_reply([half, *after], headers=JSON, end="hang")


@pytest.fixture
def case_of(harness):
    def make(spoken, *, stream, text=None):
        return Case(spoken, stream, text or harness.text)

    return make


class Stage:
    """A gateway on a server, with upstreams that do what the test at hand says."""

    def __init__(self, served, upstream):
        self.served = served
        self.upstream = upstream
        self.reply = None

    async def answer(self, case, reply, *, provider="", headers=()):
        self.reply = reply
        name = f"{provider}{case.spoken.vendor}"
        given = [("x-luna-provider", name), ("authorization", "Bearer k"), *headers]
        answer = await self.served.answer(
            case.spoken, stream=case.stream, headers=given, on_body=lambda _data: case.seen.set()
        )
        await self.served.idle()
        return answer


@pytest_asyncio.fixture(
    loop_scope="module", scope="module", params=["hypercorn", "uvicorn"], name="stage"
)
async def _stage(request, harness):
    authority = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    http = HttpClient(watch=DeadlineWatch(interval=0.02))

    def play(_request):
        return stage.reply

    async with (
        ScriptedUpstream(play) as upstream,
        ScriptedUpstream(Reply([Reset()]), tls=tls) as untrusted,
    ):
        async with ScriptedUpstream(Reply([])) as gone:
            pass
        impatient = Deadlines(first_byte=SOON, idle=SOON)
        places = {
            "": (upstream.url, None),
            "refused-": (gone.url, None),
            "nowhere-": ("http://nowhere.invalid", None),
            "untrusted-": (untrusted.url, None),
            "plain-": (upstream.url.replace("http:", "https:"), Deadlines(connect=SOON)),
            "hasty-": (upstream.url, impatient),
            "brief-": (upstream.url, Deadlines(total=2 * SOON)),
        }
        providers = {}
        for prefix, (url, deadlines) in places.items():
            providers |= harness.providers_for(url, http, deadlines=deadlines, prefix=prefix)
        async with harness.serving(request.param, harness.gateway_for(providers, http)) as served:
            stage = Stage(served, upstream)
            yield stage
        await harness.until(lambda: upstream.open_connections == 0)
