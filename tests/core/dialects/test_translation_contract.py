"""What every dialect must do to be translated to and from, run over the registry and the
how-to's toy: `requests.encode`, `responses.decode`, `streams.decoder`.
"""

import json
import time

import msgspec
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from lunaroute_core import InvalidRequestError, Translation
from lunaroute_core.dialects.registry import DIALECTS
from lunaroute_core.model import (
    ArgumentsDelta,
    BlockEnd,
    BlockStart,
    Finish,
    FinishReason,
    FunctionTool,
    Limits,
    Message,
    NormalizedRequest,
    NormalizedResponse,
    ReasoningBlock,
    RefusalBlock,
    RequestSource,
    Sampling,
    StreamEnd,
    StreamError,
    StreamOptions,
    TextBlock,
    TextDelta,
    ToolCallBlock,
    ToolResultBlock,
    Usage,
)
from lunaroute_core.sse import SSEFramer, encode_event, parse_events
from lunaroute_core.testing import (
    EventGrammarError,
    chat_request,
    check_events,
    stream_events,
    text_response,
    tool_call_response,
)
from lunaroute_core.token_estimate import estimate_tokens

# The fixture is the same for all examples: a dialect keeps no state.
over_examples = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)

BODY = {
    "model": "a-model",
    "stream": True,
    "max_tokens": 50,
    "messages": [{"role": "user", "content": "hi"}],
    "input": "hi",
    "prompt": "hi",
    "x_new": {"a": [1, None]},
}
"""A request in every dialect at once: each takes its own fields and keeps the others."""

TEXTS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20).filter(str.strip)
ARGUMENTS = st.dictionaries(st.text(max_size=3), st.integers(0, 9), max_size=2).map(json.dumps)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
TOO_DEEP = "nested a hundred thousand times"
NESTED = b"[" * 100_000 + b"]" * 100_000


@st.composite
def conversations(draw):
    """A request of any client: instructions, turns, calls and their results, and settings."""
    turns, calls = [], 0
    for _ in range(draw(st.integers(0, 3))):
        turns.append(Message(role="user", blocks=[TextBlock(text=draw(TEXTS))]))
        answer = Message(role="assistant", blocks=[TextBlock(text=draw(TEXTS))])
        turns.append(answer)
        if draw(st.booleans()):
            calls += 1
            call = call_of(calls, draw(ARGUMENTS))
            answer.blocks.append(call)
            result = ToolResultBlock(call_id=call.id, blocks=[TextBlock(text=draw(TEXTS))])
            turns.append(Message(role="tool", blocks=[result]))
    turns.append(Message(role="user", blocks=[TextBlock(text=draw(TEXTS))]))
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
    return NormalizedRequest(
        model="a-model",
        source=RequestSource(dialect=draw(st.sampled_from([*DIALECTS.names]))),
        instructions=[TextBlock(text=it) for it in draw(st.lists(TEXTS, max_size=2))],
        turns=turns,
        tools=[FunctionTool(name="look", schema=schema)] if calls else [],
        limits=Limits(max_output_tokens=draw(st.none() | st.integers(1, 99))),
        sampling=Sampling(
            temperature=draw(st.sampled_from([None, 0.5])),
            seed=draw(st.sampled_from([None, 1])),
            stop=draw(st.sampled_from([None, ["END"]])),
        ),
        stream=StreamOptions(enabled=draw(st.booleans())),
    )


@st.composite
def answers(draw):
    """An answer of any upstream."""
    blocks = [TextBlock(text=draw(TEXTS))]
    if draw(st.booleans()):
        blocks.insert(0, ReasoningBlock(parts=[draw(TEXTS)]))
    arguments = draw(st.lists(ARGUMENTS, max_size=2))
    blocks += [call_of(number, raw) for number, raw in enumerate(arguments)]
    called = isinstance(blocks[-1], ToolCallBlock)
    reasons = [FinishReason.TOOL_CALLS] if called else [FinishReason.STOP, FinishReason.LENGTH]
    return NormalizedResponse(
        id="answer-1",
        model="a-model",
        blocks=blocks,
        finish=Finish(reason=draw(st.sampled_from(reasons))),
        usage=Usage(input_tokens=draw(st.integers(0, 9)), output_tokens=draw(st.integers(0, 9))),
        created=1_700_000_000,
    )


