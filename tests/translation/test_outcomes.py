"""Every outcome that the dialects tell of, played with its example."""

import re

import msgspec
import pytest
from msgspec import UNSET

from lunaroute_core.answer_stages import staged_events, staged_response
from lunaroute_core.dialects.registry import DIALECTS
from lunaroute_core.errors import InvalidRequestError
from lunaroute_core.model import (
    ArgumentsDelta,
    BlockEnd,
    BlockStart,
    CitationAdd,
    OpaqueSet,
    ReasoningBlock,
    ReasoningDelta,
    RefusalBlock,
    RefusalDelta,
    StreamEnd,
    StreamFinish,
    StreamOptions,
    StreamStart,
    TextBlock,
    TextDelta,
    ToolCallBlock,
    UsageUpdate,
)
from lunaroute_core.translation import Translation
from lunaroute_core.translation_outcomes import outcomes_into

MISSING = "(nothing)"
DIALECT_OUTCOMES = {name: outcomes_into(name) for name in DIALECTS}


def rows(kind, peers):
    """Each outcome for each of its peers: `client>upstream:field-number`."""
    for dialect, given in DIALECT_OUTCOMES.items():
        for number, row in enumerate(getattr(given, kind)):
            for peer in getattr(row, peers):
                what = getattr(row, "field", None) or getattr(row, "feature", None) or row.kind
                name = re.sub(r"[^\w.]+", "-", what).strip("-")
                yield pytest.param(dialect, peer, row, id=f"{peer}-{dialect}-{name}-{number}")


def at(value, pointer):
    """What a JSON pointer leads to."""
    for token in pointer.split("/")[1:]:
        key = token.replace("~1", "/").replace("~0", "~")
        if isinstance(value, list) and key.isdigit() and int(key) < len(value):
            value = value[int(key)]
        elif isinstance(value, dict) and key in value:
            value = value[key]
        else:
            return MISSING
    return value


def found(body, pointers):
    return {pointer: at(body, pointer) for pointer in pointers}


def nothing(pointers):
    return dict.fromkeys(pointers, MISSING)


def asked(client, fields, *, headers=()):
    """A client's request with an example's fields."""
    body = {"model": "m", **DIALECT_OUTCOMES[client].request, **fields}
    return DIALECTS[client].requests.decode(msgspec.json.encode(body), headers=headers)


def sent(upstream, client, row, translation):
    """What an upstream gets for an example."""
    headers = [(name.encode(), value.encode()) for name, value in row.headers.items()]
    request = asked(client, row.example, headers=tuple(headers))
    return msgspec.json.decode(DIALECTS[upstream].requests.encode(request, translation))


def to_model(upstream, row, *, strict=False):
    return Translation(capabilities=DIALECT_OUTCOMES[upstream].model_for(row), strict=strict)


def refusal(upstream, client, row, translation):
    """The field that is named when a request is refused."""
    with pytest.raises(InvalidRequestError) as caught:
        sent(upstream, client, row, translation)
    return caught.value.details.param


# --- requests -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("upstream", "client", "row"), [*rows("requests", "clients")])
def test_a_request_becomes_what_is_said_of_it(validate, upstream, client, row):
    translation = to_model(upstream, row)
    if row.outcome == "rejected":
        assert refusal(upstream, client, row, translation) == row.param
        return
    body = sent(upstream, client, row, translation)
    assert found(body, row.sends) == row.sends
    assert found(body, row.omits) == nothing(row.omits)
    assert [f"{it.outcome} {it.param}" for it in translation.warnings] == [*row.warnings]
    validate(upstream, body)


@pytest.mark.parametrize(("upstream", "client", "row"), [*rows("requests", "clients")])
def test_strict_translation_refuses_what_it_would_warn_of(upstream, client, row):
    strict = to_model(upstream, row, strict=True)
    if row.outcome == "rejected":
        assert refusal(upstream, client, row, strict) == row.param
    elif row.warnings:
        assert f"{row.outcome} {refusal(upstream, client, row, strict)}" == row.warnings[0]
    else:
        assert sent(upstream, client, row, strict) == sent(
            upstream, client, row, to_model(upstream, row)
        )


# --- answers ------------------------------------------------------------------------------------


