"""What every dialect must do, run over the registry and the how-to's toy."""

import json
from contextlib import suppress

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lunaroute_core import ErrorDetails, ErrorKind, InvalidRequestError
from lunaroute_core.dialects.codec import AnswerSummary, BodyEdits, ModelInfo, ModelListPage
from lunaroute_core.dialects.registry import DIALECTS
from lunaroute_core.model import (
    Finish,
    FinishReason,
    StreamError,
    StreamPing,
    StreamStart,
    TextBlock,
)
from lunaroute_core.request_limits import RequestLimits
from lunaroute_core.sse import SSEFramer
from lunaroute_core.testing import (
    chat_request,
    stream_events,
    text_response,
    tool_call_response,
)

BODY = {
    "model": "a-model",
    "stream": True,
    "max_tokens": 50,
    "messages": [{"role": "user", "content": "hi"}],
    "input": "hi",
    "prompt": "hi",
}
"""A request in every dialect at once: each takes its own fields and keeps the others."""

RAW = msgspec.json.encode(BODY)

GARBAGE = [
    b"",
    b"{",
    b"null",
    b"[]",
    b'"text"',
    b"\xff\xfe",
    b'{"model": 5}',
    b'{"model": null}',
    b"{}",
    b'{"model": "m", "stream": "yes"}',
    b'{"model": "m", "deep": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
]

ROUND_TRIPS = {
    ErrorKind.INVALID_REQUEST: set(),
    ErrorKind.CONTEXT_TOO_LONG: {ErrorKind.INVALID_REQUEST},
    ErrorKind.AUTHENTICATION: set(),
    ErrorKind.PERMISSION: set(),
    ErrorKind.BILLING: set(),
    ErrorKind.NOT_FOUND: set(),
    ErrorKind.CONFLICT: {ErrorKind.INVALID_REQUEST},
    ErrorKind.TOO_LARGE: set(),
    ErrorKind.RATE_LIMIT: set(),
    ErrorKind.OVERLOADED: set(),
    ErrorKind.TIMEOUT: set(),
    ErrorKind.SERVER: set(),
    ErrorKind.UNAVAILABLE: {ErrorKind.SERVER, ErrorKind.OVERLOADED},
    ErrorKind.PROTOCOL: {ErrorKind.SERVER},
}
"""What else an error may be read back as, where a vendor has no words for it."""

# The fixture is the same for all examples: a dialect keeps no state.
over_examples = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def normalized(dialect):
    return chat_request(dialect=dialect.name, stream=True).normalized


def written_stream(dialect, answer):
    encoder = dialect.streams.encoder(request=normalized(dialect))
    return [frames for event in stream_events(answer) if (frames := encoder.encode(event))]


def is_whole_frames(block):
    framer = SSEFramer()
    return framer.feed(block) == block


def test_it_is_registered_under_its_name(dialect):
    assert DIALECTS[dialect.name] is dialect
    assert dialect.name.isidentifier()


def test_its_paths_are_its_own(dialect):
    assert dialect.paths
    assert all(path.startswith("/") and not path.endswith("/") for path in dialect.paths)
    others = {path for other in DIALECTS.values() if other is not dialect for path in other.paths}
    assert not others & set(dialect.paths)


def test_its_vendor_is_told_apart(dialect):
    vendor = dialect.vendor
    assert vendor.name
    assert all(name == name.lower() for name in vendor.client_headers)
    assert vendor.request_id_header == vendor.request_id_header.lower()
    others = [other.vendor for other in DIALECTS.values() if other.vendor is not vendor]
    for other in others:
        assert other.name != vendor.name
        assert not other.client_headers & vendor.client_headers
        for prefix in vendor.path_prefixes:
            assert not other.owns_path(prefix)


def test_its_vendors_paths_are_whole_segments(dialect):
    vendor = dialect.vendor
    for prefix in vendor.path_prefixes:
        assert prefix.startswith("/")
        assert not prefix.endswith("/")
        assert vendor.owns_path(prefix)
        assert vendor.owns_path(f"{prefix}/more")
        assert vendor.owns_path(f"{prefix}x") is (f"{prefix}x" in vendor.path_prefixes)