def call_of(number, raw_arguments):
    call = ToolCallBlock(id=f"call_{number}", name="look", raw_arguments=raw_arguments)
    call.arguments = json.loads(raw_arguments)
    return call


def encoded(dialect, request, **options):
    return dialect.requests.encode(request, Translation(**options))


def asking(dialect):
    return chat_request(dialect=dialect.name, stream=True).normalized


def written(dialect, answer):
    return dialect.responses.encode(answer, request=asking(dialect))


def written_stream(dialect, answer):
    encoder = dialect.streams.encoder(request=asking(dialect))
    return b"".join(map(encoder.encode, stream_events(answer)))


def decoded_stream(dialect, *blocks):
    decoder = dialect.streams.decoder()
    return [event for block in blocks for event in decoder.decode(block)] + decoder.end()


def content(blocks):
    """Text, calls and results in the order of their kinds, free of ids and of how they are cut."""
    text, calls, results = "", [], []
    for block in blocks:
        match block:
            case TextBlock() | RefusalBlock():
                text += block.text
            case ToolCallBlock():
                calls.append((block.name, json.loads(block.raw_arguments or "{}")))
            case ToolResultBlock():
                results.append(content(block.blocks)[0])
            case _:
                pass
    return text, calls, results


def streamed_blocks(events):
    """The blocks of a stream, their deltas put together."""
    blocks = {}
    for event in events:
        match event:
            case BlockStart():
                blocks[event.index] = msgspec.structs.replace(event.block)
            case TextDelta():
                blocks[event.index].text += event.text
            case ArgumentsDelta():
                blocks[event.index].raw_arguments += event.fragment
            case BlockEnd(block=ToolCallBlock() as final):
                blocks[event.index] = final
            case _:
                pass
    return list(blocks.values())


def every_place(value, place=()):
    """The place of each value in a JSON value."""
    yield place
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from every_place(inner, (*place, key))


def with_other_value(value, place, other):
    if not place:
        return other
    copy = value.copy()
    copy[place[0]] = with_other_value(value[place[0]], place[1:], other)
    return copy


def spoiled(data, good):
    """JSON bytes that are cut, or with one value in them that is another."""
    if data.draw(st.booleans()):
        return good[: data.draw(st.integers(0, len(good)))]
    value = json.loads(good)
    place = data.draw(st.sampled_from([*every_place(value)]))
    other = with_other_value(value, place, data.draw(JSON | st.just(TOO_DEEP)))
    return json.dumps(other).encode().replace(json.dumps(TOO_DEEP).encode(), NESTED)


def seconds(work):
    """CPU time, the best of several."""
    taken = []
    for _ in range(4):
        started = time.process_time()
        work()
        taken.append(time.process_time() - started)
    return min(taken)


# Requests


def test_a_request_of_its_own_is_written_as_it_came(dialect):
    request = dialect.requests.decode(msgspec.json.encode(BODY))
    assert json.loads(encoded(dialect, request)) == BODY


@given(request=conversations())
@over_examples
def test_any_request_is_written_with_all_its_content_or_refused(dialect, request):
    if dialect.name == "acme_prompt" and request.tools:
        with pytest.raises(InvalidRequestError, match="tools: "):
            encoded(dialect, request)
        return
    body = encoded(dialect, request)
    read = dialect.requests.decode(body)
    assert (read.model, read.stream.enabled) == (request.model, request.stream.enabled)
    said = [block.text for block in request.instructions]
    said += [it for turn in request.turns for it in [content(turn.blocks)[0]] if it]
    text, calls, results = content(
        [*read.instructions, *(block for turn in read.turns for block in turn.blocks)]
    )
    at = 0
    for one in said:
        assert one in text[at:]
        at = text.index(one, at) + len(one)
    sent = content(block for turn in request.turns for block in turn.blocks)
    assert (calls, results) == sent[1:]


