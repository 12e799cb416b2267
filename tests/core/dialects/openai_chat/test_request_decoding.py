import re
from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from lunaroute_core.dialects.openai_chat.requests import ChatRequests
from lunaroute_core.errors import ErrorKind, InvalidRequestError
from lunaroute_core.model import (
    CacheOptions,
    Identity,
    Limits,
    Output,
    OutputFormat,
    Reasoning,
    RequestSource,
    Sampling,
    StreamOptions,
)
from lunaroute_core.request_limits import STRICT_LIMITS, RequestLimits

EVERYTHING = {
    "model": "model-0",
    "messages": [
        {"role": "system", "content": "text-1"},
        {
            "role": "developer",
            "name": "name-2",
            "content": [{"type": "text", "text": "text-3", "own": "x-4"}],
        },
        {
            "role": "user",
            "name": "name-5",
            "extra": "x-6",
            "content": [
                {
                    "type": "text",
                    "text": "text-7",
                    "prompt_cache_breakpoint": {"mode": "explicit", "ttl": "12h"},
                },
                {
                    "type": "image_url",
                    "image_url": {"url": "https://x-8", "detail": "d-9", "own": "x-10"},
                },
                {"type": "image_url", "image_url": {"url": "data:image/x-11;base64,A-12"}},
                {"type": "input_audio", "input_audio": {"data": "A-13", "format": "f-14"}},
                {"type": "file", "file": {"file_id": "file-15"}},
                {"type": "file", "file": {"file_data": "A-16", "filename": "n-17"}},
                {"type": "new_kind", "new": "x-18"},
            ],
        },
        {
            "role": "assistant",
            "content": "text-19",
            "refusal": "no-20",
            "reasoning_content": "think-21",
            "audio": {"id": "a-22"},
            "annotations": [{"type": "t-23"}],
            "tool_calls": [
                {
                    "id": "c-24",
                    "type": "function",
                    "function": {"name": "n-25", "arguments": '{"a":"v-26"}'},
                },
                {
                    "id": "c-27",
                    "type": "custom",
                    "custom": {"name": "n-28", "input": "i-29"},
                    "own": "x-30",
                },
            ],
        },
        {"role": "tool", "tool_call_id": "c-24", "content": "r-31"},
        {"role": "tool", "tool_call_id": "c-27", "content": [{"type": "text", "text": "r-32"}]},
        {
            "role": "assistant",
            "content": None,
            "function_call": {"name": "n-33", "arguments": "{}"},
        },
        {"role": "function", "name": "n-33", "content": "r-34"},
        {
            "role": "assistant",
            "content": [{"type": "refusal", "refusal": "no-35"}],
            "reasoning_details": [
                {"type": "reasoning.text", "text": "t-36", "signature": "s-37", "format": "f-38"}
            ],
        },
        {"role": "developer", "content": "text-39"},
    ],
    "tools": [
        {
            "type": "function",
            "function": {
                "name": "n-40",
                "description": "d-41",
                "parameters": {"type": "object", "t": "p-42"},
            },
        },
        {
            "type": "custom",
            "custom": {
                "name": "n-43",
                "format": {"type": "grammar", "grammar": {"syntax": "lark", "definition": "g-44"}},
            },
        },
        {"type": "kind-45", "own": "x-46"},
    ],
    "functions": [{"name": "n-47", "own": "x-48"}],
    "tool_choice": {"type": "custom", "custom": {"name": "n-43"}},
    "function_call": {"name": "n-49"},
    "response_format": {
        "type": "json_schema",
        "json_schema": {
            "name": "n-50",
            "description": "d-51",
            "schema": {"x": "s-52"},
            "own": "x-53",
        },
    },
    "stop": "s-54",
    "metadata": {"k-55": "v-56"},
    "user": "u-57",
    "safety_identifier": "u-58",
    "prompt_cache_key": "k-59",
    "prompt_cache_options": {"mode": "m-60"},
    "prompt_cache_retention": "r-61",
    "service_tier": "t-62",
    "reasoning_effort": "e-63",
    "verbosity": "v-64",
    "modalities": ["m-65"],
    "audio": {"voice": "v-66"},
    "prediction": {"type": "content", "content": "p-67"},
    "web_search_options": {"search_context_size": "s-68"},
    "moderation": {"model": "m-69"},
    "logit_bias": {"50256": -100},
    "stream_options": {"include_usage": True, "include_obfuscation": "o-70"},
    "new_field": {"deep": ["x-71"]},
}


