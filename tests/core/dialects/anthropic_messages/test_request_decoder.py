from collections import Counter

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lunaroute_core.dialects.anthropic_messages import ANTHROPIC_MESSAGES
from lunaroute_core.errors import InvalidRequestError
from lunaroute_core.model import (
    CacheMark,
    CacheOptions,
    NormalizedRequest,
    OutputFormat,
    Reasoning,
    TextBlock,
)
from lunaroute_core.request_limits import RequestLimits

REQUESTS = ANTHROPIC_MESSAGES.requests
EPHEMERAL = {"type": "ephemeral"}

CLAUDE_CODE_HEADERS = (
    (b"host", b"127.0.0.1"),
    (b"x-api-key", b"sk-ant-1"),
    (b"anthropic-version", b"2023-06-01"),
    (b"anthropic-beta", b"claude-code-20250219,context-1m-2025-08-07, effort-2025-11-24"),
    (b"Anthropic-Beta", b"mid-conversation-system-2026-03-01"),
)
CLAUDE_CODE = {
    "model": "claude-opus-4-9",
    "messages": [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "<system-reminder>dates</system-reminder>"},
                {"type": "text", "text": "Fix the bug", "cache_control": EPHEMERAL},
            ],
        },
        {"role": "system", "content": "Mode: plan.", "clear_at": "next_user_message"},
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "Look first.", "signature": "c2ln"},
                {"type": "redacted_thinking", "data": "b3BhcXVl"},
                {"type": "text", "text": "I look."},
                {
                    "type": "tool_use",
                    "id": "toolu_1",
                    "name": "Bash",
                    "input": {"command": "ls", "timeout": 1.5},
                    "caller": {"type": "direct"},
                },
            ],
        },
        {
            "role": "user",
            "content": [
                {
                    "tool_use_id": "toolu_1",
                    "type": "tool_result",
                    "content": [
                        {"type": "text", "text": "a.py"},
                        {
                            "type": "image",
                            "source": {"type": "base64", "media_type": "image/png", "data": "iVBO"},
                        },
                    ],
                    "is_error": False,
                    "cache_control": {"type": "ephemeral", "ttl": "1h"},
                }
            ],
        },
    ],
    "system": [
        {"type": "text", "text": "x-anthropic-billing-header: cc_version=2.1.197.0a1"},
        {"type": "text", "text": "You are Claude Code.", "cache_control": EPHEMERAL},
    ],
    "tools": [
        {
            "name": "Bash",
            "description": "Runs a command.",
            "input_schema": {
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                "type": "object",
                "properties": {"command": {"type": "string"}, "timeout": {"type": "number"}},
                "required": ["command"],
                "additionalProperties": False,
            },
            "eager_input_streaming": True,
        },
        {"type": "web_search_20250305", "name": "web_search", "max_uses": 8},
    ],
    "metadata": {"user_id": "user_1_account_2_session_3"},
    "max_tokens": 64000,
    "thinking": {"type": "adaptive"},
    "context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
    "output_config": {"effort": "high"},
    "stream": True,
}


def leaves(value: object) -> Counter[object]:
    """The scalars in a JSON value, each as often as it occurs."""
    if isinstance(value, dict):
        return sum(map(leaves, value.values()), Counter())
    if isinstance(value, list):
        return sum(map(leaves, value), Counter())
    return Counter([repr(value)])


def lost(body: dict, request: NormalizedRequest) -> set[object]:
    kept = leaves(msgspec.to_builtins(request))
    structural = {repr(word) for word in ("text", "image", "base64", "url", "ephemeral", "user")}
    return {leaf for leaf in leaves(body) if leaf not in kept} - structural


