import pytest

from lunaroute_core.answer_stages import JSONOutput
from lunaroute_core.model import (
    BlockEnd,
    BlockStart,
    Finish,
    FinishReason,
    NormalizedResponse,
    ReasoningBlock,
    StreamFinish,
    TextBlock,
    TextDelta,
)

PERSON = {
    "type": "object",
    "properties": {"age": {"type": "integer", "minimum": 0}},
    "required": ["age"],
}
STOP, LENGTH, CALLS = (
    Finish(reason=reason)
    for reason in (FinishReason.STOP, FinishReason.LENGTH, FinishReason.TOOL_CALLS)
)


def whole(text, *, schema=None, finish=STOP):
    blocks = [ReasoningBlock(parts=["Hm."]), TextBlock(text=text[:3]), TextBlock(text=text[3:])]
    answer = NormalizedResponse(id="r", model="m", blocks=blocks, finish=finish)
    assert JSONOutput(schema).response(answer) is answer


def streamed(text, *, schema=None, finish=STOP):
    stage = JSONOutput(schema)
    events = [BlockStart(index=0, block=TextBlock(text=""))]
    events += [TextDelta(index=0, text=letter) for letter in text]
    events += [BlockEnd(index=0), StreamFinish(finish=finish)]
    assert [out for event in events for out in stage.events(event)] == events


@pytest.fixture(params=[whole, streamed])
def check(request):
    return request.param


@pytest.mark.parametrize("text", ['{"a": 1}', " {}\n"])
def test_an_object_passes(check, text):
    """Unchanged."""
    check(text)


@pytest.mark.parametrize("text", ["Sure! {}", "```json\n{}\n```", "[1]", "", "{", "[" * 100_000])
def test_what_is_no_object_is_an_error(check, text):
    """The client was promised JSON: it must see that it did not get it."""
    with pytest.raises(ValueError, match="no JSON"):
        check(text)


def test_a_value_that_fits_the_schema_passes(check):
    """Unchanged."""
    check('{"age": 3}', schema=PERSON)


@pytest.mark.parametrize("text", ["{}", '{"age": -1}', '{"age": "3"}', "[]"])
def test_a_value_that_does_not_fit_is_an_error(check, text):
    """The error says where."""
    with pytest.raises(ValueError, match=r"does not fit the schema: \$"):
        check(text, schema=PERSON)


@pytest.mark.parametrize("finish", [LENGTH, CALLS])
def test_only_a_finished_answer_is_checked(check, finish):
    """One cut short says so itself; calls come before the answer."""
    check("not yet", schema=PERSON, finish=finish)


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "http://127.0.0.1:1/schema.json"},
        {"type": "nothing"},
        {"$ref": "#/$defs/missing"},
        {"pattern": "(a+)+$"},
    ],
)
def test_nothing_is_fetched_and_nothing_hangs_for_a_schema(check, schema):
    """Schemas come from clients."""
    check('"' + "a" * 60 + '!"', schema=schema)
