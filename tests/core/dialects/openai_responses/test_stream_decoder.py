"""The vendor's streams, read."""

import json

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lunaroute_core.model import NormalizedRequest, RequestSource
from lunaroute_core.sse import parse_events

REQUEST = NormalizedRequest(model="m", source=RequestSource(dialect="openai_responses"))
GENERATED = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@GENERATED
@given(data=st.data())
def test_a_stream_amounts_to_what_the_whole_answer_says(
    answers, decoded, put_together, vendor_responses, vendor_stream, data
):
    raw = data.draw(vendor_responses)
    streamed = put_together(decoded(vendor_stream(raw)))
    assert streamed == answers.decode(msgspec.json.encode(raw))


@GENERATED
@given(data=st.data())
def test_a_stream_written_again_is_the_same_for_the_sdk(
    accumulated, decoded, streams, vendor_responses, vendor_stream, data
):
    raw = data.draw(vendor_responses)
    encoder = streams.encoder(request=REQUEST)
    written = b"".join(map(encoder.encode, decoded(vendor_stream(raw))))
    accumulated(written)
    events = [json.loads(it.data) for it in parse_events(written)]
    final = events[-1]["response"]
    assert {key: final[key] for key in raw} == raw
    done = [it["item"] for it in events if it["type"] == "response.output_item.done"]
    assert done == raw["output"]
