import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lunaroute_core.dialects.openai_chat.stream_observer import ChatStreamObserver
from lunaroute_core.errors import ErrorKind
from lunaroute_core.model import FinishReason, Usage
from lunaroute_core.sse import SSEFramer

DONE = b"data: [DONE]\n\n"
USAGE = {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8}


def event(*choices, **fields):
    chunk = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "gpt-5.5",
    }
    data = msgspec.json.encode({**chunk, "choices": list(choices), **fields})
    return b"data: " + data + b"\n\n"


def choice(delta=None, finish=None, index=0):
    return {"index": index, "delta": delta or {}, "logprobs": None, "finish_reason": finish}


ROLE = event(choice({"role": "assistant", "content": ""}), usage=None)
TEXT = event(choice({"content": 'a "finish_reason":"stop" \n\n data: [DONE]'}), usage=None)
STOP = event(choice(finish="stop"), usage=None)
COUNTED = event(usage=USAGE)
STREAM = ROLE + TEXT + STOP + COUNTED + DONE


def observed(*blocks):
    observer = ChatStreamObserver()
    for block in blocks:
        observer.observe(block)
    return observer


def state(observer):
    return (
        observer.summary,
        observer.started,
        observer.has_content,
        observer.finished,
        observer.error,
    )


def test_a_stream_is_summarized():
    observer = observed(ROLE, TEXT, STOP, COUNTED, DONE)
    summary = observer.summary
    assert (summary.id, summary.model) == ("chatcmpl-1", "gpt-5.5")
    assert summary.finish_reason is FinishReason.STOP
    assert summary.usage == Usage(input_tokens=3, output_tokens=5)
    assert (observer.started, observer.finished, observer.error) == (True, True, None)
    assert observer.position == 0


def test_several_events_in_one_block_are_all_seen():
    assert state(observed(STREAM)) == state(observed(ROLE, TEXT, STOP, COUNTED, DONE))


def test_comments_are_no_start():
    observer = observed(b": keep-alive\n\n", b": OPENROUTER PROCESSING\n\n")
    assert (observer.started, observer.finished) == (False, False)


def test_content_cannot_pass_for_a_terminal_event():
    assert observed(ROLE, TEXT).finished is False


def test_content_that_names_the_terminal_words_is_no_fault():
    """The word alone makes the event worth a look, no more."""
    observer = observed(ROLE, event(choice({"content": "[DONE]"})))
    assert (observer.finished, observer.error) == (False, None)


def test_an_early_end_is_not_finished():
    assert observed(ROLE, TEXT).finished is False
    assert observed(ROLE).finished is False
    assert observed().finished is False


def test_a_finish_reason_suffices_where_no_done_comes():
    assert observed(ROLE, TEXT, STOP).finished is True


def test_done_suffices_where_no_finish_reason_comes():
    observer = observed(ROLE, TEXT, DONE)
    assert (observer.finished, observer.summary.finish_reason) == (True, None)


@pytest.mark.parametrize(
    "done",
    [
        b"data:[DONE]\n\n",
        b"data: [DONE]\r\n\r\n",
        b"data: [DONE] \n\n",
        b"event: x\ndata: [DONE]\n\n",
    ],
)
def test_done_is_known_in_every_form(done):
    assert observed(ROLE, done).finished is True


def test_a_word_of_another_server_finishes_without_a_reason():
    observer = observed(ROLE, event(choice(finish="eos")))
    assert (observer.finished, observer.summary.finish_reason) == (True, None)


def test_an_empty_finish_reason_is_none():
    """llama.cpp and others send an empty string in every chunk."""
    assert observed(ROLE, event(choice({"content": "a"}, finish=""))).finished is False


def test_all_choices_must_have_ended():
    first, second = (event(choice({"role": "assistant"}, index=at)) for at in range(2))
    ended = [event(choice(finish="stop", index=at)) for at in range(2)]
    assert observed(first, second, ended[1]).finished is False
    assert observed(first, second, *reversed(ended)).finished is True


def test_a_choice_that_speaks_after_another_has_ended_must_end_too():
    more = event(choice({"content": "b"}, index=1))
    observer = observed(ROLE, STOP, more)
    assert observer.finished is False
    observer.observe(event(choice(finish="length", index=1)))
    assert observer.finished is True
    assert observer.summary.finish_reason is FinishReason.STOP