def test_nothing_that_was_sent_is_lost():
    """Every value of the request is somewhere in its normalized view."""
    numbered = re.compile(rb"[A-Za-z]-\d+")
    wire = msgspec.json.encode(EVERYTHING)
    sent = set(numbered.findall(wire))
    kept = set(numbered.findall(msgspec.json.encode(ChatRequests().decode(wire))))
    assert len(sent) == 72
    assert sent - kept == set()


@given(st.permutations([*EVERYTHING]))
def test_the_order_of_the_fields_says_nothing(keys):
    body = {**EVERYTHING, "max_tokens": 7, "max_completion_tokens": 5, "stream": False}
    shuffled = {key: body[key] for key in (*keys, "max_tokens", "stream", "max_completion_tokens")}
    read = [ChatRequests().decode(msgspec.json.encode(it)) for it in (body, shuffled)]
    assert read[0] == read[1]


def test_nothing_in_everything_is_refused_for_its_nulls(decode):
    """Clients echo the SDK's `to_dict()`, with a null in every field."""
    nulls = dict.fromkeys([key for key in EVERYTHING if key not in ("model", "messages")])
    request = decode(**nulls, store=None, n=None, temperature=None, stream=None)
    assert request.tools == []
    assert request.conversation.store is None
    assert nulls.keys() <= request.extensions["openai_chat"].keys()


def test_a_plain_request_has_no_extensions(decode):
    request = decode()
    assert request.extensions == {}
    assert request.source == RequestSource(dialect="openai_chat")
    assert request.stream == StreamOptions()
    assert request.turns[0].extensions == {}


def test_sampling_is_read(decode):
    request = decode(
        temperature=2,
        top_p=0.5,
        presence_penalty=-2,
        frequency_penalty=2.0,
        seed=-7,
        stop=["a", "b"],
        logit_bias={"1": 5, "2": -0.5},
        n=3,
        logprobs=True,
        top_logprobs=20,
    )
    assert request.sampling == Sampling(
        temperature=2,
        top_p=0.5,
        presence_penalty=-2,
        frequency_penalty=2.0,
        seed=-7,
        stop=["a", "b"],
        logit_bias={"1": 5, "2": -0.5},
        n=3,
        logprobs=True,
        top_logprobs=20,
    )
    assert request.extensions == {}


def test_a_single_stop_string_is_a_list_whose_form_is_known(decode, own):
    request = decode(stop="x")
    assert request.sampling.stop == ["x"]
    assert own(request) == {"$form": {"stop": "string"}}


def test_the_current_token_limit_goes_before_the_old_one_which_is_kept(decode, own):
    request = decode(max_completion_tokens=5, max_tokens=7)
    assert request.limits == Limits(max_output_tokens=5)
    assert own(request) == {"max_tokens": 7}


def test_the_old_token_limit_alone_is_the_limit(decode, own):
    request = decode(max_tokens=7)
    assert request.limits == Limits(max_output_tokens=7)
    assert own(request) == {"$form": {"max_output_tokens": "max_tokens"}}


def test_the_rest_of_the_request_is_read(decode, own):
    request = decode(
        reasoning_effort="high",
        verbosity="low",
        modalities=["text", "audio"],
        audio={"voice": "sage", "format": "wav"},
        prompt_cache_key="k",
        prompt_cache_options={"mode": "explicit"},
        user="u",
        safety_identifier="s",
        metadata={"a": "b"},
        service_tier="flex",
        store=False,
        parallel_tool_calls=False,
        stream=True,
        stream_options={"include_usage": True, "include_obfuscation": False},
        prediction={"type": "content", "content": "p"},
    )
    assert request.reasoning == Reasoning(effort="high")
    assert request.output == Output(
        verbosity="low", modalities=["text", "audio"], audio={"voice": "sage", "format": "wav"}
    )
    assert request.cache == CacheOptions(key="k", options={"mode": "explicit"})
    assert request.identity == Identity(user="u", safety_identifier="s", metadata={"a": "b"})
    assert request.tier == "flex"
    assert request.conversation.store is False
    assert request.parallel_tool_calls is False
    assert request.stream == StreamOptions(enabled=True, include_usage=True)
    assert own(request) == {
        "prediction": {"type": "content", "content": "p"},
        "stream_options": {"include_obfuscation": False},
    }


@pytest.mark.parametrize(
    ("fields", "store"), [({}, UNSET), ({"store": None}, None), ({"store": True}, True)]
)
def test_store_has_three_states(decode, fields, store):
    assert decode(**fields).conversation.store is store


@pytest.mark.parametrize("kind", ["text", "json_object"])
def test_a_plain_output_format_is_read(decode, kind):
    assert decode(response_format={"type": kind}).output.format == OutputFormat(kind=kind)