def answer_rows():
    return [*rows("answers", "upstreams"), *rows("finishes", "upstreams")]


@pytest.fixture
def example(client, upstream, row):
    """The request that was answered, an upstream's answer to it, and the stages on its way."""
    request = asked(client, row.request)
    translation = to_model(upstream, row)
    DIALECTS[upstream].requests.encode(request, translation)
    body = {**DIALECT_OUTCOMES[upstream].answer, **row.example}
    answer = DIALECTS[upstream].responses.decode(msgspec.json.encode(body))
    return request, answer, translation.stages


@pytest.mark.parametrize(("client", "upstream", "row"), answer_rows())
def test_an_answer_becomes_what_is_said_of_it(example, client, row):
    request, answer, stages = example
    written = DIALECTS[client].responses.encode(staged_response(answer, stages), request=request)
    body = msgspec.json.decode(written)
    assert found(body, row.gives) == row.gives
    assert found(body, row.omits) == nothing(row.omits)


@pytest.mark.parametrize(("client", "upstream", "row"), answer_rows())
def test_a_streamed_answer_becomes_the_same(example, accumulate, client, row):
    request, answer, stages = example
    request.stream = StreamOptions(enabled=True, include_usage=True)
    encoder = DIALECTS[client].streams.encoder(request=request)
    staged = (it for event in events_of(answer) for it in staged_events(event, stages))
    body = accumulate(client, b"".join(map(encoder.encode, until_end(staged))))
    assert said(found(body, row.gives)) == said(row.gives)
    assert said(found(body, row.omits)) == nothing(row.omits)


def said(values):
    """Streams do not tell null from nothing."""
    return {key: MISSING if value is None else value for key, value in values.items()}


def until_end(events):
    """A stream's events up to its end, after which an upstream is left."""
    for event in events:
        yield event
        if isinstance(event, StreamEnd):
            return


def events_of(answer):
    """An answer's stream, each of its texts in two pieces."""
    yield StreamStart(id=answer.id, model=answer.model, created=answer.created, usage=answer.usage)
    for index, block in enumerate(answer.blocks):
        yield BlockStart(index=index, block=begun(block))
        yield from deltas(index, block)
        yield BlockEnd(index=index, block=block)
    yield UsageUpdate(usage=answer.usage)
    yield StreamFinish(finish=answer.finish)
    yield StreamEnd()


def begun(block):
    """What of a block is known when it opens."""
    match block:
        case TextBlock() | RefusalBlock():
            return msgspec.structs.replace(block, text="", **no_citations(block))
        case ToolCallBlock():
            return msgspec.structs.replace(block, raw_arguments="", arguments=UNSET)
        case ReasoningBlock(variant="visible"):
            return msgspec.structs.replace(block, parts=[], opaque=None)
        case _:
            return block


def no_citations(block):
    return {"citations": []} if isinstance(block, TextBlock) else {}


def deltas(index, block):
    match block:
        case TextBlock(text=text, citations=citations):
            yield from (TextDelta(index=index, text=piece) for piece in halves(text))
            yield from (CitationAdd(index=index, citation=it) for it in citations)
        case RefusalBlock(text=text):
            yield from (RefusalDelta(index=index, text=piece) for piece in halves(text))
        case ToolCallBlock(raw_arguments=raw):
            yield from (ArgumentsDelta(index=index, fragment=piece) for piece in halves(raw))
        case ReasoningBlock(variant="visible", parts=parts, opaque=opaque):
            for part, text in enumerate(parts):
                yield ReasoningDelta(index=index, text=text, part=part)
            if opaque is not None:
                yield OpaqueSet(index=index, opaque=opaque)


def halves(text):
    return [piece for piece in (text[: len(text) // 2], text[len(text) // 2 :]) if piece]


# --- errors -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("client", "upstream", "row"), [*rows("errors", "upstreams")])
def test_an_error_becomes_what_is_said_of_it(client, upstream, row):
    body = msgspec.json.encode(row.example)
    error = DIALECTS[upstream].errors.decode(row.status, (), body)
    status, written = DIALECTS[client].errors.encode(error, request_id="req_1")
    assert error.kind == row.kind
    assert status == row.becomes
    assert found(msgspec.json.decode(written), row.gives) == row.gives