# Requests


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("text", ["hi", "", '"\\[\u00e9\n', "\ud83d"])
def test_the_users_texts_stand_where_it_says(dialect, text, indent):
    message = {"role": "user", "content": text}
    fields = {**BODY, "messages": [message], "input": [message], "prompt": text}
    body = json.dumps(fields, indent=indent).encode()
    (turn,) = dialect.requests.user_turns(body)
    (place,) = turn.texts
    assert body[place.start - 1 : place.end + 1] == json.dumps(text).encode()
    assert turn.has_results is False
    assert dialect.requests.continues_tool_loop(body) is False


@pytest.mark.parametrize("body", [it for it in GARBAGE if it[:1] != b"{" or b"deep" in it])
@pytest.mark.parametrize("verb", ["user_turns", "continues_tool_loop"])
def test_there_are_no_turns_in_what_is_no_object(dialect, verb, body):
    if dialect.name == "acme_prompt" and verb == "continues_tool_loop":
        pytest.skip("Acme's requests never do")
    with pytest.raises(InvalidRequestError):
        getattr(dialect.requests, verb)(body)


@given(junk=st.binary(max_size=50))
@over_examples
def test_any_bytes_have_turns_or_are_an_invalid_request(dialect, junk):
    for body in (junk, b'{"messages":%b}' % junk, b'{"input":[%b],"messages":[%b]}' % (junk, junk)):
        for read in (dialect.requests.user_turns, dialect.requests.continues_tool_loop):
            with suppress(InvalidRequestError):
                read(body)


def test_peek_reads_the_model_and_whether_it_streams(dialect):
    peek = dialect.requests.peek(RAW)
    assert (peek.model, peek.stream) == ("a-model", True)


@pytest.mark.parametrize("stream", [{}, {"stream": False}, {"stream": None}])
def test_peek_reads_no_stream_where_none_is_asked_for(dialect, stream):
    if dialect.name == "acme_prompt" and stream.get("stream", 0) is None:
        pytest.skip("Acme knows no null")
    rest = {key: value for key, value in BODY.items() if key != "stream"}
    assert dialect.requests.peek(msgspec.json.encode({**rest, **stream})).stream is False


@pytest.mark.parametrize("body", GARBAGE, ids=range(len(GARBAGE)))
@pytest.mark.parametrize("verb", ["peek", "decode"])
def test_garbage_is_an_invalid_request(dialect, verb, body):
    with pytest.raises(InvalidRequestError):
        getattr(dialect.requests, verb)(body)


@given(junk=st.binary(max_size=50))
@over_examples
def test_any_bytes_are_understood_or_an_invalid_request(dialect, junk):
    for read in (dialect.requests.peek, dialect.requests.decode):
        with pytest.raises(InvalidRequestError):
            read(junk)


def test_a_field_of_the_wrong_type_is_named(dialect):
    for read in (dialect.requests.peek, dialect.requests.decode):
        with pytest.raises(InvalidRequestError) as error:
            read(msgspec.json.encode({**BODY, "model": 5}))
        assert error.value.details.param == "model"


def test_decode_says_where_the_request_came_from(dialect):
    request = dialect.requests.decode(RAW)
    assert request.source.dialect == dialect.name
    assert (request.model, request.stream.enabled) == ("a-model", True)
    assert [block for turn in request.turns for block in turn.blocks] == [TextBlock(text="hi")]


def test_decode_keeps_what_it_does_not_know(dialect):
    request = dialect.requests.decode(msgspec.json.encode({**BODY, "x_new": {"a": [1]}}))
    assert request.extensions[dialect.name]["x_new"] == {"a": [1]}


def test_decode_bounds_the_model_s_name(dialect):
    with pytest.raises(InvalidRequestError) as error:
        dialect.requests.decode(RAW, limits=RequestLimits(max_model_bytes=3))
    assert error.value.details.param == "model"


