import pytest

PDF = {"type": "base64", "media_type": "application/pdf", "data": "QQ=="}
WORDS = {"type": "text", "media_type": "text/plain", "data": "words"}


def text(words):
    return {"type": "text", "text": words}


def user(*blocks):
    return [{"role": "user", "content": list(blocks)}]


def content(body):
    return body["messages"][-1]["content"]


def document(source, **fields):
    return {"type": "document", "source": source, **fields}


def test_images_as_data_and_by_url(anthropic, responses):
    inline = {"type": "base64", "media_type": "image/png", "data": "QQ=="}
    by_url = {"type": "url", "url": "https://a"}
    body, warnings = anthropic(
        user({"type": "image", "source": inline}, {"type": "image", "source": by_url})
    )
    assert [it["image_url"]["url"] for it in content(body)] == [
        "data:image/png;base64,QQ==",
        "https://a",
    ]
    assert warnings == []
    part = {"type": "input_image", "image_url": "https://a", "detail": "original"}
    body, _ = responses([{"role": "user", "content": [part]}])
    assert content(body)[0]["image_url"] == {"url": "https://a", "detail": "original"}


def test_a_hint_about_an_image_is_dropped(anthropic):
    source = {"type": "url", "url": "https://a"}
    image = {"type": "image", "source": source, "transformations": [{"type": "x"}]}
    _, warnings = anthropic(user(image))
    assert warnings == [("dropped", "messages[].content[].transformations")]


def test_files_of_other_stores_and_pdf_urls_are_rejected(anthropic, responses, refusal):
    file = {"type": "file", "file_id": "file_1"}
    for block in (
        {"type": "image", "source": file},
        document(file),
        document({"type": "url", "url": "https://a"}),
    ):
        assert refusal(anthropic, user(block)) == "messages"
    for part in (
        {"type": "input_image", "file_id": "file-1"},
        {"type": "input_file", "file_url": "https://a"},
    ):
        assert refusal(responses, [{"role": "user", "content": [part]}]) == "input"


def test_openai_files_go_by_their_ids(responses):
    part = {"type": "input_file", "file_id": "file-1"}
    body, _ = responses([{"role": "user", "content": [part]}])
    assert content(body) == [{"type": "file", "file": {"file_id": "file-1"}}]


def test_pdf_data_is_a_file_with_a_name(anthropic):
    body, warnings = anthropic(user(document(PDF), document(PDF, title="b.pdf")))
    assert content(body) == [
        {
            "type": "file",
            "file": {"filename": name, "file_data": "data:application/pdf;base64,QQ=="},
        }
        for name in ("document.pdf", "b.pdf")
    ]
    assert warnings == []


def test_bare_file_data_stays_bare(responses):
    part = {"type": "input_file", "file_data": "QQ==", "filename": "a.pdf"}
    body, _ = responses([{"role": "user", "content": [part]}])
    assert content(body)[0]["file"] == {"filename": "a.pdf", "file_data": "QQ=="}


def test_what_is_said_beside_a_file_is_a_text_before_it(anthropic):
    body, warnings = anthropic(user(document(PDF, context="old", citations={"enabled": True})))
    assert content(body)[0] == text("<context>\nold\n</context>")
    assert warnings == [
        ("dropped", "messages[].content[].citations"),
        ("emulated", "messages[].content[].context"),
    ]


def test_documents_of_text_are_labelled_texts(anthropic):
    body, warnings = anthropic(user(document(WORDS, title='a "b"', context="old"), text("so?")))
    assert content(body)[0] == text(
        '<document title="a \\"b\\"">\n<context>\nold\n</context>\nwords\n</document>'
    )
    assert warnings == [("emulated", "messages[].content[]")]


def test_documents_of_blocks_keep_their_images(anthropic):
    image = {"type": "image", "source": {"type": "url", "url": "https://a"}}
    body, _ = anthropic(user(document({"type": "content", "content": [text("a"), image]})))
    assert [it["type"] for it in content(body)] == ["text", "text", "image_url", "text"]
    body, _ = anthropic(user(document({"type": "content", "content": [text("a"), text("b")]})))
    assert content(body) == "<document>\na\nb\n</document>"


def test_search_results_are_labelled_texts(anthropic):
    block = {"type": "search_result", "source": "s", "title": "t", "content": [text("a")]}
    body, warnings = anthropic(user(block))
    assert content(body) == '<search_result source="s" title="t">\na\n</search_result>'
    assert warnings == [("emulated", "messages[].content[]")]


def test_audio_goes_through(responses):
    part = {"type": "input_audio", "input_audio": {"data": "QQ==", "format": "wav"}}
    body, _ = responses([{"role": "user", "content": [part]}])
    assert content(body) == [part]


def test_emulation_is_refused_in_strict_translation(anthropic, refusal):
    assert refusal(anthropic, user(document(WORDS)), strict=True) == "messages[].content[]"