def test_a_claude_code_request_decodes_without_loss():
    request = REQUESTS.decode(msgspec.json.encode(CLAUDE_CODE), headers=CLAUDE_CODE_HEADERS)

    kinds = {"thinking", "redacted_thinking", "tool_use"}
    assert lost(CLAUDE_CODE, request) == {repr(kind) for kind in kinds}
    assert request.source.version == "2023-06-01"
    assert request.source.betas == [
        "claude-code-20250219",
        "context-1m-2025-08-07",
        "effort-2025-11-24",
        "mid-conversation-system-2026-03-01",
    ]
    assert [turn.role for turn in request.turns] == ["user", "system", "assistant", "tool"]
    assert request.instructions[1].cache == CacheMark()
    assert request.turns[3].blocks[0].cache == CacheMark(ttl="1h")
    assert request.turns[1].extensions == {
        "anthropic_messages": {"clear_at": "next_user_message", "content": {"form": "string"}}
    }
    assert request.reasoning == Reasoning(mode="adaptive", effort="high")
    assert request.limits.max_output_tokens == 64000
    assert request.stream.enabled
    assert request.identity.user == "user_1_account_2_session_3"
    assert request.extensions == {
        "anthropic_messages": {"context_management": CLAUDE_CODE["context_management"]}
    }


def test_a_request_of_an_older_model_keeps_its_budget_and_sampling(decode):
    request = decode(
        thinking={"type": "enabled", "budget_tokens": 31999, "display": "omitted"},
        temperature=1,
        top_p=0.5,
        top_k=0,
        stop_sequences=["\n\nHuman:"],
        service_tier="standard_only",
        cache_control={"type": "ephemeral", "ttl": "5m"},
    )
    assert request.reasoning == Reasoning(mode="enabled", budget_tokens=31999, display="omitted")
    assert request.sampling.temperature == 1.0
    assert request.sampling.top_p == 0.5
    assert request.sampling.top_k == 0
    assert request.sampling.stop == ["\n\nHuman:"]
    assert request.tier == "standard_only"
    assert request.cache == CacheOptions(mark=CacheMark(ttl="5m"))
    assert request.extensions == {}


def test_a_system_string_can_be_told_from_a_system_list(decode):
    as_string = decode(system="Be brief.")
    as_list = decode(system=[{"type": "text", "text": "Be brief."}])
    assert as_string.instructions == as_list.instructions == [TextBlock(text="Be brief.")]
    assert as_string.extensions == {"anthropic_messages": {"system": {"form": "string"}}}
    assert as_list.extensions == {}


def test_fields_without_a_place_are_kept_under_their_own_keys(decode):
    given = {
        "container": "c_1",
        "inference_geo": None,
        "mcp_servers": [{"type": "url", "url": "https://x", "name": "x"}],
        "tools": [],
        "metadata": {"user_id": None, "team": "t"},
        "thinking": {"type": "adaptive", "block_binding": {"mode": "drop"}},
        "output_config": {"task_budget": {"total": 9}},
        "tool_choice": {"type": "auto", "new": 1},
    }
    kept = decode(**given).extensions["anthropic_messages"]
    assert kept == {
        **given,
        "thinking": {"block_binding": {"mode": "drop"}},
        "tool_choice": {"new": 1},
    }


def test_an_unknown_thinking_type_is_kept_whole(decode):
    request = decode(thinking={"type": "dreaming", "depth": 3})
    assert request.reasoning == Reasoning()
    kept = request.extensions["anthropic_messages"]
    assert kept == {"thinking": {"type": "dreaming", "depth": 3}}


@pytest.mark.parametrize(
    ("fields", "left"),
    [
        ({"output_config": {"format": {"type": "json_schema", "schema": {"a": 1}}}}, {}),
        (
            {"output_format": {"type": "json_schema", "schema": {"a": 1}}},
            {"anthropic_messages": {"output_format": {"form": "beta"}}},
        ),
    ],
)
def test_the_output_schema_is_read_under_both_of_its_names(decode, fields, left):
    request = decode(**fields)
    assert request.output.format == OutputFormat(kind="json_schema", schema={"a": 1})
    assert request.extensions == left


def test_an_unknown_output_format_is_kept(decode):
    request = decode(output_config={"format": {"type": "grammar", "text": "x"}})
    assert request.output.format is None
    kept = request.extensions["anthropic_messages"]["output_config"]
    assert kept == {"format": {"type": "grammar", "text": "x"}}


