"""Compressed answers: as they are where the client reads them, plain where it does not."""

import gzip

import brotli
import pytest
import zstandard

from lunaroute_core.testing import sse_reply

pytestmark = pytest.mark.asyncio(loop_scope="module")

COMPRESS = {"gzip": gzip.compress, "br": brotli.compress, "zstd": zstandard.compress}


@pytest.fixture(params=COMPRESS)
def encoding(request):
    return request.param


async def test_a_whole_answer_in_an_encoding_the_client_reads_stays_as_it_is(
    stage, case_of, spoken, encoding
):
    case = case_of(spoken, stream=False)
    data = COMPRESS[encoding](case.whole)
    reply = case.ok(data, ((b"content-encoding", encoding.encode()),))
    answer = await stage.answer(case, reply, headers=[("accept-encoding", f"{encoding}, x-odd")])
    assert stage.upstream.requests[-1].header("accept-encoding") == encoding
    assert answer.header("content-encoding") == encoding
    assert bytes(answer.body) == data


async def test_a_stream_is_asked_for_plain_and_made_plain(stage, case_of, spoken, encoding):
    """A keep-alive or an error could not be added to a compressed one."""
    case = case_of(spoken, stream=True)
    data = COMPRESS[encoding](case.whole)
    reply = sse_reply([data], headers=((b"content-encoding", encoding.encode()),))
    answer = await stage.answer(case, reply, headers=[("accept-encoding", encoding)])
    assert stage.upstream.requests[-1].header("accept-encoding") == "identity"
    assert answer.header("content-encoding") is None
    assert bytes(answer.body) == case.whole
