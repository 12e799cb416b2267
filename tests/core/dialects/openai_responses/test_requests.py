"""The request codec as a whole: nothing of a body is lost, and only one error is raised."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lunaroute_core.dialects.codec import BodyEdits, Peek
from lunaroute_core.dialects.openai_responses.requests import ResponsesRequests
from lunaroute_core.errors import InvalidRequestError
from lunaroute_core.model import ReasoningBlock, TextBlock, ToolCallBlock, ToolResultBlock

CODEX = {
    "model": "gpt-5.5",
    "input": [
        {
            "type": "message",
            "id": "msg_1",
            "role": "developer",
            "content": [{"type": "input_text", "text": "You are Codex."}],
        },
        {
            "type": "message",
            "id": "msg_2",
            "role": "developer",
            "content": [
                {"type": "input_text", "text": "<permissions>"},
                {"type": "input_text", "text": "<skills>"},
            ],
        },
        {
            "type": "message",
            "id": "msg_3",
            "role": "user",
            "content": [{"type": "input_text", "text": "List the files."}],
            "internal_chat_message_metadata_passthrough": {"turn_id": "t1"},
        },
        {
            "type": "reasoning",
            "id": "rs_1",
            "summary": [{"type": "summary_text", "text": "**Listing**"}],
            "content": None,
            "encrypted_content": "gAAAAA==",
        },
        {
            "type": "message",
            "id": "msg_4",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "I will look."}],
            "phase": "commentary",
        },
        {
            "type": "function_call",
            "id": "fc_1",
            "name": "exec_command",
            "arguments": '{"cmd": "ls"}',
            "call_id": "call_1",
        },
        {
            "type": "custom_tool_call",
            "id": "ctc_1",
            "status": "completed",
            "call_id": "call_2",
            "name": "apply_patch",
            "input": "*** Begin Patch\n*** End Patch\n",
        },
        {"type": "function_call_output", "id": "fco_1", "call_id": "call_1", "output": "a.py\n"},
        {
            "type": "custom_tool_call_output",
            "id": "ctco_1",
            "call_id": "call_2",
            "output": [{"type": "input_text", "text": "Done"}],
        },
        {
            "type": "message",
            "id": "msg_5",
            "role": "developer",
            "content": [{"type": "input_text", "text": "<model_switch>"}],
        },
        {"type": "message", "role": "user", "content": "Go on."},
    ],
    "tools": [
        {
            "type": "function",
            "name": "exec_command",
            "description": "Runs a command.",
            "strict": False,
            "parameters": {
                "type": "object",
                "properties": {"cmd": {"type": "string"}},
                "required": ["cmd"],
                "additionalProperties": False,
            },
        },
        {
            "type": "custom",
            "name": "apply_patch",
            "description": "Edits files.",
            "format": {"type": "grammar", "syntax": "lark", "definition": "start: x"},
        },
        {
            "type": "namespace",
            "name": "multi_agent",
            "description": "Agents.",
            "tools": [{"type": "function", "name": "spawn", "strict": False, "parameters": {}}],
        },
        {"type": "web_search", "external_web_access": True, "search_content_types": ["text"]},
        {"type": "tool_search", "execution": "client"},
    ],
    "tool_choice": "auto",
    "parallel_tool_calls": False,
    "reasoning": {"summary": "auto", "effort": None},
    "store": False,
    "stream": True,
    "include": ["reasoning.encrypted_content"],
    "prompt_cache_key": "0199-abc",
    "text": {"verbosity": "low"},
    "client_metadata": {"x-codex-installation-id": "i"},
}


def test_what_codex_sends_decodes_without_loss(decode, rewritten):
    assert rewritten(decode(CODEX)) == CODEX


def test_what_codex_sends_becomes_turns(decode):
    """Two developer prompts lead; one assistant turn and its outputs; a later developer
    message stays where it is."""
    request = decode(CODEX)
    assert [block.text for block in request.instructions] == [
        "You are Codex.",
        "<permissions>",
        "<skills>",
    ]
    assert [turn.role for turn in request.turns] == ["user", "assistant", "tool", "system", "user"]
    _, assistant, tool, _, _ = request.turns
    assert [type(block) for block in assistant.blocks] == [
        ReasoningBlock,
        TextBlock,
        ToolCallBlock,
        ToolCallBlock,
    ]
    assert assistant.phase == "commentary"
    assert [type(block) for block in tool.blocks] == [ToolResultBlock, ToolResultBlock]
    assert request.conversation.store is False
    assert request.stream.enabled


def test_a_string_input_is_one_user_turn(decode, rewritten):
    request = decode({"input": "Hello"})
    assert [(turn.role, turn.blocks[0].text) for turn in request.turns] == [("user", "Hello")]
    assert rewritten(request) == {"model": "gpt-5", "input": "Hello"}


def test_instructions_come_before_leading_system_items(decode, rewritten):
    body = {
        "model": "gpt-5",
        "instructions": "First.",
        "input": [
            {"role": "system", "content": "Second."},
            {"role": "developer", "content": "Third."},
            {"role": "user", "content": "Hi"},
        ],
    }
    request = decode(body)
    assert [block.text for block in request.instructions] == ["First.", "Second.", "Third."]
    assert rewritten(request) == body


@pytest.mark.parametrize("state", ["previous_response_id", "conversation", "prompt"])
def test_input_may_be_absent_where_the_vendor_has_it(decode, rewritten, state):
    value = {"id": "pmpt_1", "version": None} if state == "prompt" else "x_1"
    body = {"model": "gpt-5", state: value}
    assert rewritten(decode(body)) == body


@pytest.mark.parametrize("empty", [{}, {"input": ""}, {"input": []}, {"input": None}])
def test_input_is_required(decode, empty):
    with pytest.raises(InvalidRequestError) as caught:
        decode(empty)
    assert caught.value.details.param == "input"


def test_beta_headers_are_noted(requests):
    body = b'{"model": "m", "input": "x"}'
    request = requests.decode(body, headers=((b"OpenAI-Beta", b"responses=v1, x"),))
    assert request.source.betas == ["responses=v1", "x"]


@pytest.mark.parametrize(
    ("body", "peeked"),
    [
        (b'{"model": "m", "stream": true, "input": [{"model": 1}]}', Peek("m", stream=True)),
        (b'{"model": "m", "stream": null}', Peek("m", stream=False)),
        (b'{"input": "x", "model": "m"}', Peek("m", stream=False)),
    ],
)
def test_peek_reads_model_and_stream(requests, body, peeked):
    assert requests.peek(body) == peeked


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b'{"prompt": {"id": "p"}}', "model"),
        (b'{"model": ""}', "model"),
        (b'{"model": null}', "model"),
        (b'{"model": 5}', "model"),
        (b'{"model": "m", "stream": "yes"}', "stream"),
        (b"[]", None),
        (b"{", None),
    ],
)
def test_peek_names_the_field(requests, body, param):
    with pytest.raises(InvalidRequestError) as caught:
        requests.peek(body)
    assert caught.value.details.param == param


def test_replace_model_changes_nothing_else(requests):
    body = b'{ "input" : [{"model": "m"}],\n "model":\t"m", "temperature": 1.0e0 }'
    expected = b'{ "input" : [{"model": "m"}],\n "model":\t"other", "temperature": 1.0e0 }'
    assert requests.replace_model(body, "other") == expected


def test_no_edits_leave_the_bytes(requests):
    body = b'{"model":  "m"}'
    assert requests.edit(body, BodyEdits()) == body


def test_edits_are_merged_into_the_body(requests):
    edits = BodyEdits(defaults={"store": False, "top_p": 0.5}, overrides={"top_p": 0.1})
    edited = requests.edit(b'{"model": "m", "input": "x", "store": true}', edits)
    assert json.loads(edited) == {"model": "m", "input": "x", "store": True, "top_p": 0.1}


def test_edit_refuses_what_is_no_object(requests):
    with pytest.raises(InvalidRequestError):
        requests.edit(b"[1]", BodyEdits(defaults={"store": False}))


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["type", "role", "content", "text", "id", "call_id", "output", "summary", "name"]
            )
            | st.text(max_size=4),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)
TYPES = st.sampled_from(
    [
        "message",
        "function_call",
        "function_call_output",
        "custom_tool_call",
        "custom_tool_call_output",
        "reasoning",
        "computer_call_output",
        "web_search_call",
        "compaction",
        "input_text",
        "output_text",
        "refusal",
        "input_image",
        "input_file",
        "input_audio",
        "function",
        "custom",
        "allowed_tools",
        "json_schema",
        "later",
    ]
)
TYPED = st.fixed_dictionaries(
    {},
    optional={
        "type": TYPES | JSON,
        "role": st.sampled_from(["user", "assistant", "developer"]) | JSON,
        "content": JSON | st.lists(st.fixed_dictionaries({"type": TYPES, "text": JSON})),
        "call_id": JSON,
        "name": JSON,
        "arguments": JSON,
        "output": JSON,
        "summary": JSON,
        "image_url": JSON,
        "parameters": JSON,
    },
)
BODIES = st.fixed_dictionaries(
    {"model": st.just("m") | JSON, "input": st.lists(TYPED, max_size=4) | JSON},
    optional={
        "tools": st.lists(TYPED, max_size=3) | JSON,
        "tool_choice": TYPED | JSON,
        "text": st.fixed_dictionaries({"format": TYPED | JSON}) | JSON,
        "reasoning": JSON,
        "temperature": JSON,
        "top_logprobs": JSON,
        "max_output_tokens": JSON,
        "conversation": JSON,
        "extra": JSON,
    },
)


@given(BODIES)
@settings(max_examples=100, deadline=None)
def test_any_json_decodes_or_is_an_invalid_request(rewritten, body):
    """And what decodes can be written again, field for field."""
    codec = ResponsesRequests()
    try:
        request = codec.decode(json.dumps(body).encode())
    except InvalidRequestError:
        return
    assert rewritten(request) == body


EXTRA = st.dictionaries(st.sampled_from(["status", "later", "name2"]), JSON, max_size=2)
OPTIONAL_ID = {"id": st.none() | st.text(max_size=6)}
BREAKPOINT = {
    "prompt_cache_breakpoint": st.sampled_from(
        [{"mode": "explicit"}, {"mode": "explicit", "ttl": "12h"}, {"mode": "x"}, None]
    )
}
WORDS = st.text(max_size=12)


def an_object(kind, fields, optional=None):
    fixed = st.fixed_dictionaries({"type": st.just(kind), **fields}, optional=optional or {})
    return st.tuples(EXTRA, fixed).map(lambda pair: {**pair[0], **pair[1]})


PARTS = st.one_of(
    an_object("input_text", {"text": WORDS}, BREAKPOINT),
    an_object("output_text", {"text": WORDS}, {"annotations": st.lists(EXTRA, max_size=2)}),
    an_object("refusal", {"refusal": WORDS}),
    an_object(
        "input_image",
        {
            "image_url": st.sampled_from(
                ["https://x/a.png", "data:image/png;base64,aGk=", "data:,x"]
            )
        },
        {"detail": st.sampled_from(["auto", None]), **BREAKPOINT},
    ),
    an_object("input_image", {"file_id": WORDS}, {"image_url": st.none()}),
    an_object("input_file", {"file_data": st.sampled_from(["aGk=", "data:text/x;base64,aGk="])}),
    an_object("input_file", {"file_url": WORDS}, {"filename": WORDS, "detail": WORDS}),
    an_object("input_file", {"file_id": WORDS}, {"file_data": st.none(), **BREAKPOINT}),
    an_object(
        "input_audio", {"input_audio": st.just({"data": "aGk=", "format": "wav", "later": 1})}
    ),
    an_object("later_part", {"x": JSON}),
)
CONTENT = WORDS | st.lists(PARTS, max_size=3)
ITEMS = st.one_of(
    an_object(
        "message",
        {"role": st.sampled_from(["user", "assistant", "system", "developer"]), "content": CONTENT},
        {"phase": st.sampled_from(["commentary", "final_answer", None]), **OPTIONAL_ID},
    ),
    st.fixed_dictionaries({"role": st.sampled_from(["user", "assistant"]), "content": CONTENT}),
    an_object("function_call", {"call_id": WORDS, "name": WORDS, "arguments": WORDS}, OPTIONAL_ID),
    an_object("custom_tool_call", {"call_id": WORDS, "name": WORDS, "input": WORDS}, OPTIONAL_ID),
    an_object("function_call_output", {"output": CONTENT}, {"call_id": WORDS, **OPTIONAL_ID}),
    an_object("custom_tool_call_output", {"output": CONTENT, "call_id": WORDS}),
    an_object(
        "reasoning",
        {},
        {
            "summary": st.none() | st.lists(an_object("summary_text", {"text": WORDS}), max_size=2),
            "content": st.none()
            | st.lists(an_object("reasoning_text", {"text": WORDS}), max_size=2),
            "encrypted_content": st.none() | WORDS,
            **OPTIONAL_ID,
        },
    ),
    an_object("shell_call", {"call_id": WORDS}),
    an_object("shell_call_output", {"call_id": WORDS}),
    an_object("compaction", {"encrypted_content": WORDS}),
    an_object("item_reference", {"id": WORDS}),
    an_object("additional_tools", {"role": st.just("developer"), "tools": st.just([])}),
    st.fixed_dictionaries({"id": WORDS}),
)


@given(st.lists(ITEMS, min_size=1, max_size=6))
@settings(max_examples=100, deadline=None)
def test_every_kind_of_item_can_be_written_again(rewritten, items):
    body = {"model": "m", "input": items}
    assert rewritten(ResponsesRequests().decode(json.dumps(body).encode())) == body


FIELDS = {
    "instructions": st.none() | WORDS,
    "stream": st.none() | st.booleans(),
    "store": st.none() | st.booleans(),
    "parallel_tool_calls": st.none() | st.booleans(),
    "temperature": st.none() | st.floats(0, 2),
    "max_output_tokens": st.none() | st.integers(1, 9),
    "include": st.none() | st.lists(st.just("message.output_text.logprobs"), max_size=1),
    "metadata": st.none() | st.dictionaries(WORDS, WORDS, max_size=2),
    "reasoning": st.none()
    | st.fixed_dictionaries(
        {}, optional={"effort": st.none() | WORDS, "summary": WORDS, "context": WORDS}
    ),
    "text": st.fixed_dictionaries(
        {},
        optional={
            "verbosity": st.none() | WORDS,
            "format": st.none()
            | an_object("text", {})
            | an_object("later", {"strict": st.none()})
            | an_object(
                "json_schema",
                {"name": WORDS, "schema": st.just({"type": "object"})},
                {"strict": st.none() | st.booleans(), "description": st.none() | WORDS},
            ),
        },
    ),
    "tools": st.lists(
        an_object(
            "function",
            {"name": WORDS, "parameters": st.none() | st.just({"type": "object"})},
            {"strict": st.none() | st.booleans(), "description": st.none() | WORDS},
        )
        | an_object("custom", {"name": WORDS}, {"format": st.just({"type": "text"})})
        | an_object("web_search", {}),
        max_size=2,
    ),
    "tool_choice": st.none()
    | st.sampled_from(["auto", "none", "required"])
    | an_object("function", {"name": WORDS})
    | an_object("mcp", {"server_label": WORDS})
    | an_object("allowed_tools", {"mode": st.just("auto"), "tools": st.just([{"name": "f"}])}),
    "prompt_cache_options": st.just({"mode": "explicit"}) | st.just({}),
    "user": st.none() | WORDS,
    "truncation": st.none() | WORDS,
    "later": JSON,
}


@given(st.fixed_dictionaries({"input": WORDS.filter(bool)}, optional=FIELDS))
@settings(max_examples=100, deadline=None)
def test_every_field_can_be_written_again(rewritten, fields):
    body = {"model": "m", **fields}
    assert rewritten(ResponsesRequests().decode(json.dumps(body).encode())) == body


@given(st.binary(max_size=64))
def test_any_bytes_decode_or_are_an_invalid_request(body):
    codec = ResponsesRequests()
    for read in (codec.decode, codec.peek):
        with pytest.raises(InvalidRequestError):
            read(body)


def test_bodies_too_deep_are_refused(requests):
    body = b'{"model": "m", "input": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    with pytest.raises(InvalidRequestError, match="too deeply"):
        requests.decode(body)
