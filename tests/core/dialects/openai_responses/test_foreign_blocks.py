import pytest

from lunaroute_core.dialects.openai_responses.requests import ResponsesRequests
from lunaroute_core.model import (
    Message,
    NormalizedRequest,
    Origin,
    ReasoningBlock,
    RequestSource,
    TextBlock,
)
from lunaroute_core.translation import Translation

PDF = {"type": "base64", "media_type": "application/pdf", "data": "QQ=="}
WORDS = {"type": "text", "media_type": "text/plain", "data": "words"}
IMAGE = {"type": "image", "source": {"type": "url", "url": "https://a"}}


def text(words):
    return {"type": "text", "text": words}


def user(*blocks):
    return [{"role": "user", "content": list(blocks)}]


def content(body):
    return body["input"][-1]["content"]


def texts(body):
    return [part.get("text", part["type"]) for part in content(body)]


def document(source, **fields):
    return {"type": "document", "source": source, **fields}


def test_images_as_data_and_by_url(anthropic, chat):
    inline = {"type": "base64", "media_type": "image/png", "data": "QQ=="}
    body, warnings = anthropic(user({"type": "image", "source": inline}, IMAGE))
    assert content(body) == [
        {"type": "input_image", "image_url": url, "detail": "auto"}
        for url in ("data:image/png;base64,QQ==", "https://a")
    ]
    assert warnings == []
    part = {"type": "image_url", "image_url": {"url": "https://a", "detail": "original"}}
    body, _ = chat(user(part))
    assert content(body)[0]["detail"] == "original"


def test_a_hint_about_an_image_is_dropped(anthropic):
    _, warnings = anthropic(user({**IMAGE, "transformations": [{"type": "x"}]}))
    assert warnings == [("dropped", "messages[].content[].transformations")]


def test_files_of_other_stores_are_rejected(anthropic, refusal):
    file = {"type": "file", "file_id": "file_1"}
    for block in ({"type": "image", "source": file}, document(file)):
        assert refusal(anthropic, user(block)) == "messages"


def test_openai_files_go_by_their_ids(chat):
    part = {"type": "file", "file": {"file_id": "file-1"}}
    assert content(chat(user(part))[0]) == [{"type": "input_file", "file_id": "file-1"}]


def test_pdf_data_is_a_file_with_a_name(anthropic):
    body, warnings = anthropic(user(document(PDF), document(PDF, title="b.pdf")))
    data = {"file_data": "data:application/pdf;base64,QQ=="}
    assert content(body) == [
        {"type": "input_file", "filename": name, **data} for name in ("document.pdf", "b.pdf")
    ]
    assert warnings == []


def test_data_of_chat_files_is_typed(chat):
    part = {"type": "file", "file": {"file_data": "QQ==", "filename": "a.pdf"}}
    assert content(chat(user(part))[0])[0]["file_data"] == "data:application/pdf;base64,QQ=="


def test_pdfs_by_url(anthropic):
    body, warnings = anthropic(user(document({"type": "url", "url": "https://a"})))
    assert content(body) == [{"type": "input_file", "file_url": "https://a"}]
    assert warnings == []


def test_what_is_said_beside_a_file_is_a_text_before_it(anthropic):
    body, warnings = anthropic(user(document(PDF, context="old", citations={"enabled": True})))
    assert texts(body) == ["<context>\nold\n</context>", "input_file"]
    assert warnings == [
        ("dropped", "messages[].content[].citations"),
        ("emulated", "messages[].content[].context"),
    ]


def test_documents_of_text_are_labelled_texts(anthropic):
    body, warnings = anthropic(user(document(WORDS, title='a "b"', context="old"), text("so?")))
    assert texts(body) == [
        '<document title="a \\"b\\"">\n<context>\nold\n</context>\nwords\n</document>',
        "so?",
    ]
    assert warnings == [("emulated", "messages[].content[]")]


def test_documents_of_blocks_keep_their_images(anthropic):
    body, _ = anthropic(user(document({"type": "content", "content": [text("a"), IMAGE]})))
    assert texts(body) == ["<document>\n", "a", "input_image", "\n</document>"]
    body, _ = anthropic(user(document({"type": "content", "content": [text("a"), text("b")]})))
    assert texts(body) == ["<document>\na\nb\n</document>"]


def test_search_results_are_labelled_texts(anthropic):
    block = {"type": "search_result", "source": "s", "title": "t", "content": [text("a")]}
    body, warnings = anthropic(user(block))
    assert texts(body) == ['<search_result source="s" title="t">\na\n</search_result>']
    assert warnings == [("emulated", "messages[].content[]")]


def test_emulation_is_refused_in_strict_translation(anthropic, refusal):
    assert refusal(anthropic, user(document(WORDS)), strict=True) == "messages[].content[]"


def test_audio_is_rejected(chat, refusal):
    heard = {"type": "input_audio", "input_audio": {"data": "QQ==", "format": "wav"}}
    assert refusal(chat, user(heard)) == "messages"
    said = {"role": "assistant", "audio": {"id": "audio_1"}}
    assert refusal(chat, [*user(text("a")), said, *user(text("b"))]) == "messages"


@pytest.mark.parametrize("kind", ["container_upload", "compaction", "new_kind"])
def test_what_responses_has_nothing_like_is_rejected(anthropic, refusal, kind):
    assert refusal(anthropic, user({"type": kind, "content": "x"})) == "messages"


def test_a_result_in_an_assistants_turn_is_rejected(anthropic, refusal):
    use = {"type": "tool_use", "id": "t", "name": "f", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "t"}
    turns = [*user(text("a")), {"role": "assistant", "content": [use, result]}, *user(text("b"))]
    assert refusal(anthropic, turns) == "messages"