@given(
    before=st.dictionaries(st.text(max_size=5).filter(lambda key: key != "model"), st.text()),
    after=st.dictionaries(st.text(max_size=5).filter(lambda key: key != "model"), st.text()),
    model=st.text(),
)
@over_examples
def test_another_model_changes_nothing_else(dialect, before, after, model):
    def body(model):
        parts = [json.dumps(before)[1:-1], f'"model" : {model}', json.dumps(after)[1:-1]]
        return ("{ " + " ,\n".join(part for part in parts if part) + " }").encode()

    new = msgspec.json.encode(model).decode()
    assert dialect.requests.replace_model(body('"old"'), model) == body(new)


def test_edits_put_defaults_under_and_overrides_over_what_was_sent(dialect):
    edits = BodyEdits(
        defaults={"x_default": {"a": 1, "b": 1}, "max_tokens": 1},
        overrides={"x_override": {"a": 2}, "stream": False},
    )
    body = {**BODY, "x_default": {"b": 2}, "x_override": {"a": 1, "b": 1}}
    edited = json.loads(dialect.requests.edit(msgspec.json.encode(body), edits))
    assert edited == {
        **BODY,
        "x_default": {"a": 1, "b": 2},
        "x_override": {"a": 2, "b": 1},
        "stream": False,
    }


def test_no_edits_change_nothing(dialect):
    assert json.loads(dialect.requests.edit(RAW, BodyEdits())) == BODY


@pytest.mark.parametrize("role", ["user", "system"])
def test_prepended_messages_come_before_the_conversation(dialect, role):
    edits = BodyEdits(prepend_messages=[{"role": role, "content": "first of all"}])
    request = dialect.requests.decode(dialect.requests.edit(RAW, edits))
    blocks = [
        *request.instructions,
        *(block for turn in request.turns for block in turn.blocks),
    ]
    said = "\n".join(block.text for block in blocks)
    assert said == "first of all\nhi"


def test_a_users_message_is_prepended_behind_the_instructions(dialect):
    told = {"role": "user", "content": "first of all"}
    system = {"role": "system", "content": "Be kind."}
    said = [system, {"role": "user", "content": "hi"}]
    body = {**BODY, "messages": said, "input": said}
    if dialect.name == "anthropic_messages":
        body = {**BODY, "system": "Be kind."}
    if dialect.name == "acme_prompt":
        pytest.skip("Acme knows no instructions")
    edited = dialect.requests.edit(msgspec.json.encode(body), BodyEdits(prepend_messages=[told]))
    request = dialect.requests.decode(edited)
    assert [block.text for block in request.instructions] == ["Be kind."]
    assert [turn.blocks[0].text for turn in request.turns] == ["first of all", "hi"]


def test_edits_refuse_garbage(dialect):
    with pytest.raises(InvalidRequestError):
        dialect.requests.edit(b"[]", BodyEdits(defaults={"a": 1}))


# Answers


@pytest.mark.parametrize("reason", [FinishReason.STOP, FinishReason.LENGTH])
def test_a_written_answer_is_summarized(dialect, reason):
    answer = msgspec.structs.replace(text_response(), finish=Finish(reason=reason))
    body = dialect.responses.encode(answer, request=normalized(dialect))
    summary = dialect.responses.summarize(body)
    assert summary.id
    assert summary.model == "test-model"
    assert summary.finish_reason is reason
    assert summary.usage.input_tokens == 3
    assert summary.usage.output_tokens == 5
    assert "hello" in body.decode()


@pytest.mark.parametrize("body", [b"", b"{", b"null", b"[]", b"<html>", b"\xff"])
def test_what_is_no_answer_is_a_value_error(dialect, body):
    with pytest.raises(ValueError):
        dialect.responses.summarize(body)


# Streams


@pytest.mark.parametrize("answer", [text_response(), text_response(""), tool_call_response()])
def test_a_written_stream_is_whole_frames(dialect, answer):
    assert all(is_whole_frames(frames) for frames in written_stream(dialect, answer))


def test_a_written_stream_is_observed(dialect):
    frames = written_stream(dialect, text_response())
    observer = dialect.streams.observer()
    assert not observer.started
    observer.observe(frames[0])
    assert observer.started
    assert not observer.finished
    assert not observer.has_content
    for block in frames[1:]:
        observer.observe(block)
    assert observer.has_content
    assert observer.finished
    assert observer.error is None
    assert observer.summary.id
    assert observer.summary.model == "test-model"
    assert observer.summary.finish_reason is FinishReason.STOP