def test_a_json_schema_is_kept_whole(decode):
    schema = {"type": "object", "properties": {"a": {"$ref": "#/$defs/x"}}}
    wire = {"name": "answer", "description": "d", "schema": schema, "strict": None}
    request = decode(response_format={"type": "json_schema", "json_schema": wire})
    assert request.output.format == OutputFormat(
        kind="json_schema", name="answer", description="d", schema=schema, strict=None
    )
    assert request.extensions == {}


def test_an_output_format_of_another_server_is_kept_for_it(decode, own):
    request = decode(response_format={"type": "regex", "regex": "a+"})
    assert request.output.format is None
    assert own(request) == {"response_format": {"type": "regex", "regex": "a+"}}


@pytest.mark.parametrize(
    ("fields", "legacy"),
    [
        ({}, False),
        ({"functions": [{"name": "f"}]}, True),
        ({"functions": [{"name": "f"}], "tools": []}, False),
    ],
)
def test_only_functions_alone_ask_for_the_old_answer(decode, fields, legacy):
    assert decode(**fields).source.legacy_functions is legacy


USER = {"role": "user", "content": "x"}
CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"model": ...}, "model"),
        ({"model": ""}, "model"),
        ({"model": "m" * 257}, "model"),
        ({"messages": ...}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": "hi"}, "messages"),
        ({"messages": ["hi"]}, "messages[0]"),
        ({"messages": [{"content": "x"}]}, "messages[0].role"),
        ({"messages": [USER, {"role": "critic", "content": "x"}]}, "messages[1].role"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": None}]}, "messages[0].content"),
        ({"messages": [USER, USER, {"role": "user", "content": 5}]}, "messages[2].content"),
        ({"messages": [{"role": "user", "content": ["x"]}]}, "messages[0].content[0]"),
        (
            {"messages": [{"role": "user", "content": [{"text": "x"}]}]},
            "messages[0].content[0].type",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "text"}]}]},
            "messages[0].content[0].text",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]},
            "messages[0].content[0].image_url.url",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "file", "file": {}}]}]},
            "messages[0].content[0].file.file_id",
        ),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].tool_call_id"),
        ({"messages": [{"role": "function", "content": "x"}]}, "messages[0].name"),
        ({"messages": [{**USER, "name": 5}]}, "messages[0].name"),
        (
            {"messages": [{"role": "assistant", "tool_calls": [CALL, {**CALL, "id": 5}]}]},
            "messages[0].tool_calls[1].id",
        ),
        (
            {
                "messages": [
                    {
                        "role": "assistant",
                        "tool_calls": [{"id": "c", "function": {"name": "f", "arguments": {}}}],
                    }
                ]
            },
            "messages[0].tool_calls[0].function.arguments",
        ),
        (
            {"messages": [{"role": "assistant", "tool_calls": [{"id": "c"}]}]},
            "messages[0].tool_calls[0].function",
        ),
        ({"temperature": 2.1}, "temperature"),
        ({"temperature": -0.1}, "temperature"),
        ({"temperature": "hot"}, "temperature"),
        ({"temperature": True}, "temperature"),
        ({"temperature": 10**30}, "temperature"),
        ({"top_p": 1.01}, "top_p"),
        ({"presence_penalty": 2.5}, "presence_penalty"),
        ({"frequency_penalty": -2.5}, "frequency_penalty"),
        ({"n": 0}, "n"),
        ({"n": 129}, "n"),
        ({"n": 1.5}, "n"),
        ({"n": True}, "n"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_completion_tokens": 0}, "max_completion_tokens"),
        ({"max_completion_tokens": "9"}, "max_completion_tokens"),
        ({"top_logprobs": 21}, "top_logprobs"),
        ({"logit_bias": {"5": 101}}, "logit_bias.5"),
        ({"logit_bias": {"5": None}}, "logit_bias.5"),
        ({"logit_bias": [1]}, "logit_bias"),
        ({"seed": 2**64}, "seed"),
        ({"stop": [1]}, "stop"),
        ({"stop": 5}, "stop"),
        ({"modalities": [1]}, "modalities"),
        ({"modalities": "x"}, "modalities"),
        ({"stream": "true"}, "stream"),
        ({"stream_options": {"include_usage": 1}}, "stream_options.include_usage"),
        ({"stream_options": []}, "stream_options"),
        ({"metadata": "x"}, "metadata"),
        ({"response_format": "json"}, "response_format"),
        ({"response_format": {}}, "response_format.type"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema"),
        ({"tools": {}}, "tools"),
        ({"tools": [{"function": {"name": "f"}}]}, "tools[0].type"),
        ({"tools": [{"type": "function", "function": {}}]}, "tools[0].function.name"),
        (
            {"tools": [{"type": "function", "function": {"name": "f", "parameters": []}}]},
            "tools[0].function.parameters",
        ),
        ({"functions": [{"name": "f", "parameters": "x"}]}, "functions[0].parameters"),
        ({"tool_choice": "sometimes"}, "tool_choice"),
        ({"tool_choice": {"type": "function"}}, "tool_choice"),
        ({"function_call": 5}, "function_call"),
    ],
)
def test_a_bad_field_is_named(decode, fields, param):
    with pytest.raises(InvalidRequestError) as caught:
        decode(**fields)
    details = caught.value.details
    assert (details.kind, details.param) == (ErrorKind.INVALID_REQUEST, param)
    assert details.message.startswith(param)