@given(request=conversations())
@over_examples
def test_a_request_is_written_as_the_same_bytes_each_time(dialect, request):
    try:
        body = encoded(dialect, request)
    except InvalidRequestError:
        assume(False)
    again = msgspec.json.decode(msgspec.json.encode(request), type=NormalizedRequest)
    assert encoded(dialect, again) == body
    assert encoded(dialect, dialect.requests.decode(body)) == body


@given(request=conversations())
@over_examples
def test_writing_a_request_leaves_it_as_it_is(dialect, request):
    before = msgspec.json.encode(request)
    try:
        encoded(dialect, request)
    except InvalidRequestError:
        assume(False)
    assert msgspec.json.encode(request) == before


@given(request=conversations())
@over_examples
def test_strict_translation_refuses_what_is_warned_of_otherwise(dialect, request):
    translation = Translation()
    try:
        body = dialect.requests.encode(request, translation)
    except InvalidRequestError:
        assume(False)
    if not translation.warnings:
        assert encoded(dialect, request, strict=True) == body
        return
    with pytest.raises(InvalidRequestError) as error:
        encoded(dialect, request, strict=True)
    assert error.value.details.param in {warning.param for warning in translation.warnings}


@given(request=conversations())
@over_examples
def test_a_request_is_estimated_alike_before_and_after(dialect, request):
    if dialect.name == "acme_prompt":
        pytest.skip("a prompt is one text, and takes fewer tokens than turns")
    read = dialect.requests.decode(encoded(dialect, request))
    assert estimate_tokens(read) == estimate_tokens(request)


@given(data=st.data(), request=conversations())
@over_examples
def test_what_is_understood_of_a_spoiled_request_is_written_as_it_came(dialect, data, request):
    try:
        body = spoiled(data, encoded(dialect, request))
        read = dialect.requests.decode(body)
    except InvalidRequestError:
        return
    # The toy does not tell null from absent.
    assume(dialect.name != "acme_prompt" or None not in json.loads(body).values())
    assert json.loads(encoded(dialect, read)) == json.loads(body)


@pytest.mark.parametrize("depth", [100, 500, 900])
def test_a_deep_schema_is_written_or_refused(dialect, depth):
    schema = {"type": "object", "properties": {}}
    for _ in range(depth):
        schema = {"type": "object", "properties": {"a": schema}}
    request = chat_request().normalized
    request.tools = [FunctionTool(name="look", schema=schema)]
    try:
        assert encoded(dialect, request).count(b'"properties"') == depth + 1
    except InvalidRequestError:
        assert dialect.name == "acme_prompt" or depth > 100


@pytest.mark.parametrize("called", [False, True], ids=["texts", "calls"])
def test_a_long_conversation_takes_time_in_proportion(dialect, called):
    if called and dialect.name == "acme_prompt":
        pytest.skip("Acme's models call no tools")

    def writing(rounds):
        request = chat_request().normalized
        for number in range(rounds):
            answer = Message(role="assistant", blocks=[TextBlock(text=f"text {number}")])
            request.turns.append(answer)
            if called:
                answer.blocks.append(call_of(number, "{}"))
                result = ToolResultBlock(call_id=f"call_{number}", blocks=[TextBlock(text="it")])
                request.turns.append(Message(role="tool", blocks=[result]))
            request.turns.append(Message(role="user", blocks=[TextBlock(text="and then?")]))
        return lambda: encoded(dialect, request)

    assert seconds(writing(4_000)) < 10 * seconds(writing(1_000)) + 0.02


# Answers


