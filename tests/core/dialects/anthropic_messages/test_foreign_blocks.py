from base64 import b64encode

import msgspec
import pytest

from lunaroute_core.dialects.anthropic_messages import ANTHROPIC_MESSAGES
from lunaroute_core.errors import InvalidRequestError
from lunaroute_core.model import (
    DocumentBlock,
    HostedCallBlock,
    Message,
    NormalizedRequest,
    OpaqueBlock,
    Origin,
    ReasoningBlock,
    RequestSource,
    SearchResultBlock,
    TextBlock,
    ToolCallBlock,
    ToolResultBlock,
)
from lunaroute_core.translation import Translation

PNG = "data:image/png;base64,iVBO"


def content_of(translated):
    return translated.body["messages"][0]["content"]


def chat_part(chat, **part):
    return chat(messages=[{"role": "user", "content": [part]}])


def item_part(responses, **part):
    return responses(input=[{"role": "user", "content": [part]}])


def history(chat, **message):
    asked, more = ({"role": "user", "content": text} for text in ("a", "b"))
    return chat(messages=[asked, {"role": "assistant", **message}, more])


def encoded(*blocks):
    """What the assistant's blocks are, in a request of a dialect like Chat, and the warnings."""
    user = Message(role="user", blocks=[TextBlock(text="a")])
    request = NormalizedRequest(
        model="m",
        source=RequestSource(dialect="openai_chat"),
        turns=[user, Message(role="assistant", blocks=list(blocks)), user],
    )
    translation = Translation()
    body = msgspec.json.decode(ANTHROPIC_MESSAGES.requests.encode(request, translation))
    return body["messages"][1]["content"], [it.param for it in translation.warnings]


def test_images_are_mapped(chat, responses):
    inline = {"type": "base64", "media_type": "image/png", "data": "iVBO"}
    url = {"type": "url", "url": "https://x/y.png"}
    chat_image = chat_part(chat, type="image_url", image_url={"url": PNG})
    assert content_of(chat_image) == [{"type": "image", "source": inline}]
    chat_image = chat_part(chat, type="image_url", image_url={"url": "https://x/y.png"})
    assert content_of(chat_image) == [{"type": "image", "source": url}]
    item_image = item_part(responses, type="input_image", image_url=PNG, detail="auto")
    assert content_of(item_image) == [{"type": "image", "source": inline}]
    assert item_image.warnings == []


def test_image_detail_is_dropped(chat):
    image = {"url": PNG, "detail": "high"}
    assert chat_part(chat, type="image_url", image_url=image).warnings == [
        ("dropped", "messages[].content[].image_url.detail")
    ]


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image_url", "image_url": {"url": "data:image/bmp;base64,AAAA"}},
        {"type": "image_url", "image_url": {"url": "data:image/png,raw"}},
        {"type": "file", "file": {"file_id": "file-1"}},
        {"type": "file", "file": {"file_data": "data:application/zip;base64,AAAA"}},
        {"type": "file", "file": {"file_data": "data:text/plain;base64,!!!!"}},
        {"type": "file", "file": {"file_data": "data:text/plain;base64,/w=="}},
        {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
        {"type": "holograph", "holograph": {}},
    ],
)
def test_what_was_asked_about_never_vanishes(chat, part):
    with pytest.raises(InvalidRequestError) as caught:
        chat_part(chat, **part)
    assert caught.value.details.param == "messages"


@pytest.mark.parametrize(
    "part",
    [
        {"type": "input_image", "file_id": "file-1"},
        {"type": "input_file", "file_id": "file-1"},
        {"type": "input_file", "file_data": "UEsDBA=="},
    ],
)
def test_nor_in_responses(responses, part):
    with pytest.raises(InvalidRequestError) as caught:
        item_part(responses, **part)
    assert caught.value.details.param == "input"