def test_a_stream_and_an_answer_say_the_same(dialect):
    frames = written_stream(dialect, text_response())
    observer = dialect.streams.observer()
    observer.observe(b"".join(frames))
    body = dialect.responses.encode(text_response(), request=normalized(dialect))
    summary = dialect.responses.summarize(body)
    assert observer.summary.finish_reason == summary.finish_reason
    assert observer.summary.model == summary.model
    if observer.summary.usage is not None:
        assert observer.summary.usage.output_tokens == summary.usage.output_tokens


@given(data=st.data())
@over_examples
def test_observing_does_not_depend_on_how_the_stream_is_cut(dialect, data):
    stream = b"".join(written_stream(dialect, text_response()))
    places = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    framer, observer = SSEFramer(), dialect.streams.observer()
    for start, end in zip([0, *places], [*places, len(stream)], strict=True):
        observer.observe(framer.feed(stream[start:end]))
    whole = dialect.streams.observer()
    whole.observe(stream)
    assert observer.finished
    assert observer.summary == whole.summary
    assert observer.position == whole.position


def test_a_stream_is_not_finished_while_there_is_text_to_come(dialect):
    frames = written_stream(dialect, text_response("hello"))
    last_text = next(at for at, frame in enumerate(frames) if b'"llo"' in frame)
    observer = dialect.streams.observer()
    for frame in frames[: last_text + 1]:
        observer.observe(frame)
        assert not observer.finished


def test_a_last_frame_without_its_blank_line_finishes_the_stream_too(dialect):
    stream = b"".join(written_stream(dialect, text_response()))
    at = stream.rstrip(b"\n").rindex(b"\n\n") + 2
    observer = dialect.streams.observer()
    observer.observe(stream[:at])
    observer.observe(stream[at:].rstrip(b"\n"))
    assert observer.finished
    assert observer.summary.finish_reason is FinishReason.STOP


def test_comments_are_no_events(dialect):
    observer = dialect.streams.observer()
    observer.observe(b": hello\n\n")
    observer.observe(b"")
    assert not observer.started
    assert not observer.finished


@pytest.mark.parametrize("started", [False, True])
def test_a_keep_alive_is_a_whole_frame_and_no_part_of_the_answer(dialect, started):
    frame = dialect.streams.keep_alive(started=started)
    assert frame
    assert is_whole_frames(frame)
    observer = dialect.streams.observer()
    frames = written_stream(dialect, text_response())
    if started:
        observer.observe(frames.pop(0))
    before = msgspec.structs.replace(observer.summary)
    observer.observe(frame)
    assert observer.summary == before
    assert observer.started is started
    assert not observer.finished
    assert observer.error is None
    for block in frames:
        observer.observe(block)
    assert observer.finished


def test_a_ping_is_written_as_a_frame_or_not_at_all(dialect):
    encoder = dialect.streams.encoder(request=normalized(dialect))
    start, *_ = stream_events(text_response())
    encoder.encode(start)
    assert is_whole_frames(encoder.encode(StreamPing()))


@given(junk=st.binary(max_size=60).filter(lambda junk: b"\n" not in junk and b"\r" not in junk))
@over_examples
def test_a_malformed_event_is_a_value_error_or_passed_over(dialect, junk):
    observer = dialect.streams.observer()
    try:
        observer.observe(b"data: " + junk + b"\n\n")
    except ValueError:
        return
    assert observer.error is None


def test_streams_share_nothing(dialect):
    first, second = dialect.streams.observer(), dialect.streams.observer()
    for block in written_stream(dialect, text_response()):
        first.observe(block)
    assert not second.started
    assert second.summary == AnswerSummary()


# Errors


def test_every_kind_of_error_is_in_the_table():
    assert set(ROUND_TRIPS) == set(ErrorKind)


@pytest.mark.parametrize("kind", ErrorKind)
def test_an_error_is_read_back_as_what_it_was(dialect, kind):
    error = ErrorDetails(kind=kind, message="it is so")
    status, body = dialect.errors.encode(error, request_id="req_1")
    assert 400 <= status <= 599
    read = dialect.errors.decode(status, ((b"content-type", b"application/json"),), body)
    assert read.kind in {kind} | ROUND_TRIPS[kind]
    assert read.message == "it is so"
    assert read.status == status


