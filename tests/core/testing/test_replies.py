import pytest

from lunaroute_core.testing import (
    Close,
    Hang,
    Reply,
    Reset,
    Send,
    Sleep,
    json_reply,
    raw_reply,
    sse_reply,
)

CUT = pytest.mark.parametrize(
    ("end", "ending"),
    [("clean", []), ("cut", [Close()]), ("reset", [Reset()]), ("hang", [Hang()])],
)


@CUT
def test_a_raw_reply_is_sent_as_it_is_and_ended_as_asked(end, ending):
    assert raw_reply(b"nonsense", end=end) == Reply([Send(b"nonsense"), *ending])


@CUT
def test_a_json_reply_ends_as_asked(end, ending):
    assert json_reply(200, b"12", end=end).steps[1:] == ending


@CUT
def test_an_event_stream_ends_as_asked(end, ending):
    last = [Send(b"0\r\n\r\n")] if end == "clean" else ending
    assert list(sse_reply([], end=end).steps[1:]) == last


def test_other_steps_stand_between_frames():
    steps = sse_reply([b"a", Sleep(1.5), b"b"]).steps
    assert steps[1:4] == [Send(b"1\r\na\r\n"), Sleep(1.5), Send(b"1\r\nb\r\n")]


def test_an_empty_frame_does_not_end_the_stream():
    assert sse_reply([b"", b"a"]).steps[1:] == [Send(b"1\r\na\r\n"), Send(b"0\r\n\r\n")]


def test_a_content_type_given_replaces_the_usual_one():
    head = sse_reply([], headers=((b"Content-Type", b"text/plain"),)).steps[0].data
    assert head == (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n"
    )
