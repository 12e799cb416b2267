import pytest


def loop(result):
    return [
        {"role": "user", "content": "go"},
        {
            "role": "assistant",
            "content": [{"type": "tool_use", "id": "a", "name": "f", "input": {}}],
        },
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a", **result}]},
    ]


def text(words):
    return {"type": "text", "text": words}


@pytest.mark.parametrize(
    ("content", "written"),
    [
        ("no file", "[tool_error] no file"),
        ([text("no"), text("file")], [text("[tool_error] no"), text("file")]),
        (None, "[tool_error]"),
        ([], "[tool_error]"),
    ],
)
def test_errors_of_tools_are_marked_in_the_text(anthropic, content, written):
    given = {"is_error": True} if content is None else {"is_error": True, "content": content}
    body, warnings = anthropic(loop(given))
    assert body["messages"][2] == {"role": "tool", "tool_call_id": "a", "content": written}
    assert warnings == [("emulated", "messages")]


def test_an_empty_result_is_an_empty_string(anthropic):
    body, warnings = anthropic(loop({"is_error": False}))
    assert body["messages"][2]["content"] == ""
    assert warnings == []


def test_documents_of_text_stay_in_the_result(anthropic):
    source = {"type": "text", "media_type": "text/plain", "data": "words"}
    body, _ = anthropic(loop({"content": [{"type": "document", "source": source}]}))
    assert body["messages"][2]["content"] == "<document>\nwords\n</document>"


def test_files_are_named_in_the_result(anthropic):
    source = {"type": "base64", "media_type": "application/pdf", "data": "QQ=="}
    document = {"type": "document", "source": source, "title": "a.pdf"}
    body, _ = anthropic(loop({"content": [document]}))
    assert "file 1, from the result of f (a)" in body["messages"][2]["content"]
    assert body["messages"][3]["content"][1] == {
        "type": "file",
        "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,QQ=="},
    }


def test_a_mark_on_the_result_is_on_its_last_text(anthropic):
    marked = {"content": "a", "cache_control": {"type": "ephemeral", "ttl": "1h"}}
    body, _ = anthropic(loop(marked))
    assert body["messages"][2]["content"] == [
        {**text("a"), "prompt_cache_breakpoint": {"mode": "explicit", "ttl": "12h"}}
    ]


def test_long_ids_are_shortened_on_call_and_result(anthropic):
    turns = loop({"content": "a"})
    turns[1]["content"][0]["id"] = turns[2]["content"][0]["tool_use_id"] = "x" * 90
    body, _ = anthropic(turns)
    call = body["messages"][1]["tool_calls"][0]
    assert call["id"] == body["messages"][2]["tool_call_id"]
    assert len(call["id"]) <= 40