@pytest.mark.parametrize("kind", ["container_upload", "compaction", "new_kind"])
def test_what_chat_has_nothing_like_is_rejected(anthropic, refusal, kind):
    block = {"type": kind, "content": "x", "file_id": "f"}
    assert refusal(anthropic, user(block)) == "messages"


def test_items_in_the_vendors_store_are_rejected(responses, refusal):
    assert refusal(responses, [{"type": "item_reference", "id": "x"}]) == "input"


def test_what_vendors_tools_did_is_dropped_from_history(anthropic, responses):
    use = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}
    found = {"type": "web_search_tool_result", "tool_use_id": "s", "content": []}
    turns = [
        *user(text("a")),
        {"role": "assistant", "content": [use, found, text("b")]},
        *user(text("c")),
    ]
    body, warnings = anthropic(turns)
    assert body["messages"][1] == {"role": "assistant", "content": "b"}
    assert warnings == [
        ("dropped", "messages[].server_tool_use"),
        ("dropped", "messages[].web_search_tool_result"),
    ]
    items = [{"type": "web_search_call", "id": "w", "status": "completed"}]
    _, warnings = responses([*items, {"role": "user", "content": "a"}])
    assert warnings == [("dropped", "input[].web_search_call")]


def test_citations_in_history_are_dropped(anthropic):
    cited = {**text("a"), "citations": [{"type": "char_location", "cited_text": "x"}]}
    turns = [*user(text("q")), {"role": "assistant", "content": [cited]}, *user(text("b"))]
    body, warnings = anthropic(turns)
    assert body["messages"][1]["content"] == "a"
    assert warnings == [("dropped", "messages[].content[].citations")]


def test_refusals_go_back_as_refusals(responses):
    part = {"type": "refusal", "refusal": "no"}
    items = [{"role": "user", "content": "a"}, {"role": "assistant", "content": [part]}]
    body, _ = responses(items)
    assert body["messages"][1] == {"role": "assistant", "refusal": "no"}


def test_arguments_are_sent_as_they_were_written(anthropic, responses):
    items = [
        {"type": "function_call", "call_id": "a", "name": "f", "arguments": '{ "x" : 1}'},
        {"type": "function_call_output", "call_id": "a", "output": ""},
        {"type": "function_call", "call_id": "b", "name": "f", "arguments": " "},
        {"type": "function_call_output", "call_id": "b", "output": ""},
        {"type": "custom_tool_call", "call_id": "c", "name": "p", "input": ""},
        {"type": "custom_tool_call_output", "call_id": "c", "output": ""},
    ]
    body, warnings = responses(items)
    sent = [call for it in body["messages"] for call in it.get("tool_calls", ())]
    assert sent == [
        {"id": "a", "type": "function", "function": {"name": "f", "arguments": '{ "x" : 1}'}},
        {"id": "b", "type": "function", "function": {"name": "f", "arguments": "{}"}},
        {"id": "c", "type": "custom", "custom": {"name": "p", "input": ""}},
    ]
    assert warnings == []


def test_names_that_do_not_fit_are_the_same_on_call_and_tool(anthropic):
    name = "mcp.server:tool"
    turns = [
        *user(text("a")),
        {
            "role": "assistant",
            "content": [{"type": "tool_use", "id": "a", "name": name, "input": {}}],
        },
        *user({"type": "tool_result", "tool_use_id": "a", "content": "b"}),
    ]
    tool = {"name": name, "input_schema": {"type": "object"}}
    body, _ = anthropic(turns, tools=[tool], tool_choice={"type": "tool", "name": name})
    sent = body["messages"][1]["tool_calls"][0]["function"]["name"]
    assert sent != name
    assert sent == body["tools"][0]["function"]["name"]
    assert sent == body["tool_choice"]["function"]["name"]


def test_an_item_without_content_says_nothing(responses):
    items = [{"role": "user", "content": []}, {"role": "user", "content": "a"}]
    body, _ = responses(items)
    assert content(body) == "a"


def test_another_name_of_a_stored_file_is_said_to_be_lost(responses):
    file = {"type": "input_file", "file_id": "file-1", "filename": "a.pdf"}
    body, warnings = responses([{"role": "user", "content": [file]}])
    assert body["messages"][0]["content"] == [{"type": "file", "file": {"file_id": "file-1"}}]
    assert warnings == [("dropped", "input[].content[].filename")]


def test_annotations_are_lost_under_the_name_that_the_client_knows(responses):
    note = {"type": "file_path", "file_id": "file-1", "index": 0}
    part = {"type": "output_text", "text": "a", "annotations": [note]}
    answer = {"type": "message", "id": "msg_1", "status": "completed", "role": "assistant"}
    _, warnings = responses([{"role": "user", "content": "a"}, {**answer, "content": [part]}])
    assert warnings == [("dropped", "input[].content[].annotations")]