def test_pdfs_are_documents(chat, responses):
    source = {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0x"}
    file = {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0x"}
    document = {"type": "document", "source": source, "title": "a.pdf"}
    assert content_of(chat_part(chat, type="file", file=file)) == [document]
    bare = item_part(responses, type="input_file", file_data="JVBERi0x", filename="a.pdf")
    assert content_of(bare) == [document]
    linked = item_part(responses, type="input_file", file_url="https://x/a.pdf")
    assert content_of(linked)[0]["source"] == {"type": "url", "url": "https://x/a.pdf"}


def test_text_files_are_text_documents(chat):
    data = b64encode("é,1".encode()).decode()
    file = {"filename": "a.csv", "file_data": f"data:text/csv;charset=utf-8;base64,{data}"}
    assert content_of(chat_part(chat, type="file", file=file)) == [
        {
            "type": "document",
            "source": {"type": "text", "media_type": "text/plain", "data": "é,1"},
            "title": "a.csv",
        }
    ]


def test_documents_of_blocks_and_search_results_keep_their_shape():
    written, _ = encoded(
        DocumentBlock(blocks=[TextBlock(text="x")], title="T", citations_enabled=True),
        SearchResultBlock(source="https://x", title="X", blocks=[TextBlock(text="y")]),
    )
    assert written == [
        {
            "type": "document",
            "source": {"type": "content", "content": [{"type": "text", "text": "x"}]},
            "title": "T",
            "citations": {"enabled": True},
        },
        {
            "type": "search_result",
            "source": "https://x",
            "title": "X",
            "content": [{"type": "text", "text": "y"}],
        },
    ]


def test_empty_texts_are_left_out_and_blank_ones_with_a_warning(chat):
    parts = [{"type": "text", "text": text} for text in ("", "a", " \n")]
    body, warnings = chat(messages=[{"role": "user", "content": parts}])
    assert body["messages"][0]["content"] == [{"type": "text", "text": "a"}]
    assert warnings == [("dropped", "messages[].content")]


def test_a_refusal_in_the_history_is_a_text(chat):
    body, warnings = history(chat, content=None, refusal="I cannot.")
    assert body["messages"][1]["content"] == [{"type": "text", "text": "I cannot."}]
    assert warnings == []


@pytest.mark.parametrize(
    ("arguments", "written", "warned"),
    [
        ("", {}, False),
        (" \n", {}, False),
        ('{"a": 1}', {"a": 1}, False),
        ('{"a": 1}{"b": 2}', {"a": 1, "_raw_arguments": '{"a": 1}{"b": 2}'}, True),
        ('{"a', {"a": None, "_raw_arguments": '{"a'}, True),
        ("[1]", {"_raw_arguments": "[1]"}, True),
    ],
)
def test_arguments_are_an_object_whatever_was_written(chat, arguments, written, warned):
    function = {"name": "f", "arguments": arguments}
    call = {"id": "1", "type": "function", "function": function}
    body, warnings = chat(
        messages=[
            {"role": "user", "content": "a"},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "1", "content": "ok"},
        ]
    )
    assert body["messages"][1]["content"][0]["input"] == written
    assert warnings == ([("emulated", "messages[].arguments")] if warned else [])


@pytest.mark.parametrize("written", ['{ "a" : 1.50 }', "{}", "", "[1]", '{"a'])
def test_arguments_that_were_parsed_already_are_written_as_those_that_were_not(written):
    try:
        parsed = msgspec.json.decode(written)
    except msgspec.DecodeError:
        parsed = msgspec.UNSET
    bodies = [
        ANTHROPIC_MESSAGES.requests.encode(
            NormalizedRequest(
                model="m",
                source=RequestSource(dialect="openai_chat"),
                turns=[
                    Message(role="assistant", blocks=[call]),
                    Message(role="tool", blocks=[ToolResultBlock(call_id="1")]),
                ],
            ),
            Translation(),
        )
        for call in (
            ToolCallBlock(id="1", name="f", raw_arguments=written, arguments=parsed),
            ToolCallBlock(id="1", name="f", raw_arguments=written),
        )
    ]
    assert bodies[0] == bodies[1]


def test_a_namespaced_call_of_a_tool_that_is_no_longer_offered_keeps_its_whole_name(responses):
    call = {"type": "function_call", "call_id": "1", "name": "f", "arguments": "{}"}
    items = [
        {"role": "user", "content": "a"},
        {**call, "namespace": "space"},
        {"type": "function_call_output", "call_id": "1", "output": "ok"},
    ]
    body, _ = responses(input=items)
    assert body["messages"][1]["content"][0]["name"] == "space__f"


def test_ids_and_names_that_anthropic_refuses_are_replaced_in_pairs(chat):
    calls = [
        {"id": it, "type": "function", "function": {"name": "files.read", "arguments": "{}"}}
        for it in ("functions.Bash:0", "a.b", "a:b", "x" * 90)
    ]
    body, _ = chat(
        messages=[
            {"role": "user", "content": "a"},
            {"role": "assistant", "content": None, "tool_calls": calls},
            *({"role": "tool", "tool_call_id": it["id"], "content": "ok"} for it in calls),
        ],
        tools=[{"type": "function", "function": {"name": "files.read"}}],
    )
    made = [block["id"] for block in body["messages"][1]["content"]]
    answered = [block["tool_use_id"] for block in body["messages"][2]["content"]]
    assert made == answered
    assert len(set(made)) == 4
    names = {block["name"] for block in body["messages"][1]["content"]}
    assert names == {body["tools"][0]["name"]}


def test_custom_calls_are_functions_of_one_text(responses):
    items = [
        {"role": "user", "content": "a"},
        {"type": "custom_tool_call", "call_id": "1", "name": "patch", "input": '+"a"'},
        {"type": "custom_tool_call_output", "call_id": "1", "output": "done"},
    ]
    body, _ = responses(input=items)
    assert body["messages"][1]["content"][0]["input"] == {"input": '+"a"'}


def test_results_hold_images_and_say_that_they_failed(chat, responses):
    items = [
        {"role": "user", "content": "a"},
        {"type": "function_call", "call_id": "1", "name": "f", "arguments": "{}"},
        {
            "type": "function_call_output",
            "call_id": "1",
            "output": [{"type": "input_image", "image_url": PNG}],
        },
    ]
    body, _ = responses(input=items)
    assert body["messages"][2]["content"][0]["content"][0]["type"] == "image"
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    body, warnings = chat(
        messages=[
            {"role": "user", "content": "a"},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "1", "content": "", "is_error": True},
        ]
    )
    assert body["messages"][2]["content"] == [
        {"type": "tool_result", "tool_use_id": "1", "is_error": True}
    ]
    assert warnings == []


