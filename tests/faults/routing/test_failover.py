"""Each fault, whole and streamed, from the same dialect and another, is answered elsewhere before
the commit point, and told honestly after it.
"""

import asyncio
import json
from collections.abc import Callable

import pytest
import pytest_asyncio
from attrs import define, frozen

from lunaroute_core.testing import (
    Close,
    Hang,
    Pause,
    Reply,
    Reset,
    ScriptedUpstream,
    json_reply,
    raw_reply,
    sse_reply,
)
from lunaroute_egress import Deadlines, HttpClient
from lunaroute_egress.deadline_watch import DeadlineWatch
from lunaroute_routing import (
    BreakerSettings,
    CooldownSettings,
    HealthSettings,
    RouteTable,
    RoutingSettings,
    Rule,
    Target,
    Tier,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

SOON = 0.2
OTHER = {"openai": "anthropic", "anthropic": "openai"}
CONTENT_AT = {"openai_chat": 2, "openai_responses": 3, "anthropic_messages": 3}
"""How many of a dialect's frames go by until content has begun."""
HTML = b"<html><body>It works!</body></html>"


@frozen(kw_only=True)
class Fault:
    """What the first provider does.

    Attributes:
        reply: what it answers, from the dialect, whether a stream is wanted, and its frames.
        place: which of its addresses is asked.
        count: how many attempts there are in all.
    """

    name: str
    reply: Callable[..., Reply] = lambda _spoken, _stream, _frames: Reply([])
    place: str = "faulty"

    def __str__(self):
        return self.name


def status(code, headers=()):
    def reply(spoken, _stream, _frames):
        return json_reply(code, spoken.busy, headers=headers)

    return reply


def early(*after):
    """A stream whose first frames hold no content, and half of a whole answer."""

    def reply(spoken, stream, frames):
        if stream:
            return sse_reply([frames[0], *after], end="hang")
        whole = spoken.answer("x" * 100)
        headers = ((b"content-type", b"application/json"),)
        return sse_reply([whole[: len(whole) // 2], *after], headers=headers, end="hang")

    return reply


def broken(spoken, stream, _frames):
    return sse_reply([spoken.broken_start]) if stream else json_reply(200, b"{broken")


def begun_and_broken(spoken, stream, frames):
    return sse_reply([frames[0], spoken.broken_end]) if stream else json_reply(200, b'{"id": ')


def begun_and_ended(_spoken, stream, frames):
    return sse_reply([frames[0]]) if stream else json_reply(200, b"")


def begun_and_failed(spoken, stream, frames):
    if not stream:
        return json_reply(500, spoken.busy)
    return sse_reply([frames[0], spoken.error_frame()])


def error_first(spoken, stream, _frames):
    return sse_reply([spoken.error_frame()]) if stream else json_reply(500, spoken.busy)


BEFORE = [
    Fault(name="refused", place="gone"),
    Fault(name="name unknown", place="nowhere"),
    Fault(name="no TLS there", place="plain"),
    Fault(name="reset", reply=lambda *_: Reply([Reset()])),
    Fault(name="closed", reply=lambda *_: Reply([Close()])),
    Fault(name="no HTTP", reply=lambda *_: raw_reply(b"SSH-2.0-OpenSSH_9.6\r\n\r\n", end="cut")),
    Fault(name="silent", reply=lambda *_: Reply([Hang()]), place="hasty"),
    Fault(name="no stream", reply=lambda *_: json_reply(200, HTML)),
    Fault(name="broken", reply=broken),
    Fault(name="begun, reset", reply=early(Reset())),
    Fault(name="begun, closed", reply=early(Close())),
    Fault(name="begun, silent", reply=early(Hang()), place="hasty"),
    Fault(name="begun, broken", reply=begun_and_broken),
    Fault(name="begun, ended", reply=begun_and_ended),
    Fault(name="begun, failed", reply=begun_and_failed),
    Fault(name="an error first", reply=error_first),
    *(Fault(name=f"status {code}", reply=status(code)) for code in (429, 500, 502, 503, 504, 529)),
    *(
        Fault(name=f"status {code}, wait", reply=status(code, ((b"retry-after", b"1"),)))
        for code in (429, 503, 529)
    ),
]

AFTER = {
    "reset": lambda _spoken: [Reset()],
    "closed": lambda _spoken: [Close()],
    "silent": lambda _spoken: [Hang()],
    "failed": lambda spoken: [spoken.error_frame()],
    "broken": lambda spoken: [spoken.broken_end],
    "ended": lambda _spoken: [],
}


@define
class Stage:
    """A gateway whose routes lead first to an upstream with faults, then to a good one."""

    served: object
    faulty: ScriptedUpstream
    good: ScriptedUpstream
    reply: Reply | None = None

    async def answer(self, spoken, *, stream, route, on_body=lambda _data: None):
        headers = [("x-luna-route", route), ("authorization", "Bearer k")]
        answer = await self.served.answer(spoken, stream=stream, headers=headers, on_body=on_body)
        await self.served.idle()
        return answer


def good_answers(harness):
    """An upstream that answers each dialect in its own way."""

    def play(request):
        spoken = next(one for one in harness.dialects.values() if request.target == one.path)
        if json.loads(request.body).get("stream"):
            return sse_reply([b"".join(spoken.frames("all is well"))])
        return json_reply(200, spoken.answer("all is well"))

    return play


@pytest_asyncio.fixture(loop_scope="module", scope="module", name="stage")
async def _stage(harness):
    http = HttpClient(watch=DeadlineWatch(interval=0.02))
    async with (
        ScriptedUpstream(lambda _request: stage.reply) as faulty,
        ScriptedUpstream(good_answers(harness)) as good,
    ):
        async with ScriptedUpstream(Reply([])) as gone:
            pass
        impatient = Deadlines(first_byte=SOON, idle=SOON)
        places = {
            "faulty": (faulty.url, None),
            "hasty": (faulty.url, impatient),
            "gone": (gone.url, None),
            "nowhere": ("http://nowhere.invalid", None),
            "plain": (faulty.url.replace("http:", "https:"), Deadlines(connect=SOON)),
            "good": (good.url, None),
        }
        providers = {}
        for prefix, (url, deadlines) in places.items():
            providers |= harness.providers_for(
                url, http, deadlines=deadlines, prefix=f"{prefix}-", keys=("k",)
            )
        table = RouteTable(rules=list(rules(places)), settings=SETTINGS)
        gateway = harness.gateway_for(providers, http, table=table)
        async with harness.serving("uvicorn", gateway) as served:
            stage = Stage(served, faulty, good)
            yield stage
        await harness.until(lambda: faulty.open_connections == good.open_connections == 0)


SETTINGS = RoutingSettings(
    breaker=BreakerSettings(enabled=False),
    cooldown=CooldownSettings(enabled=False),
    health=HealthSettings(min_requests=1_000_000),
)
"""Nothing is learned from one test for the next."""


def rules(places):
    """`faulty-openai-anthropic`: first the faulty one of the first vendor, then the good one of
    the second.
    """
    for place in places:
        for vendor in OTHER:
            for second in OTHER:
                targets = (f"{place}-{vendor}", f"good-{second}")
                yield rule(f"{place}-{vendor}-{second}", *targets)
    for vendor in OTHER:
        yield rule(f"all-fail-{vendor}", f"gone-{vendor}", f"faulty-{vendor}", f"plain-{vendor}")


def rule(name, *providers):
    tiers = tuple(Tier(targets=(Target(provider=one),)) for one in providers)
    return Rule(name=name, tiers=tiers)


@pytest.fixture(params=["same", "other"])
def second(request, spoken):
    """The vendor of the provider that is asked next."""
    return spoken.vendor if request.param == "same" else OTHER[spoken.vendor]


@pytest.mark.parametrize("fault", BEFORE, ids=str)
async def test_before_the_commit_point_another_provider_answers(
    stage, spoken, stream, second, fault
):
    stage.reply = fault.reply(spoken, stream, spoken.frames("never seen"))
    route = f"{fault.place}-{spoken.vendor}-{second}"
    answer = await stage.answer(spoken, stream=stream, route=route)
    assert answer.status == 200
    assert answer.is_whole
    assert answer.header("x-lunaroute-provider") == f"good-{second}"
    assert answer.header("x-lunaroute-attempts") == "2"
    assert spoken.read(answer, stream=stream) == "all is well"


@pytest.mark.parametrize("after", AFTER)
async def test_after_it_the_client_is_told_what_happened(stage, harness, spoken, second, after):
    frames = spoken.frames("half of it")[: CONTENT_AT[spoken.name]]
    seen = asyncio.Event()
    stage.reply = sse_reply([b"".join(frames), Pause(seen), *AFTER[after](spoken)])
    asked = len(stage.good.requests)
    answer = await stage.answer(
        spoken,
        stream=True,
        route=f"hasty-{spoken.vendor}-{second}",
        on_body=lambda _data: seen.set(),
    )
    assert answer.status == 200
    assert bytes(answer.body).startswith(b"".join(frames))
    assert len(stage.good.requests) == asked, "nobody else was asked"
    with pytest.raises(harness.sdk_errors):
        spoken.read(answer, stream=True)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_when_nobody_answers_the_most_useful_error_arrives_as_it_was_said(
    stage, spoken, stream
):
    """Status, type, request id and Retry-After; what came of the others changes nothing."""
    vendor = spoken.vendor
    id_header = "request-id" if vendor == "anthropic" else "x-request-id"
    headers = ((b"retry-after", b"7"), (id_header.encode(), b"req_vendor"))
    stage.reply = json_reply(429, spoken.busy, headers=headers)
    answer = await stage.answer(spoken, stream=stream, route=f"all-fail-{vendor}")
    assert answer.status == 429
    assert json.loads(answer.body) == spoken.busy
    assert answer.header("retry-after") == "7"
    assert answer.header("x-lunaroute-attempts") == "3"
    assert [value for name, value in answer.headers if name.lower() == id_header.encode()] == [
        b"req_vendor"
    ]
