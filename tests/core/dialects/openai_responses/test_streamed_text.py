from lunaroute_core.dialects.openai_responses.streamed_text import StreamedText


def text_of(*pieces):
    text = StreamedText()
    for piece in pieces:
        text.add(piece)
    return text


def test_the_rest_is_what_was_not_told_yet():
    text = text_of("hel", "")
    assert text.rest("hello") == "lo"
    assert text.told == "hello"
    assert text.rest("hello") == ""
    assert text_of().rest("hello") == "hello"


def test_another_text_adds_nothing():
    """A client that has read the first cannot be told to forget it."""
    for other in ("", "he", '{"a": 1}', "HELLO WORLD"):
        text = text_of("hel", "lo")
        assert text.rest(other) == ""
        assert text.told == "hello"


def test_more_may_follow_what_was_compared():
    text = text_of("a")
    assert text.told == "a"
    text.add("b")
    assert text.rest("abc") == "c"
