HOUR = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
SHORT = {"cache_control": {"type": "ephemeral"}}
TOOL = {"name": "f", "input_schema": {"type": "object"}}


def text(words, **fields):
    return {"type": "text", "text": words, **fields}


def marks(body):
    """The marked texts with their lives."""
    return [
        (part["text"], part["prompt_cache_breakpoint"].get("ttl"))
        for item in body["input"]
        for part in parts_of(item)
        if "prompt_cache_breakpoint" in part
    ]


def parts_of(item):
    parts = item.get("output", item.get("content", []))
    return parts if isinstance(parts, list) else []


def user(*blocks):
    return {"role": "user", "content": list(blocks)}


def test_marks_get_the_next_longer_life(anthropic):
    five = {"cache_control": {"type": "ephemeral", "ttl": "5m"}}
    body, warnings = anthropic([user(text("b", **five))], system=[text("a", **HOUR)])
    assert marks(body) == [("a", "12h"), ("b", "30m")]
    assert warnings == []


def test_a_mark_without_a_life_has_none(anthropic):
    assert marks(anthropic([user(text("a", **SHORT))])[0]) == [("a", None)]


def test_the_last_four_are_kept(anthropic):
    body, warnings = anthropic([user(*[text(word, **SHORT) for word in "abcdef"])])
    assert [word for word, _ in marks(body)] == ["c", "d", "e", "f"]
    assert warnings == []


def test_a_mark_on_a_tool_is_on_the_first_instructions(anthropic):
    tool = {**TOOL, **HOUR}
    body, _ = anthropic(system=[text("a"), text("b")], tools=[tool])
    assert marks(body) == [("a", "12h")]
    assert marks(anthropic(tools=[tool])[0]) == []


def test_a_lone_string_that_is_to_be_marked_is_no_field(anthropic):
    body, _ = anthropic(system="a", tools=[{**TOOL, **HOUR}])
    assert "instructions" not in body
    assert marks(body) == [("a", "12h")]


def test_what_the_assistant_said_is_marked_before_it(anthropic):
    use = {"type": "tool_use", "id": "t", "name": "f", "input": {}, **SHORT}
    result = {"type": "tool_result", "tool_use_id": "t", "content": "c"}
    said = {"role": "assistant", "content": [text("b"), use]}
    body, _ = anthropic([user(text("a")), said, user(result)], tools=[TOOL])
    assert marks(body) == [("a", None)]


def test_results_are_marked_and_have_one_form_whether_they_are_or_not(anthropic):
    """Else what was cached would not be found when the mark has moved on."""

    def output(**fields):
        use = {"type": "tool_use", "id": "t", "name": "f", "input": {}}
        result = {"type": "tool_result", "tool_use_id": "t", "content": "c", **fields}
        said = {"role": "assistant", "content": [use]}
        return anthropic([user(text("a")), said, user(result)])[0]["input"][-1]["output"]

    part = {"type": "input_text", "text": "c"}
    assert output() == [part]
    assert output(**SHORT) == [{**part, "prompt_cache_breakpoint": {"mode": "explicit"}}]


def test_a_mark_for_all_is_set_only_where_it_is_to_last(anthropic):
    assert marks(anthropic([user(text("a"), text("b"))], **SHORT)[0]) == []
    assert marks(anthropic([user(text("a"), text("b"))], **HOUR)[0]) == [("b", "12h")]


def test_models_and_servers_without_breakpoints_get_none(anthropic):
    for model in ("gpt-4o", "llama-4"):
        body, warnings = anthropic([user(text("a", **HOUR))], model=model)
        assert marks(body) == []
        assert warnings == []


def test_marks_and_keys_of_chat(chat):
    mark = {"prompt_cache_breakpoint": {"mode": "explicit", "ttl": "12h"}}
    options = {"mode": "explicit", "ttl": "30m"}
    body, warnings = chat(
        [user(text("a", **mark))], prompt_cache_key="k", prompt_cache_options=options
    )
    assert marks(body) == [("a", "12h")]
    assert (body["prompt_cache_key"], body["prompt_cache_options"]) == ("k", options)
    assert warnings == []


def test_options_that_are_unknown_or_not_the_models_are_dropped(chat):
    body, warnings = chat(prompt_cache_options={"mode": "implicit", "new": 1})
    assert body["prompt_cache_options"] == {"mode": "implicit"}
    assert warnings == [("dropped", "prompt_cache_options.new")]
    body, warnings = chat(prompt_cache_options={"mode": "implicit"}, model="gpt-4o")
    assert "prompt_cache_options" not in body
    assert warnings == [("dropped", "prompt_cache_options")]


def test_no_output_fills_the_cache(anthropic, refusal):
    body, warnings = anthropic([user(text("a", **HOUR))], max_tokens=0)
    assert body["prompt_cache_options"] == {"prewarm": True}
    assert "max_output_tokens" not in body
    assert warnings == []
    for model in ("gpt-4o", "llama-4"):
        assert refusal(anthropic, max_tokens=0, model=model) == "max_tokens"