def test_anthropics_own_reasoning_goes_back_exactly():
    origin = Origin(dialect="anthropic_messages", vendor="anthropic", model="claude")
    written, warnings = encoded(
        ReasoningBlock(parts=["Hm."], opaque="c2ln", origin=origin),
        ReasoningBlock(variant="signature_only", opaque="c2ln"),
        ReasoningBlock(variant="redacted", opaque="b3Bh", origin=origin),
        TextBlock(text="x"),
    )
    assert written == [
        {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"},
        {"type": "thinking", "thinking": "", "signature": "c2ln"},
        {"type": "redacted_thinking", "data": "b3Bh"},
        {"type": "text", "text": "x"},
    ]
    assert warnings == []


def test_other_reasoning_is_dropped():
    written, warnings = encoded(
        ReasoningBlock(parts=["unsigned"]),
        ReasoningBlock(parts=["s"], opaque="e", origin=Origin(dialect="openai_responses")),
        TextBlock(text="x"),
    )
    assert written == [{"type": "text", "text": "x"}]
    assert warnings == ["messages[].reasoning"]


def test_hosted_calls_of_others_are_dropped_and_own_ones_kept():
    own = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}
    written, warnings = encoded(
        HostedCallBlock(dialect="anthropic_messages", type="server_tool_use", raw=own),
        HostedCallBlock(dialect="openai_responses", type="web_search_call", raw={}),
        TextBlock(text="x"),
    )
    assert written == [own, {"type": "text", "text": "x"}]
    assert warnings == ["messages[].web_search_call"]


def test_what_a_conversation_rests_on_is_not_left_out():
    with pytest.raises(InvalidRequestError, match="nothing like 'item_reference'"):
        encoded(OpaqueBlock(dialect="openai_responses", type="item_reference", raw={}))


def test_an_answer_without_content_says_nothing(responses):
    empty = {"type": "message", "id": "msg_1", "status": "completed", "role": "assistant"}
    user = {"role": "user", "content": "a"}
    body, warnings = responses(input=[user, {**empty, "content": []}, user])
    assert [turn["role"] for turn in body["messages"]] == ["user"]
    assert warnings == []


def test_citations_of_other_vendors_are_said_to_be_lost(responses):
    note = {"type": "file_path", "file_id": "file-1", "index": 0}
    part = {"type": "output_text", "text": "a", "annotations": [note]}
    answer = {"type": "message", "id": "msg_1", "status": "completed", "role": "assistant"}
    user = {"role": "user", "content": "a"}
    _, warnings = responses(input=[user, {**answer, "content": [part]}, user])
    assert warnings == [("dropped", "input[].content[].annotations")]