@pytest.mark.parametrize("raw", [b"", b"[]", b"{", b'"x"', b"\xff", b'{"model":' * 100_000])
def test_bytes_that_are_no_object_are_refused(raw):
    with pytest.raises(InvalidRequestError):
        ChatRequests().decode(raw)


MEGABYTE = "x" * 1_000_001


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"messages": [{"role": "user", "content": MEGABYTE}]}, "messages[0].content"),
        (
            {"messages": [{"role": "user", "content": [{"type": "text", "text": MEGABYTE}]}]},
            "messages[0].content[0].text",
        ),
        (
            {
                "messages": [
                    {
                        "role": "assistant",
                        "tool_calls": [
                            {"id": "c", "function": {"name": "f", "arguments": MEGABYTE}}
                        ],
                    }
                ]
            },
            "messages[0].tool_calls[0].function.arguments",
        ),
        (
            {
                "messages": [
                    {
                        "role": "assistant",
                        "tool_calls": [{"id": "c", "custom": {"name": "f", "input": MEGABYTE}}],
                    }
                ]
            },
            "messages[0].tool_calls[0].custom.input",
        ),
        ({"max_tokens": 100_001}, "max_tokens"),
        ({"max_completion_tokens": 100_001}, "max_completion_tokens"),
        ({"n": 11}, "n"),
    ],
)
def test_strict_limits_refuse_what_the_default_ones_let_through(decode, fields, param):
    with pytest.raises(InvalidRequestError) as caught:
        decode(limits=STRICT_LIMITS, **fields)
    assert caught.value.details.param == param
    assert decode(**fields).model == "gpt-5.5"


def test_the_number_of_messages_is_limited(decode):
    limits = RequestLimits(max_messages=2)
    assert len(decode(limits=limits, messages=[USER] * 2).turns) == 2
    with pytest.raises(InvalidRequestError, match="1 to 2 messages"):
        decode(limits=limits, messages=[USER] * 3)


def test_limits_count_bytes_not_characters(decode):
    limits = RequestLimits(max_string_bytes=4)
    assert decode(limits=limits, messages=[{"role": "user", "content": "\u00e9\u00e9"}]).turns
    with pytest.raises(InvalidRequestError):
        decode(limits=limits, messages=[{"role": "user", "content": "\u00e9\u00e9x"}])


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
)
WORDS = st.sampled_from(
    [
        "role",
        "content",
        "type",
        "text",
        "name",
        "tool_calls",
        "function",
        "arguments",
        "id",
        "custom",
    ]
)
JSON = st.recursive(
    SCALARS
    | st.sampled_from(
        ["user", "assistant", "tool", "system", "text", "function", "reasoning.text"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(WORDS | st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)
MUTATED = st.fixed_dictionaries(
    {
        "model": st.just("m"),
        "messages": st.lists(JSON | st.sampled_from(EVERYTHING["messages"]), max_size=4),
    },
    optional={key: JSON for key in EVERYTHING if key not in ("model", "messages")},
)


@given(MUTATED | JSON)
def test_any_json_is_decoded_or_refused(value):
    """Never another exception: what a client sends must not become a 500."""
    with suppress(InvalidRequestError):
        assert ChatRequests().decode(msgspec.json.encode(value)).model


@given(
    st.sampled_from(EVERYTHING["messages"]),
    st.sampled_from(
        [
            "role",
            "content",
            "name",
            "audio",
            "tool_calls",
            "reasoning_details",
            "reasoning_content",
            "refusal",
            "function_call",
        ]
    ),
    JSON,
)
def test_any_value_in_a_messages_field_is_decoded_or_refused_by_its_path(message, key, value):
    wire = msgspec.json.encode({"model": "m", "messages": [{**message, key: value}]})
    refused = None
    try:
        ChatRequests().decode(wire)
    except InvalidRequestError as error:
        refused = error.details.param
    assert refused is None or refused.startswith("messages[0]")