def test_a_turn_with_results_and_text_is_one_tool_turn_in_order(decode):
    content = [
        {"type": "text", "text": "before"},
        {"type": "tool_result", "tool_use_id": "a"},
        {"type": "tool_result", "tool_use_id": "b", "content": "B", "is_error": True},
        {"type": "text", "text": "after"},
    ]
    [turn] = decode(messages=[{"role": "user", "content": content}]).turns
    assert turn.role == "tool"
    kinds = [type(block).__name__ for block in turn.blocks]
    assert kinds == ["TextBlock", "ToolResultBlock", "ToolResultBlock", "TextBlock"]


def test_max_tokens_may_be_absent_as_when_tokens_are_counted(decode):
    assert decode(max_tokens=...).limits.max_output_tokens is None


def test_max_tokens_may_be_zero_to_fill_the_cache(decode):
    assert decode(max_tokens=0).limits.max_output_tokens == 0


def test_streaming_is_off_unless_asked_for(decode):
    assert not decode(stream=False).stream.enabled
    assert not decode().stream.enabled
    assert not decode().stream.enabled


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"model": ...}, "model"),
        ({"model": ""}, "model"),
        ({"model": "m" * 257}, "model"),
        ({"model": 5}, "model"),
        ({"messages": ...}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": {}}, "messages"),
        ({"messages": ["hi"]}, "messages[0]"),
        ({"messages": [{"content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": None}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": ["x"]}]}, "messages[0].content[0]"),
        ({"messages": [{"role": "user", "content": [{}]}]}, "messages[0].content[0].type"),
        ({"system": 5}, "system"),
        ({"temperature": 1.1}, "temperature"),
        ({"temperature": "hot"}, "temperature"),
        ({"top_p": -0.1}, "top_p"),
        ({"top_k": -1}, "top_k"),
        ({"max_tokens": -1}, "max_tokens"),
        ({"max_tokens": 1.5}, "max_tokens"),
        ({"stop_sequences": "x"}, "stop_sequences"),
        ({"stop_sequences": ["x", 1]}, "stop_sequences[1]"),
        ({"stream": "yes"}, "stream"),
        ({"thinking": {}}, "thinking.type"),
        ({"thinking": "on"}, "thinking"),
        ({"metadata": {"user_id": 7}}, "metadata.user_id"),
        ({"output_config": {"format": {"type": "json_schema"}}}, "output_config.format.schema"),
        ({"cache_control": "yes"}, "cache_control"),
    ],
)
def test_an_error_names_the_field(decode, fields, param):
    with pytest.raises(InvalidRequestError) as caught:
        decode(**fields)
    assert caught.value.details.param == param
    assert str(caught.value).startswith(param)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'"x"', b"\xff", b'{"model":"m","messages":[{"role":"user"}'],
)
def test_what_is_no_object_is_refused(body):
    with pytest.raises(InvalidRequestError):
        REQUESTS.decode(body)


def test_bytes_that_are_not_utf8_are_refused_wherever_they_stand():
    body = b'{"model":"m","messages":[{"role":"user","content":"x"}],"new":"\xff"}'
    with pytest.raises(InvalidRequestError, match="not valid JSON"):
        REQUESTS.decode(body)


