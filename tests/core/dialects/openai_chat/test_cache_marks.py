HOUR = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
SHORT = {"cache_control": {"type": "ephemeral"}}


def text(words, **fields):
    return {"type": "text", "text": words, **fields}


def marks(body):
    """The marked texts with their lives."""
    return [
        (part["text"], part["prompt_cache_breakpoint"].get("ttl"))
        for message in body["messages"]
        if isinstance(message["content"], list)
        for part in message["content"]
        if "prompt_cache_breakpoint" in part
    ]


def user(*blocks):
    return [{"role": "user", "content": list(blocks)}]


def test_marks_get_the_next_longer_life(anthropic):
    five = {"cache_control": {"type": "ephemeral", "ttl": "5m"}}
    body, warnings = anthropic(user(text("b", **five)), system=[text("a", **HOUR)])
    assert marks(body) == [("a", "12h"), ("b", "30m")]
    assert warnings == []


def test_a_mark_without_a_life_has_none(anthropic):
    assert marks(anthropic(user(text("a", **SHORT)))[0]) == [("a", None)]


def test_the_last_four_are_kept(anthropic):
    body, warnings = anthropic(user(*[text(word, **SHORT) for word in "abcdef"]))
    assert [word for word, _ in marks(body)] == ["c", "d", "e", "f"]
    assert warnings == []


def test_what_was_sent_stays_the_same_when_the_mark_moves_on(anthropic):
    def sent(turns):
        last = {**turns[-1], "content": [{**turns[-1]["content"][0], **SHORT}]}
        system = [text("s", **SHORT)]
        body, _ = anthropic([*turns[:-1], last], system=system, tools=[{"name": "f", **schema}])
        for message in body["messages"]:
            for part in message["content"] or []:
                part.pop("prompt_cache_breakpoint", None)
        return body["messages"]

    schema = {"input_schema": {"type": "object"}}
    call = {"type": "tool_use", "id": "1", "name": "f", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "1", "content": [text("r")]}
    turns = [
        *user(text("a")),
        {"role": "assistant", "content": [text("b")]},
        *user(text("c")),
        {"role": "assistant", "content": [call]},
        *user(result),
        {"role": "assistant", "content": [text("d"), call]},
        *user(result),
    ]
    whole = sent(turns)
    for end in (1, 3, 5):
        shorter = sent(turns[:end])
        assert shorter == whole[: len(shorter)]


def test_a_mark_on_a_tool_is_on_the_first_instructions(anthropic):
    tool = {"name": "f", "input_schema": {"type": "object"}, **HOUR}
    body, _ = anthropic(system=[text("a"), text("b")], tools=[tool])
    assert marks(body) == [("a", "12h")]
    assert marks(anthropic(tools=[tool])[0]) == []


def test_a_mark_for_all_is_set_only_where_it_is_to_last(anthropic):
    assert marks(anthropic(user(text("a"), text("b")), **SHORT)[0]) == []
    assert marks(anthropic(user(text("a"), text("b")), **HOUR)[0]) == [("b", "12h")]


def test_models_and_servers_without_breakpoints_get_none(anthropic):
    for model in ("gpt-4o", "llama-4"):
        body, warnings = anthropic(user(text("a", **HOUR)), model=model)
        assert body["messages"][-1]["content"] == "a"
        assert warnings == []


def test_marks_keys_and_options_of_responses(responses):
    mark = {"prompt_cache_breakpoint": {"mode": "explicit", "ttl": "12h"}}
    part = {"type": "input_text", "text": "a", **mark}
    options = {"mode": "explicit", "ttl": "12h"}
    body, warnings = responses(
        [{"role": "user", "content": [part]}], prompt_cache_key="k", prompt_cache_options=options
    )
    assert marks(body) == [("a", "12h")]
    assert body["prompt_cache_key"] == "k"
    assert body["prompt_cache_options"] == {"mode": "explicit"}
    assert warnings == [("dropped", "prompt_cache_options.ttl")]


def test_a_cache_to_be_filled_without_an_answer_is_rejected(responses, refusal):
    options = {"prewarm": True}
    assert refusal(responses, prompt_cache_options=options) == "prompt_cache_options.prewarm"
