"""Whole answers of the vendor, read."""

import json

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lunaroute_core.model import NormalizedRequest, RequestSource

REQUEST = NormalizedRequest(model="m", source=RequestSource(dialect="openai_responses"))
RESPONSE = {"id": "resp_1", "object": "response", "status": "completed", "output": []}


GENERATED = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@GENERATED
@given(data=st.data())
def test_any_output_is_written_again_as_it_was(answers, validated, vendor_responses, data):
    raw = data.draw(vendor_responses)
    body = msgspec.json.encode(raw)
    validated(body)
    again = json.loads(answers.encode(answers.decode(body), request=REQUEST))
    assert {key: again[key] for key in raw} == raw


@GENERATED
@given(data=st.data())
def test_any_other_field_is_written_again_as_it_was(answers, validated, vendor_fields, data):
    raw = {**RESPONSE, **data.draw(vendor_fields)}
    body = msgspec.json.encode(raw)
    validated(body)
    again = json.loads(answers.encode(answers.decode(body), request=REQUEST))
    assert {key: again[key] for key in raw} == raw