@given(
    status=st.integers(300, 599),
    body=st.binary(max_size=50)
    | st.sampled_from(
        [b"{}", b"null", b'{"error":null}', b'{"error":"text"}', b'{"error":{"message":5}}']
    ),
)
@over_examples
def test_any_answer_makes_an_error(dialect, status, body):
    error = dialect.errors.decode(status, (), body)
    assert error.status == status
    assert error.message
    again, written = dialect.errors.encode(error, request_id="req_1")
    assert 300 <= again <= 599
    assert isinstance(json.loads(written), dict)


@pytest.mark.parametrize("kind", ErrorKind)
@pytest.mark.parametrize("begun", [False, True])
def test_an_error_event_ends_a_stream_in_whole_frames(dialect, kind, begun):
    observer = dialect.streams.observer()
    if begun:
        observer.observe(written_stream(dialect, text_response())[0])
    event = dialect.errors.encode_event(
        ErrorDetails(kind=kind, message="it is so"),
        request_id="req_1",
        answer=observer.summary,
        position=observer.position,
    )
    assert is_whole_frames(event)
    observer.observe(event)
    assert observer.started
    assert observer.finished
    assert observer.error.message == "it is so"


@pytest.mark.parametrize("kind", [ErrorKind.RATE_LIMIT, ErrorKind.OVERLOADED, ErrorKind.SERVER])
def test_an_error_event_keeps_what_decides_a_retry(dialect, kind):
    event = dialect.errors.encode_event(
        ErrorDetails(kind=kind, message="it is so"),
        request_id="req_1",
        answer=AnswerSummary(),
        position=0,
    )
    observer = dialect.streams.observer()
    observer.observe(event)
    # The Responses API has no code for an overload; both are tried again, and elsewhere.
    as_good = {ErrorKind.SERVER} if kind is ErrorKind.OVERLOADED else set()
    assert observer.error.kind in {kind} | as_good


@pytest.mark.parametrize("kind", [*ErrorKind, "a_kind_of_next_year"])
def test_an_error_event_of_any_kind_is_written(dialect, kind):
    encoder = dialect.streams.encoder(request=normalized(dialect))
    encoder.encode(StreamStart(id="a", model="m"))
    written = encoder.encode(StreamError(kind=kind, message="no, thank you"))
    if dialect.name != "acme_prompt":
        assert b"no, thank you" in written
    assert is_whole_frames(written) or not written


def test_the_encoder_counts_as_the_observer_does(dialect):
    encoder = dialect.streams.encoder(request=normalized(dialect))
    observer = dialect.streams.observer()
    assert encoder.position == observer.position == 0
    for event in stream_events(text_response("hello")):
        if frames := encoder.encode(event):
            observer.observe(frames)
        assert encoder.position == observer.position


# Lists of models, and counting


def test_a_list_of_models_is_read_back(dialect):
    models = [
        ModelInfo(id=name, vendor=dialect.vendor.name, created=1_700_000_000)
        for name in ("a", "b/c", "ż")
    ]
    body = dialect.vendor.models.encode(models, ModelListPage())
    assert [model.id for model in dialect.vendor.models.decode(body)] == ["a", "b/c", "ż"]


def test_one_model_is_written_with_its_id(dialect):
    body = dialect.vendor.models.encode_one(ModelInfo(id="a-model"))
    assert "a-model" in json.loads(body).values()


@pytest.mark.parametrize("body", [b"", b"{", b"<html>", b"{}", b"3", b"null", b"\xff"])
def test_what_is_no_list_of_models_is_a_value_error(dialect, body):
    with pytest.raises(ValueError):
        dialect.vendor.models.decode(body)


def test_a_count_of_tokens_is_written(dialect):
    if dialect.token_count is None:
        pytest.skip("it has no endpoint for that")
    assert dialect.token_count.path.startswith("/")
    assert 1234 in json.loads(dialect.token_count.encode(1234)).values()
