import pytest

from lunaroute_core.model import FunctionTool, ImageBlock, UrlSource
from lunaroute_core.testing import chat_request
from lunaroute_core.token_estimate import estimate_tokens
from lunaroute_routing.content_conditions import DeclaresTools, InputBetween, ShowsImages
from lunaroute_routing.request_features import RequestFeatures


def features_of(*, tools=False, images=False):
    request = chat_request("some words")
    if tools:
        request.normalized.tools = [FunctionTool(name="f")]
    if images:
        image = ImageBlock(source=UrlSource(url="https://example.com/a.png"))
        request.normalized.turns[0].blocks.append(image)
    return RequestFeatures(request)


TOKENS = estimate_tokens(chat_request("some words").normalized)
CASES = [
    (DeclaresTools(True), features_of(tools=True), None),
    (DeclaresTools(True), features_of(), "no tools are declared"),
    (DeclaresTools(False), features_of(), None),
    (DeclaresTools(False), features_of(tools=True), "tools are declared"),
    (ShowsImages(True), features_of(images=True), None),
    (ShowsImages(True), features_of(), "there are no images"),
    (ShowsImages(False), features_of(), None),
    (ShowsImages(False), features_of(images=True), "there are images"),
    (InputBetween(TOKENS, TOKENS), features_of(), None),
    (InputBetween(None, TOKENS), features_of(), None),
    (InputBetween(0, None), features_of(), None),
    (
        InputBetween(TOKENS + 1, None),
        features_of(),
        f"the input is about {TOKENS} tokens, fewer than {TOKENS + 1}",
    ),
    (
        InputBetween(0, TOKENS - 1),
        features_of(),
        f"the input is about {TOKENS} tokens, more than {TOKENS - 1}",
    ),
]


@pytest.mark.parametrize(("condition", "features", "mismatch"), CASES)
def test_a_condition_holds_or_says_with_the_values_why_not(condition, features, mismatch):
    assert condition.holds(features) is (mismatch is None)
    if mismatch is not None:
        assert condition.mismatch(features) == mismatch