@given(answer=answers())
@over_examples
def test_a_written_answer_is_read_back(dialect, answer):
    read = dialect.responses.decode(written(dialect, answer))
    assert read.model == answer.model
    assert read.finish.reason is answer.finish.reason or dialect.name == "acme_prompt"
    assert read.usage.prompt_tokens == answer.usage.prompt_tokens
    assert read.usage.output_tokens == answer.usage.output_tokens
    text, calls, _ = content(answer.blocks)
    assert content(read.blocks) == (text, [] if dialect.name == "acme_prompt" else calls, [])


@given(answer=answers())
@over_examples
def test_an_answer_of_its_own_is_written_as_it_came(dialect, answer):
    body = written(dialect, answer)
    read = dialect.responses.decode(body)
    again = written(dialect, read)
    assert dialect.responses.decode(again) == read
    summary = dialect.responses.summarize(again)
    assert (summary.id, summary.model) == (read.id, read.model)
    assert summary.finish_reason is read.finish.reason


@given(junk=st.binary(max_size=50) | JSON.map(msgspec.json.encode))
@over_examples
def test_junk_is_no_answer(dialect, junk):
    with pytest.raises(ValueError):
        dialect.responses.decode(junk)


@given(data=st.data(), answer=answers())
@over_examples
def test_a_spoiled_answer_is_understood_or_a_value_error(dialect, data, answer):
    try:
        read = dialect.responses.decode(spoiled(data, written(dialect, answer)))
    except ValueError:
        return
    assert isinstance(read, NormalizedResponse)
    assert dialect.responses.encode(read, request=asking(dialect))


@pytest.mark.parametrize("called", [False, True], ids=["texts", "calls"])
def test_a_long_answer_takes_time_in_proportion(dialect, called):
    def reading(length):
        blocks = [
            call_of(at, "{}") if called else TextBlock(text=f"text {at}") for at in range(length)
        ]
        body = written(dialect, msgspec.structs.replace(text_response(), blocks=blocks))
        return lambda: dialect.responses.decode(body)

    assert seconds(reading(8_000)) < 10 * seconds(reading(2_000)) + 0.02


# Streams


@given(answer=answers())
@over_examples
def test_a_written_stream_is_read_back(dialect, answer):
    events = decoded_stream(dialect, written_stream(dialect, answer))
    check_events(events)
    assert isinstance(events[-1], StreamEnd)
    whole = dialect.responses.decode(written(dialect, answer))
    assert content(streamed_blocks(events)) == content(whole.blocks)
    finish = next(event.finish for event in events if hasattr(event, "finish"))
    assert finish.reason is whole.finish.reason


@given(data=st.data(), answer=answers())
@over_examples
def test_reading_does_not_depend_on_how_the_stream_is_cut(dialect, data, answer):
    stream = written_stream(dialect, answer)
    places = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    framer = SSEFramer()
    pieces = zip([0, *places], [*places, len(stream)], strict=True)
    blocks = [framer.feed(stream[start:end]) for start, end in pieces]
    assert decoded_stream(dialect, *blocks) == decoded_stream(dialect, stream)


@given(answer=answers())
@over_examples
def test_a_stream_is_whole_for_the_decoder_when_it_is_for_the_observer(dialect, answer):
    """One that breaks off is never given an end of its own."""
    frames = written_stream(dialect, answer).split(b"\n\n")
    for count in range(len(frames)):
        part = b"".join(frame + b"\n\n" for frame in frames[:count])
        observer = dialect.streams.observer()
        observer.observe(part)
        events = decoded_stream(dialect, part)
        assert any(isinstance(event, StreamEnd) for event in events) is observer.finished


def test_nothing_follows_the_end(dialect):
    decoder = dialect.streams.decoder()
    stream = written_stream(dialect, text_response())
    assert isinstance(decoder.decode(stream)[-1], StreamEnd)
    assert decoder.decode(stream) == []
    assert decoder.end() == []


