import pytest
from openai.types.responses import Response

from lunaroute_core.dialects.openai_responses.response_object import (
    last_item_status,
    response_status,
    write_response,
)
from lunaroute_core.model import (
    Finish,
    FinishReason,
    NormalizedRequest,
    NormalizedResponse,
    RequestSource,
    Usage,
)

REQUEST = NormalizedRequest(model="m", source=RequestSource(dialect="openai_chat"))


def written(finish=None, **fields):
    answer = NormalizedResponse(id="resp_1", model="m", finish=finish, **fields)
    response = write_response(answer, request=REQUEST, output=[], now=7.9)
    Response.model_validate(response)
    return response


def test_without_a_finish_it_is_in_progress():
    response = written(usage=Usage(input_tokens=1))
    assert (response["status"], response["completed_at"]) == ("in_progress", None)
    assert response["usage"] is None


@pytest.mark.parametrize(
    ("reason", "status", "details"),
    [
        (FinishReason.STOP, "completed", None),
        (FinishReason.LENGTH, "incomplete", {"reason": "max_output_tokens"}),
        (FinishReason.PAUSE, "incomplete", {"reason": None}),
        (FinishReason.ERROR, "failed", None),
    ],
)
def test_the_status_follows_from_the_finish(reason, status, details):
    response = written(Finish(reason=reason))
    assert (response["status"], response["incomplete_details"]) == (status, details)
    assert (response["error"] is not None) == (status == "failed")
    assert response_status(Finish(reason=reason)) == status


def test_a_failed_answer_leaves_its_last_item_incomplete():
    assert last_item_status(Finish(reason=FinishReason.ERROR)) == "incomplete"
    assert last_item_status(Finish(reason=FinishReason.STOP)) == "completed"


def test_the_time_is_the_upstream_s_or_ours():
    assert written(created=3)["created_at"] == 3
    assert written()["created_at"] == 7


def test_what_the_answer_says_beyond_the_model_is_written():
    extensions = {"openai_responses": {"service_tier": "flex", "$x": 1}, "openai_chat": {"y": 1}}
    response = written(Finish(reason=FinishReason.STOP), extensions=extensions)
    assert response["service_tier"] == "flex"
    assert not {"$x", "y"} & response.keys()


def test_what_the_vendor_said_of_its_failure_is_said_again():
    error = {"code": "invalid_prompt", "message": "No", "param": None}
    assert written(Finish(reason=FinishReason.ERROR, details=error))["error"] == error
    assert written(Finish(reason=FinishReason.ERROR))["error"]["message"] == "the model failed"


def test_another_vendors_details_are_no_reason():
    details = {"type": "refusal", "category": "cyber"}
    finish = Finish(reason=FinishReason.CONTENT_FILTER, details=details)
    assert written(finish)["incomplete_details"] == {"reason": "content_filter"}