def test_a_choice_repeated_beside_the_usage_has_still_ended():
    """OpenRouter's usage chunk carries an empty delta of the choice."""
    assert observed(ROLE, STOP, event(choice({"content": ""}), usage=USAGE)).finished is True


def test_finish_and_usage_in_one_chunk_are_both_read():
    summary = observed(ROLE, event(choice({"content": "x"}, finish="length"), usage=USAGE)).summary
    assert (summary.finish_reason, summary.usage.output_tokens) == (FinishReason.LENGTH, 5)


def test_usage_repeated_in_every_chunk_is_cumulative():
    later = {"prompt_tokens": 3, "completion_tokens": 9, "total_tokens": 12}
    observer = observed(event(choice({"content": "a"}), usage=USAGE), event(choice(), usage=later))
    assert observer.summary.usage.output_tokens == 9


@pytest.mark.parametrize("gap", ["", " ", "\t", "  "])
def test_white_space_between_key_and_value_is_seen_through(gap):
    wire = STOP + COUNTED
    for key in (b'"finish_reason"', b'"usage"'):
        wire = wire.replace(key + b":", key + f"{gap}:{gap}".encode())
    observer = observed(ROLE, wire)
    assert observer.finished is True
    assert observer.summary.usage is not None


def test_an_event_over_several_data_lines_is_one():
    split = STOP.replace(b'"finish_reason":', b'"finish_reason":\ndata: ')
    counted = COUNTED.replace(b'"usage":', b'"usage"\ndata:: ')
    observer = observed(ROLE, split, counted)
    assert observer.finished is True
    assert observer.summary.usage.input_tokens == 3


def test_azures_first_event_about_the_prompt_names_nothing():
    prompt = event(id="", model="", prompt_filter_results=[{"prompt_index": 0}])
    summary = observed(prompt, ROLE).summary
    assert (summary.id, summary.model) == ("chatcmpl-1", "gpt-5.5")


def test_the_first_name_counts():
    summary = observed(ROLE, event(choice(finish="stop"), id="other", model="other")).summary
    assert (summary.id, summary.model) == ("chatcmpl-1", "gpt-5.5")


def test_events_are_not_decoded_for_ever_in_search_of_a_name():
    nameless = event(choice({"content": "a"}), id=None)
    observer = observed(*[nameless] * 8)
    observer.observe(b"data: not even JSON\n\n")
    assert observer.summary.id is None


def test_an_ordinary_event_is_not_decoded():
    observed(ROLE, b"data: not even JSON\n\n")


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        ({"message": "busy", "code": "server_is_overloaded"}, ErrorKind.OVERLOADED, "busy"),
        ({"message": "broke", "type": "server_error"}, ErrorKind.SERVER, "broke"),
        ({"message": "gone", "code": 502}, ErrorKind.SERVER, "gone"),
        ({"message": "slow", "code": 429}, ErrorKind.RATE_LIMIT, "slow"),
        ("plain words", ErrorKind.SERVER, "plain words"),
        ([1], ErrorKind.SERVER, "[1]"),
    ],
)
def test_an_error_inside_the_stream_ends_it(error, kind, message):
    frame = b"data: " + msgspec.json.encode({"error": error}) + b"\n\n"
    for blocks in ((frame,), (ROLE, TEXT, frame)):
        observer = observed(*blocks)
        assert (observer.started, observer.finished) == (True, True)
        assert (observer.error.kind, observer.error.message) == (kind, message)


def test_an_error_beside_a_choice_is_one():
    """OpenRouter's form of a failure in the middle of an answer."""
    observer = observed(ROLE, event(choice(finish="error"), error={"code": 502, "message": "x"}))
    assert observer.error.message == "x"
    observer.observe(event(choice({"content": "a"}, index=1)))
    assert observer.finished is True


def test_a_null_error_is_none():
    assert observed(ROLE, event(choice({"content": "a"}), error=None)).error is None