@pytest.mark.parametrize(("open_", "close"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_deep_nesting_is_refused(open_, close):
    deep = open_ * 100_000 + b"1" + close * 100_000
    body = b'{"model":"m","messages":[{"role":"user","content":"x"}],"new":%b}' % deep
    with pytest.raises(InvalidRequestError, match="nested too deeply"):
        REQUESTS.decode(body)


def limited(limits: RequestLimits, *messages: dict, **fields: object) -> None:
    body = {"model": "m", "messages": list(messages), **fields}
    REQUESTS.decode(msgspec.json.encode(body), limits=limits)


def call(text: str) -> dict:
    block = {"type": "tool_use", "id": "a", "name": "f", "input": {"t": text}}
    return {"role": "assistant", "content": [block]}


@pytest.mark.parametrize(
    ("limits", "fits", "exceeds", "param"),
    [
        (
            RequestLimits(max_string_bytes=4),
            {"role": "user", "content": "éé"},
            {"role": "user", "content": "ééé"},
            "messages[0].content",
        ),
        (
            RequestLimits(max_tool_arguments_bytes=10),
            call("xx"),
            call("xxx"),
            "messages[0].content[0].input",
        ),
    ],
)
def test_contents_are_limited_in_bytes(limits, fits, exceeds, param):
    limited(limits, fits)
    with pytest.raises(InvalidRequestError) as caught:
        limited(limits, exceeds)
    assert caught.value.details.param == param


def test_text_blocks_are_not_limited_as_strings_are():
    block = {"type": "text", "text": "x" * 100}
    limited(RequestLimits(max_string_bytes=4), {"role": "user", "content": [block]})


def test_the_number_of_messages_and_of_tokens_is_limited():
    hello = {"role": "user", "content": "x"}
    limits = RequestLimits(max_messages=2, max_output_tokens=10)
    limited(limits, hello, hello, max_tokens=10)
    with pytest.raises(InvalidRequestError, match="messages: must hold between 1 and 2"):
        limited(limits, hello, hello, hello)
    with pytest.raises(InvalidRequestError, match="max_tokens: must not be greater than 10"):
        limited(limits, hello, max_tokens=11)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
FIELD_NAMES = [
    *("model", "messages", "system", "tools", "tool_choice", "thinking", "output_config"),
    *("metadata", "temperature", "max_tokens", "stop_sequences", "cache_control", "stream"),
]
BLOCK_FIELDS = [
    *("text", "source", "content", "input", "id", "name", "tool_use_id", "thinking", "signature"),
    *("data", "citations", "title", "context", "cache_control", "is_error", "media_type"),
]
BLOCK_TYPES = [
    *("text", "image", "document", "search_result", "tool_use", "tool_result", "thinking"),
    *("redacted_thinking", "server_tool_use", "web_search_tool_result", "compaction", "new"),
]
any_block = st.builds(
    lambda kind, fields: {**fields, "type": kind},
    st.sampled_from(BLOCK_TYPES),
    st.dictionaries(st.sampled_from(BLOCK_FIELDS), json_values),
)
any_message = st.fixed_dictionaries(
    {
        "role": st.sampled_from(["user", "assistant", "system", "x"]),
        "content": st.text() | st.lists(any_block | json_values, max_size=4) | json_values,
    }
)


@given(
    st.dictionaries(st.sampled_from(FIELD_NAMES) | st.text(max_size=5), json_values),
    st.lists(any_message, max_size=3) | json_values,
    json_values | st.just("m"),
)
def test_any_json_decodes_or_is_an_invalid_request(fields, messages, model):
    body = msgspec.json.encode({**fields, "messages": messages, "model": model})
    try:
        request = REQUESTS.decode(body)
    except InvalidRequestError:
        return
    assert request.model == model


@given(st.binary())
def test_any_bytes_decode_or_are_an_invalid_request(body):
    with pytest.raises(InvalidRequestError):
        REQUESTS.decode(body)


@given(
    st.dictionaries(st.text(min_size=1).map("x_{}".format), json_values),
    st.lists(
        st.fixed_dictionaries(
            {"role": st.sampled_from(["user", "assistant"])},
            optional={"x_new": json_values},
        ).flatmap(
            lambda message: st.lists(
                st.fixed_dictionaries(
                    {"type": st.sampled_from(["text", "new"]), "text": st.text()},
                    optional={"x_more": json_values},
                ),
                min_size=1,
                max_size=3,
            ).map(lambda blocks: {**message, "content": blocks})
        ),
        min_size=1,
        max_size=3,
    ),
)
def test_no_value_of_a_request_is_lost(fields, messages):
    body = {"model": "m", "messages": messages, **fields}
    request = REQUESTS.decode(msgspec.json.encode(body))
    assert lost(msgspec.json.decode(msgspec.json.encode(body)), request) == set()
