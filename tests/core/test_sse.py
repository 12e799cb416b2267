import time
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lunaroute_core.sse import (
    SSEEvent,
    SSEFramer,
    SSELimitError,
    data_payloads,
    encode_comment,
    encode_event,
    parse_events,
)

BOM = b"\xef\xbb\xbf"

LINES = st.one_of(
    st.binary(max_size=12).map(lambda raw: raw.replace(b"\r", b"").replace(b"\n", b"")),
    st.sampled_from(
        [
            b"",
            b"",
            b"",
            b":",
            b": ping",
            b"data",
            b"data:",
            b"data:x",
            b"data: x",
            b"data:  x",
            b"data: \xe2\x80\xa8\xe2\x80\xa9\xc2\x85\x0b\x0c\x1c",
            "data: żółć 🦊".encode(),
            b"event: e",
            b"id: 1",
            b"id: \x00",
            b"retry: 10",
            b"other: x",
            b"datax: y",
        ]
    ),
)


@st.composite
def streams(draw):
    """Lines with one kind of ending, or with each its own."""
    kind = draw(st.sampled_from([b"\n", b"\r\n", b"\r", None]))
    stream = BOM if draw(st.booleans()) else b""
    for line in draw(st.lists(LINES, max_size=20)):
        ending = kind or draw(st.sampled_from([b"\n", b"\r\n", b"\r"]))
        stream += line + ending
    return stream + draw(st.sampled_from([b"", b"data: unfinished", b"da"]))


@st.composite
def cut_streams(draw):
    stream = draw(streams())
    places = draw(st.lists(st.integers(0, len(stream)), max_size=12))
    edges = [0, *sorted(places), len(stream)]
    return [stream[start:end] for start, end in pairwise(edges)]


def framed(chunks):
    framer = SSEFramer()
    blocks = [framer.feed(chunk) for chunk in chunks]
    return blocks, framer.take_pending()


def in_python(stream):
    """The standard's algorithm, line by line, as slow and plain as it stands there."""
    text = stream.removeprefix(BOM).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    events, data, event, last_id = [], [], None, None
    for line in text.split(b"\n")[:-1]:
        if not line:
            if data:
                events.append(SSEEvent(b"\n".join(data), event, last_id))
            data, event = [], None
            continue
        name, _, value = line.partition(b":")
        value = value[1:] if value[:1] == b" " else value
        if name == b"data":
            data.append(value)
        elif name == b"event":
            event = value.decode("utf-8", "replace") or None
        elif name == b"id" and b"\x00" not in value:
            last_id = value.decode("utf-8", "replace")
    return events


def without_ids(events):
    """An id outlives its frame, which a reader of single blocks cannot know."""
    return [(event.data, event.event) for event in events]


@given(cut_streams())
@example([b"data: 1\n", b"\ndata: 2\n\n"])
@example([b"data: 1\r", b"\n\r", b"\ndata: 2\r\n\r\n"])
@example([b"data: 1\r\r", b"\ndata: 2\r\r"])
@example([b"data: 1\n\r", b"\ndata: 2\n\n"])
@example([BOM[:1], BOM[1:] + b"data: 1\n\n"])
@example([b"data: \xf0\x9f", b"\xa6\x8a\n\n"])
def test_wherever_a_stream_is_cut_its_bytes_and_its_events_are_the_same(chunks):
    stream = b"".join(chunks)
    blocks, pending = framed(chunks)
    assert b"".join(blocks) + pending == stream
    events = [event for block in blocks for event in parse_events(block)]
    assert without_ids(events) == without_ids(in_python(stream))


@given(streams())
@example(b"event\ndata: x\n\n")
@example(b"id: \x00\ndata: x\n\n")
def test_a_whole_stream_is_parsed_as_the_standard_says(stream):
    assert parse_events(stream) == in_python(stream)


@given(cut_streams())
def test_every_block_ends_where_a_frame_ends(chunks):
    """So that another frame may be put in after any of them."""
    for block in framed(chunks)[0]:
        assert not block or block.endswith((b"\n\n", b"\r\n\r\n", b"\n\r", b"\r\r", b"\n\r\n"))