@pytest.mark.parametrize(
    "block",
    [
        b"data: {\n\n",
        b"data: <html>\n\n",
        b"data: 5\n\n",
        b'data: {"choices":{}}\n\n',
        b'data: {"choices":[{"finish_reason":7}]}\n\n',
        b'data: {"id":' + b"[" * 200_000 + b"\n\n",
        b'data: {"x":' + b"[" * 200_000 + b"\n\n",
        b"data: \xff\n\n",
    ],
)
def test_a_first_event_that_is_no_chunk_is_a_fault(block):
    with pytest.raises(ValueError):
        observed(block)


def test_a_telling_event_that_is_no_chunk_is_a_fault():
    with pytest.raises(ValueError):
        observed(ROLE, b'data: {"choices":[{"finish_reason":"stop"\n\n')


@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
@pytest.mark.parametrize(
    ("chunk", "has_content"),
    [
        (event(id="", model="", prompt_filter_results=[{"prompt_index": 0}]), False),
        (event(choice({"role": "assistant", "content": "", "refusal": None})), False),
        (event(choice({"role": "assistant", "content": None, "tool_calls": []})), False),
        (event(choice({"content": "", "reasoning_content": ""}), usage=USAGE), False),
        (event(choice() | {"delta": None}), False),
        (b": OPENROUTER PROCESSING\n\n", False),
        (event(choice({"content": "a"})), True),
        (event(choice({"role": "assistant", "content": "a"})), True),
        (event(choice({"content": ""}), choice({"content": "a"}, index=1)), True),
        (event(choice({"reasoning_content": "hm"})), True),
        (event(choice({"reasoning_details": [{"type": "reasoning.text"}]})), True),
        (event(choice({"refusal": "no"})), True),
        (event(choice({"tool_calls": [{"index": 0, "id": "call_1"}]})), True),
        (event(choice({"function_call": {"name": "f"}})), True),
        (event(choice({"audio": {"id": "audio_1"}})), True),
        (event(choice({"content": "a"}, finish="stop"), id=None), True),
    ],
)
def test_content_is_told_from_its_announcement(chunk, has_content, ending):
    blocks = [block.replace(b"\n", ending) for block in (ROLE, chunk)]
    assert observed(*blocks).has_content is has_content
    assert observed(b"".join(blocks)).has_content is has_content


def test_a_chunk_that_cannot_be_read_counts_as_content():
    assert observed(ROLE, b"data: not even JSON\n\n").has_content


def test_what_follows_the_first_content_is_passed_over():
    observer = observed(ROLE, TEXT)
    observer.observe(b"data: not even JSON\n\n")
    assert observer.has_content


def test_an_answer_without_content_has_none():
    observer = observed(ROLE, STOP, COUNTED, DONE)
    assert (observer.finished, observer.has_content) == (True, False)
    assert observed(event(error={"message": "busy"})).has_content is False


def test_an_event_without_data_is_none():
    assert observed(b"data:\n\n").started is False


NOISE = [b": comment\n\n", b"\n", TEXT, b"event: ping\ndata:\n\n", b"id: 7\nretry: 5\n\n"]


@given(
    st.lists(st.sampled_from(NOISE), max_size=6),
    st.sampled_from([b"\n", b"\r\n", b"\r"]),
    st.lists(st.integers(1, 60), max_size=40),
)
def test_any_chunking_and_line_ending_gives_the_same_summary(noise, ending, sizes):
    frames = [ROLE, *noise, STOP, COUNTED, DONE]
    wire = b"".join(frames).replace(b"\n", ending)
    framer, observer = SSEFramer(), ChatStreamObserver()
    at = 0
    for size in [*sizes, len(wire)]:
        observer.observe(framer.feed(wire[at : at + size]))
        at += size
    observer.observe(framer.take_pending())
    said = [TEXT] if TEXT in noise else []
    assert state(observer) == state(observed(ROLE, *said, STOP, COUNTED, DONE))


@given(st.lists(st.binary() | st.sampled_from([ROLE, STOP, COUNTED, DONE])))
def test_any_bytes_are_observed_or_refused(blocks):
    observer = ChatStreamObserver()
    try:
        for block in blocks:
            observer.observe(block)
    except ValueError:
        return
    assert not (observer.finished and not observer.started)
