"""A vendor's own errors reach the client as the vendor meant them."""

import json

import anthropic
import openai
import pytest

from lunaroute_core.testing import Pause, json_reply, sse_reply

pytestmark = pytest.mark.asyncio(loop_scope="module")

STATUSES = (400, 401, 402, 403, 404, 409, 413, 422, 429, 500, 502, 503, 504, 529)
STATUS_ERRORS = (openai.APIStatusError, anthropic.APIStatusError)
WAITS = {
    "no wait": (),
    "seconds": ((b"retry-after", b"7"),),
    "date": ((b"retry-after", b"Wed, 21 Oct 2065 07:28:00 GMT"),),
    "milliseconds": ((b"retry-after-ms", b"7500"), (b"x-should-retry", b"false")),
}


@pytest.fixture(params=STATUSES)
def status(request):
    return request.param


@pytest.fixture(params=WAITS)
def wait(request):
    return WAITS[request.param]


def raised(spoken, answer, *, stream):
    """The SDK's exception for an answer."""
    with pytest.raises(STATUS_ERRORS) as caught:
        spoken.read(answer, stream=stream)
    return caught.value


async def test_an_error_status_passes_byte_for_byte_with_how_long_to_wait(
    stage, case_of, spoken, stream, *, status, wait
):
    case = case_of(spoken, stream=stream)
    body = json.dumps(spoken.busy, indent=1).encode()
    id_header = (b"request-id" if spoken.vendor == "anthropic" else b"x-request-id", b"req_vendor")
    headers = (*wait, id_header, (b"x-ratelimit-limit-requests", b"9"))
    answer = await stage.answer(case, json_reply(status, body, headers=headers))
    assert (answer.status, bytes(answer.body)) == (status, body)
    assert answer.is_whole
    assert set(headers) <= set(answer.headers)
    error = raised(spoken, answer, stream=stream)
    assert error.status_code == status
    assert error.request_id == "req_vendor"
    assert "too busy" in str(error)


async def test_a_load_balancers_page_keeps_its_status(stage, case_of, spoken, stream):
    page = b"<html><h1>502 Bad Gateway</h1></html>"
    reply = json_reply(502, page, headers=((b"content-type", b"text/html"),))
    answer = await stage.answer(case_of(spoken, stream=stream), reply)
    assert (answer.status, bytes(answer.body)) == (502, page)
    assert raised(spoken, answer, stream=stream).status_code == 502


async def test_a_stream_that_begins_with_an_error_has_a_status(
    stage, case_of, spoken, error_answer
):
    answer = await stage.answer(
        case_of(spoken, stream=True), sse_reply([b": hello\n\n", spoken.error_frame()])
    )
    assert answer.status == (529 if spoken.vendor == "anthropic" else 503)
    assert error_answer(spoken, answer) == "too busy"


async def test_an_error_within_a_stream_passes_as_it_is_and_is_the_end(
    stage, case_of, spoken, harness
):
    case = case_of(spoken, stream=True)
    frames = [case.frames[0], spoken.error_frame()]
    answer = await stage.answer(case, sse_reply([frames[0], Pause(case.seen), frames[1]]))
    assert answer.is_whole
    assert bytes(answer.body) == b"".join(frames)
    with pytest.raises(harness.sdk_errors, match="too busy"):
        spoken.read(answer, stream=True)


@pytest.mark.parametrize("end", ["cut", "reset", "hang"])
async def test_an_error_that_breaks_off_is_a_bad_gateway(
    stage, case_of, spoken, stream, *, end, error_answer
):
    reply = json_reply(429, spoken.busy, end=end)
    answer = await stage.answer(case_of(spoken, stream=stream), reply, provider="hasty-")
    assert answer.status == (504 if end == "hang" else 502)
    error_answer(spoken, answer)
