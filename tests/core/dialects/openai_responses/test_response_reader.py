"""Whole answers of the vendor, read."""

import json

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lunaroute_core.dialects.openai_responses.response_reader import read_answer
from lunaroute_core.model import (
    CacheWrites,
    Finish,
    FinishReason,
    NormalizedRequest,
    RequestSource,
    TextBlock,
    Usage,
)

REQUEST = NormalizedRequest(model="m", source=RequestSource(dialect="openai_responses"))
RESPONSE = {"id": "resp_1", "object": "response", "status": "completed", "output": []}
GENERATED = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
TEXT = {"type": "message", "content": [{"type": "output_text", "text": "hi"}]}
REFUSAL = {"type": "message", "content": [{"type": "refusal", "refusal": "no"}]}
CALL = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}


def read(**fields):
    return read_answer(msgspec.json.encode({**RESPONSE, **fields}))


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


def test_a_plain_answer():
    details = {"cached_tokens": 2000, "cache_write_tokens": 400}
    usage = {"input_tokens": 2600, "output_tokens": 5, "input_tokens_details": details}
    answer = read(model="gpt-5", created_at=7, output=[TEXT], usage=usage, service_tier="flex")
    assert (answer.id, answer.model, answer.created) == ("resp_1", "gpt-5", 7)
    assert [it.text for it in answer.blocks if isinstance(it, TextBlock)] == ["hi"]
    assert answer.finish == Finish(reason=FinishReason.STOP, raw="completed")
    assert answer.usage == Usage(
        input_tokens=200,
        cache_read_tokens=2000,
        cache_writes=CacheWrites(unknown=400),
        output_tokens=5,
    )
    assert answer.extensions == {"openai_responses": {"service_tier": "flex"}}


def test_of_unknown_counts_nothing_is_said():
    assert read(usage=None).usage is None
    assert read(usage={"input_tokens": 3}).usage == Usage(input_tokens=3)


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        ([], FinishReason.STOP),
        ([TEXT], FinishReason.STOP),
        ([TEXT, CALL], FinishReason.TOOL_CALLS),
        ([REFUSAL], FinishReason.REFUSAL),
        ([REFUSAL, CALL], FinishReason.TOOL_CALLS),
    ],
)
def test_the_finish_agrees_with_the_content(output, reason):
    assert read(output=output).finish.reason is reason


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("max_output_tokens", FinishReason.LENGTH),
        ("content_filter", FinishReason.CONTENT_FILTER),
        ("max_messages", FinishReason.MAX_MESSAGES),
        ("steered", FinishReason.STEERED),
        ("later", FinishReason.LENGTH),
        (None, FinishReason.LENGTH),
    ],
)
def test_an_incomplete_answer_says_why_whatever_it_holds(answers, word, reason):
    """A reason that is not known counts as a length: clients shall know that more would come."""
    details = {"reason": word} if word is not None else None
    answer = read(status="incomplete", incomplete_details=details, output=[TEXT, CALL])
    assert answer.finish == Finish(reason=reason, raw=word, details=details)
    again = json.loads(answers.encode(answer, request=REQUEST))
    assert again["incomplete_details"] == (details or {"reason": "max_output_tokens"})


def test_a_failed_answer_ends_in_its_error(answers):
    error = {"code": "server_error", "message": "The model failed.", "param": None}
    answer = read(status="failed", error=error, output=[TEXT])
    assert answer.finish == Finish(reason=FinishReason.ERROR, raw="failed", details=error)
    again = json.loads(answers.encode(answer, request=REQUEST))
    assert (again["status"], again["error"]) == ("failed", error)


def test_a_cancelled_answer_ends_in_an_error_without_details():
    finish = read(status="cancelled").finish
    assert finish == Finish(reason=FinishReason.ERROR, raw="cancelled")


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, "completed"),
        ({"error": {"message": "no"}}, "failed"),
        ({"incomplete_details": {"reason": "content_filter"}}, "content_filter"),
    ],
)
def test_without_a_status_the_rest_tells(fields, status):
    assert read(status=None, **fields).finish.raw == status


@pytest.mark.parametrize("status", ["in_progress", "queued", "later"])
def test_an_answer_that_is_not_finished_is_none_yet(status):
    with pytest.raises(ValueError, match=f"status: .*{status}"):
        read(status=status)


def test_fractions_of_seconds_are_cut_off_but_kept(answers):
    answer = read(created_at=7.5)
    assert answer.created == 7
    assert json.loads(answers.encode(answer, request=REQUEST))["created_at"] == 7.5
    assert read(created_at=1e300).created is None


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"id": 5}, "id"),
        ({"model": []}, "model"),
        ({"output": {}}, "output"),
        ({"output": [5]}, r"output\[0\]"),
        ({"output": [{}]}, r"output\[0\]\.type"),
        ({"output": [TEXT, {**CALL, "call_id": None}]}, r"output\[1\]\.call_id"),
        ({"output": [{**TEXT, "content": [{"type": "output_text"}]}]}, r"content\[0\]\.text"),
        ({"usage": {"input_tokens": "3"}}, r"usage\.input_tokens"),
        ({"created_at": "now"}, "created_at"),
        ({"incomplete_details": "x", "status": "incomplete"}, "incomplete_details"),
    ],
)
def test_what_is_malformed_is_named(fields, named):
    with pytest.raises(ValueError, match=named):
        read(**fields)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b"<html>",
        b"[" * 100_000,
        b'{"object": "response", "output": ' + b"[" * 100_000,
        b'{"object": "chat.completion", "choices": []}',
        b'{"error": {"message": "no"}}',
        b'{"object": "response", "id": "\xff"}',
    ],
)
def test_what_is_no_answer_is_an_error(body):
    with pytest.raises(ValueError):
        read_answer(body)