def test_what_vendors_tools_did_is_dropped_from_history(anthropic):
    use = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}
    found = {"type": "web_search_tool_result", "tool_use_id": "s", "content": []}
    turns = [
        *user(text("a")),
        {"role": "assistant", "content": [use, found, text("b")]},
        *user(text("c")),
    ]
    body, warnings = anthropic(turns)
    assert [item["content"] for item in body["input"]][1] == "b"
    assert warnings == [
        ("dropped", "messages[].server_tool_use"),
        ("dropped", "messages[].web_search_tool_result"),
    ]


def test_citations_in_history_are_dropped(anthropic):
    cited = {**text("a"), "citations": [{"type": "char_location", "cited_text": "x"}]}
    turns = [*user(text("q")), {"role": "assistant", "content": [cited]}, *user(text("b"))]
    body, warnings = anthropic(turns)
    assert body["input"][1]["content"] == "a"
    assert warnings == [("dropped", "messages[].content[].citations")]


def test_refusals_go_back_as_what_was_said(chat):
    turns = [*user(text("a")), {"role": "assistant", "content": None, "refusal": "no"}]
    body, warnings = chat(turns)
    assert body["input"][1] == {"type": "message", "role": "assistant", "content": "no"}
    assert warnings == []


def test_arguments_are_sent_as_they_were_written(chat):
    written = {"a": ("function", '{ "x" : 1}'), "b": ("function", " "), "c": ("function", "{a")}
    calls = [
        {"id": it, "type": kind, kind: {"name": "f", "arguments": raw}}
        for it, (kind, raw) in written.items()
    ]
    calls.append({"id": "d", "type": "custom", "custom": {"name": "p", "input": ""}})
    results = [{"role": "tool", "tool_call_id": it, "content": "x"} for it in "abcd"]
    said = {"role": "assistant", "tool_calls": calls}
    body, warnings = chat([*user(text("a")), said, *results], model="gpt-4o")
    call = {"type": "function_call", "name": "f"}
    assert body["input"][1:] == [
        {**call, "call_id": "a", "arguments": '{ "x" : 1}'},
        {**call, "call_id": "b", "arguments": "{}"},
        {**call, "call_id": "c", "arguments": "{a"},
        {"type": "custom_tool_call", "call_id": "d", "name": "p", "input": ""},
        {"type": "function_call_output", "call_id": "a", "output": "x"},
        {"type": "function_call_output", "call_id": "b", "output": "x"},
        {"type": "function_call_output", "call_id": "c", "output": "x"},
        {"type": "custom_tool_call_output", "call_id": "d", "output": "x"},
    ]
    assert warnings == []


def test_names_and_ids_that_do_not_fit_are_the_same_everywhere(anthropic):
    name, identity = "mcp.server:tool", "functions.Bash:0"
    use = {"type": "tool_use", "id": identity, "name": name, "input": {}}
    result = {"type": "tool_result", "tool_use_id": identity, "content": "b"}
    turns = [*user(text("a")), {"role": "assistant", "content": [use]}, *user(result)]
    tool = {"name": name, "input_schema": {"type": "object"}}
    body, _ = anthropic(turns, tools=[tool], tool_choice={"type": "tool", "name": name})
    _, call, output = body["input"]
    assert call["name"] == body["tools"][0]["name"] == body["tool_choice"]["name"] != name
    assert call["call_id"] == output["call_id"] != identity


def reasoned(*blocks):
    """A conversation of an Anthropic client with reasoning in it, as it is sent."""
    request = NormalizedRequest(
        model="m",
        source=RequestSource(dialect="anthropic_messages"),
        turns=[
            Message(role="user", blocks=[TextBlock(text="a")]),
            Message(role="assistant", blocks=[*blocks, TextBlock(text="b")]),
            Message(role="user", blocks=[TextBlock(text="c")]),
        ],
    )
    translation = Translation()
    raw = ResponsesRequests().encode(request, translation)
    items = ResponsesRequests().decode(raw).turns[1].blocks
    return items, [(it.outcome, it.param) for it in translation.warnings], raw


OWN = Origin(dialect="openai_responses", vendor="openai", model="gpt-5.6-sol")


def test_reasoning_that_a_responses_model_encrypted_goes_back_to_it():
    shown = ReasoningBlock(parts=["x", "y"], opaque="e1", origin=OWN, item_id="rs_1")
    hidden = ReasoningBlock(variant="redacted", opaque="e2", origin=OWN)
    items, warnings, raw = reasoned(shown, hidden)
    assert [(it.parts, it.opaque, it.item_id) for it in items[:2]] == [
        (["x", "y"], "e1", "rs_1"),
        ([], "e2", None),
    ]
    assert b'"summary":[]' in raw
    assert warnings == []


@pytest.mark.parametrize(
    "block",
    [
        ReasoningBlock(parts=["x"], opaque="s", origin=Origin(dialect="anthropic_messages")),
        ReasoningBlock(parts=["x"], opaque="s"),
        ReasoningBlock(parts=["x"], origin=OWN),
        ReasoningBlock(variant="redacted", opaque="d", origin=Origin(dialect="openai_chat")),
    ],
)
def test_other_reasoning_is_dropped(block):
    items, warnings, _ = reasoned(block)
    assert [type(it) for it in items] == [TextBlock]
    assert warnings == [("dropped", "messages[].reasoning")]


def test_another_name_of_a_stored_file_is_said_to_be_lost(chat):
    file = {"type": "file", "file": {"file_id": "file-1", "filename": "a.pdf"}}
    body, warnings = chat([{"role": "user", "content": [file]}])
    assert body["input"][0]["content"] == [{"type": "input_file", "file_id": "file-1"}]
    assert warnings == [("dropped", "messages[].content[].file.filename")]