def test_a_block_of_whole_frames_is_handed_on_as_it_is():
    block = b"data: 1\n\ndata: 2\n\n"
    assert SSEFramer().feed(block) is block


def test_an_unfinished_frame_waits_for_its_end():
    framer = SSEFramer()
    assert framer.feed(b"data: 1\n\ndata: ") == b"data: 1\n\n"
    assert framer.feed(b"2") == b""
    assert framer.feed(b"\n\n") == b"data: 2\n\n"


def test_what_never_ends_can_be_taken_once():
    framer = SSEFramer()
    framer.feed(b"data: 1\n\ndata: 2")
    assert framer.take_pending() == b"data: 2"
    assert framer.take_pending() == b""


@pytest.mark.parametrize("tail", [b"data: b", b"data: b\n", b"event: e\ndata: b", b"data: b\r\n"])
def test_a_last_frame_without_its_blank_line_has_a_payload(tail):
    assert data_payloads(tail) == [b"b"]
    assert data_payloads(b"data: a\n\n" + tail) == [b"a", b"b"]


def test_several_data_lines_are_joined_with_newlines():
    assert parse_events(b"data: a\ndata:b\ndata\n\n") == [SSEEvent(b"a\nb\n")]


def test_unicode_s_own_line_breaks_break_no_line():
    data = "a\u2028b\u2029c\u0085d\x0be\x0cf\x1cg".encode()
    assert parse_events(encode_event(data)) == [SSEEvent(data)]
    assert data_payloads(encode_event(data)) == [data]


def test_comments_and_unknown_fields_are_no_events():
    block = b": ping\n\nretry: 5\n\nevent: e\n\nx: y\n\n"
    assert parse_events(block) == []
    assert data_payloads(block) == []


def test_an_event_s_name_does_not_outlive_it_but_its_id_does():
    assert parse_events(b"event: e\nid: 7\ndata: a\n\ndata: b\n\n") == [
        SSEEvent(b"a", "e", "7"),
        SSEEvent(b"b", None, "7"),
    ]


def test_a_frame_without_its_blank_line_is_no_event_yet():
    assert parse_events(b"data: a\n\ndata: b\n") == [SSEEvent(b"a")]


@pytest.mark.parametrize("chunk", [1, 7, 1000])
def test_a_frame_past_the_limit_is_refused(chunk):
    framer = SSEFramer(max_event_bytes=100)
    with pytest.raises(SSELimitError, match="larger than 100 bytes"):
        feed_all(framer, b"data: " + b"x" * 2000, chunk)


def feed_all(framer, stream, chunk):
    for at in range(0, len(stream), chunk):
        framer.feed(stream[at : at + chunk])


def test_whole_frames_do_not_count_towards_the_limit():
    framer = SSEFramer(max_event_bytes=20)
    block = b"data: 1\n\n" * 100
    assert framer.feed(block + b"data: 2") == block


def test_a_large_event_in_small_pieces_takes_linear_time():
    def seconds(size):
        stream = b"data: " + b"x" * size + b"\n\n"
        best = float("inf")
        for _ in range(3):
            framer = SSEFramer()
            started = time.perf_counter()
            feed_all(framer, stream, 16)
            best = min(best, time.perf_counter() - started)
        return best

    assert seconds(800_000) < 8 * 3 * seconds(100_000)


def test_encoded_frames_are_read_back():
    assert encode_event(b"{}") == b"data: {}\n\n"
    assert encode_event(b"{}", event="ping") == b"event: ping\ndata: {}\n\n"
    assert parse_events(encode_event(b"{}", event="ping")) == [SSEEvent(b"{}", "ping")]


def test_an_encoded_comment_is_skipped():
    assert encode_comment("keep-alive") == b": keep-alive\n\n"
    assert parse_events(encode_comment("keep-alive")) == []


@given(st.lists(st.binary(max_size=8), min_size=1, max_size=3))
def test_a_frame_of_one_line_is_read_like_any_other(lines):
    """The short cut for the usual frame gives what the parser gives."""
    block = b"data: " + b"\ndata: ".join(lines) + b"\n\n"
    assert data_payloads(block) == [event.data for event in parse_events(block)]