def test_an_error_event_is_the_last_one_read(dialect):
    decoder, observer = dialect.streams.decoder(), dialect.streams.observer()
    stream = written_stream(dialect, text_response("hello"))
    begun = stream[: stream.index(b"\n\n") + 2]
    observer.observe(begun)
    decoder.decode(begun)
    error = dialect.errors.decode(503, (), b"{}")
    frames = dialect.errors.encode_event(
        error, request_id="r", answer=observer.summary, position=observer.position
    )
    events = decoder.decode(frames + stream)
    assert isinstance(events[-1], StreamError)
    assert not any(isinstance(event, StreamError) for event in events[:-1])
    assert decoder.decode(stream) == []
    assert decoder.end() == []


def test_comments_and_nothing_at_all_are_no_events(dialect):
    decoder = dialect.streams.decoder()
    assert decoder.decode(b": hello\n\n") == []
    assert decoder.decode(b"") == []
    assert decoder.end() == []


def test_decoders_share_nothing(dialect):
    first, second = dialect.streams.decoder(), dialect.streams.decoder()
    stream = written_stream(dialect, text_response())
    assert first.decode(stream) == second.decode(stream)


@given(junk=st.binary(max_size=60) | JSON.map(msgspec.json.encode).map(encode_event))
@over_examples
def test_junk_is_passed_over_or_a_value_error(dialect, junk):
    try:
        events = dialect.streams.decoder().decode(junk)
    except ValueError:
        return
    assert not any(isinstance(event, StreamEnd) for event in events)


@given(data=st.data(), answer=answers())
@over_examples
def test_a_spoiled_stream_keeps_to_the_grammar_or_is_a_value_error(dialect, data, answer):
    events = parse_events(written_stream(dialect, answer))
    at = data.draw(st.integers(0, len(events) - 1))
    decoder, read = dialect.streams.decoder(), []
    try:
        for number, event in enumerate(events):
            payload = event.data
            if number == at and payload.startswith(b"{"):
                payload = spoiled(data, payload)
            read += decoder.decode(encode_event(payload, event=event.event))
        read += decoder.end()
    except ValueError:
        pass
    try:
        check_events(read)
    except EventGrammarError as error:
        if "neither StreamEnd nor StreamError" not in str(error):
            raise


@given(data=st.data(), answer=answers())
@over_examples
def test_a_stream_with_events_lost_or_twice_keeps_to_the_grammar(dialect, data, answer):
    frames = written_stream(dialect, answer).split(b"\n\n")[:-1]
    numbers = data.draw(st.lists(st.integers(0, len(frames) - 1), max_size=12))
    try:
        read = decoded_stream(dialect, *(frames[number] + b"\n\n" for number in numbers))
        check_events(read)
    except EventGrammarError as error:
        if "neither StreamEnd nor StreamError" not in str(error):
            raise
    except ValueError:
        pass


@pytest.mark.parametrize("at_once", [True, False], ids=["one block", "a block a frame"])
@pytest.mark.parametrize(
    "answer",
    [text_response("ab"), tool_call_response(raw_arguments='{"a": "b"}')],
    ids=["text", "arguments"],
)
def test_a_long_stream_takes_time_in_proportion(dialect, answer, at_once):
    def reading(count):
        encoder = dialect.streams.encoder(request=asking(dialect))
        start, opened, begun, last, *rest = stream_events(answer)
        piece = "fragment" if isinstance(begun, ArgumentsDelta) else "text"
        more = msgspec.structs.replace(begun, **{piece: " x"})
        events = [start, opened, begun, *[more] * count, last, *rest]
        frames = [frames for event in events if (frames := encoder.encode(event))]
        blocks = [b"".join(frames)] if at_once else frames
        return lambda: decoded_stream(dialect, *blocks)

    assert seconds(reading(8_000)) < 10 * seconds(reading(2_000)) + 0.02
