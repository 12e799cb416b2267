import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openai.types.chat.completion_create_params import (
    CompletionCreateParamsNonStreaming,
    CompletionCreateParamsStreaming,
)
from pydantic import TypeAdapter

from lunaroute_core.dialects.openai_chat.request_writing import write_request
from lunaroute_core.dialects.openai_chat.requests import ChatRequests
from lunaroute_core.model import (
    ImageBlock,
    Message,
    NormalizedRequest,
    RequestSource,
    SearchResultBlock,
    TextBlock,
    TextSource,
    ToolChoice,
)
from lunaroute_core.translation import Translation

PARAMS = {
    False: TypeAdapter(CompletionCreateParamsNonStreaming),
    True: TypeAdapter(CompletionCreateParamsStreaming),
}
REQUESTS = ChatRequests()
WORD = st.text(max_size=5)
NAME = st.text(min_size=1, max_size=5)
FLAG = st.booleans()


def thing(optional=None, **needed):
    return st.fixed_dictionaries(needed, optional=optional or {})


def kind(word):
    return st.just(word)


def rarely(strategy):
    return st.one_of(strategy, st.none())


OWN = {"own_field": st.one_of(WORD, st.none(), st.just({"a": [1, None]}))}
MARK = {
    "prompt_cache_breakpoint": st.sampled_from(
        [
            {"mode": "explicit"},
            {"mode": "explicit", "ttl": "30m"},
            {"mode": "explicit", "ttl": "12h"},
            {"mode": "other"},
            None,
        ]
    )
}
TEXT = thing({**MARK, **OWN}, type=kind("text"), text=WORD)
REFUSAL = thing(type=kind("refusal"), refusal=WORD)
URL = st.sampled_from(["https://a", "data:image/png;base64,QQ==", "data:,x", ""])
IMAGE = thing(
    {**MARK, **OWN},
    type=kind("image_url"),
    image_url=thing({"detail": st.sampled_from(["low", "original", None])}, url=URL),
)
AUDIO = thing(MARK, type=kind("input_audio"), input_audio=thing(data=WORD, format=kind("wav")))
FILE_FIELDS = {"filename": rarely(WORD), "file_data": URL}
FILE = thing(
    MARK,
    type=kind("file"),
    file=st.one_of(thing(FILE_FIELDS, file_id=WORD), thing({"filename": WORD}, file_data=URL)),
)
UNKNOWN = thing(type=kind("new_kind"), new=WORD)
TEXTS = st.one_of(WORD, st.lists(TEXT, max_size=3))
PARTS = st.one_of(WORD, st.lists(st.one_of(TEXT, IMAGE, AUDIO, FILE, UNKNOWN), max_size=3))
SYSTEM = thing(
    {"name": rarely(WORD), **OWN}, role=st.sampled_from(["system", "developer"]), content=TEXTS
)
USER = thing({"name": rarely(WORD), **OWN}, role=kind("user"), content=PARTS)
CALL = st.one_of(
    thing(
        OWN,
        id=NAME,
        type=kind("function"),
        function=thing(OWN, name=NAME, arguments=st.sampled_from(["", "{}", "{", '{"a": 1}'])),
    ),
    thing(id=NAME, type=kind("custom"), custom=thing(name=NAME, input=WORD)),
)
DETAIL = st.one_of(
    thing(
        {"signature": rarely(WORD), "index": st.just(0), "format": WORD, "id": rarely(WORD)},
        type=kind("reasoning.text"),
        text=rarely(WORD),
    ),
    thing(type=kind("reasoning.encrypted"), data=WORD),
    thing(type=kind("reasoning.summary"), summary=rarely(WORD)),
    thing(
        type=kind("reasoning.text"),
        origin=st.sampled_from(
            [{"dialect": "openai_chat"}, {"dialect": "openai_chat", "vendor": ""}, {"x": 1}, "x"]
        ),
    ),
    thing(type=kind("reasoning.new"), text=WORD),
    thing(text=WORD),
)
ASSISTANT = thing(
    {
        "content": st.one_of(TEXTS, st.none(), st.lists(st.one_of(TEXT, REFUSAL), max_size=3)),
        "refusal": rarely(WORD),
        "name": rarely(WORD),
        "reasoning_content": rarely(WORD),
        "reasoning": rarely(WORD),
        "reasoning_details": st.lists(DETAIL, max_size=3),
        "audio": rarely(thing({"transcript": WORD, "expires_at": st.just(5)}, id=WORD)),
        "tool_calls": st.lists(CALL, max_size=3),
        "function_call": rarely(thing(name=NAME, arguments=WORD)),
        "annotations": st.just([{"type": "url_citation"}]),
        **OWN,
    },
    role=kind("assistant"),
)
TOOL = thing({"is_error": rarely(FLAG), **OWN}, role=kind("tool"), tool_call_id=NAME, content=TEXTS)
FUNCTION = thing(role=kind("function"), name=NAME, content=rarely(WORD))
MESSAGE = st.one_of(SYSTEM, USER, ASSISTANT, TOOL, FUNCTION)
SCHEMA = st.sampled_from([{}, {"type": "object", "properties": {"a": {"$ref": "#/$defs/b"}}}])
FUNCTION_TOOL = {"description": rarely(WORD), "parameters": rarely(SCHEMA)}
TOOL_DEFINITION = st.one_of(
    thing(
        OWN,
        type=kind("function"),
        function=thing({**FUNCTION_TOOL, "strict": rarely(FLAG), **OWN}, name=NAME),
    ),
    thing(
        type=kind("custom"),
        custom=thing(
            {
                "description": WORD,
                "format": st.one_of(
                    st.just({"type": "text"}),
                    thing(
                        type=kind("grammar"),
                        grammar=thing(definition=WORD, syntax=st.sampled_from(["lark", "regex"])),
                    ),
                ),
            },
            name=NAME,
        ),
    ),
    st.just({"type": "hosted_kind", "x": 1}),
)
CHOICE = st.sampled_from(
    [
        "auto",
        "none",
        "required",
        {"type": "function", "function": {"name": "f"}},
        {"type": "function", "function": {"name": "f"}, "own": 1},
        {"type": "custom", "custom": {"name": "f"}},
        {"type": "hosted_kind"},
        {
            "type": "allowed_tools",
            "allowed_tools": {
                "mode": "auto",
                "tools": [{"type": "function", "function": {"name": "f"}}],
            },
        },
        None,
    ]
)
FORMAT = st.one_of(
    st.sampled_from([{"type": "text"}, {"type": "json_object"}, {"type": "grammar", "g": 1}]),
    thing(
        type=kind("json_schema"),
        json_schema=thing(
            {"description": WORD, "schema": SCHEMA, "strict": rarely(FLAG), **OWN}, name=NAME
        ),
    ),
)
SMALL = st.integers(0, 1)
BODY = thing(
    {
        "tools": st.lists(TOOL_DEFINITION, max_size=3),
        "functions": st.lists(thing(FUNCTION_TOOL, name=NAME), max_size=2),
        "tool_choice": CHOICE,
        "function_call": st.sampled_from(["auto", "none", {"name": "f"}, None]),
        "web_search_options": thing({"search_context_size": kind("low")}),
        "parallel_tool_calls": FLAG,
        "max_tokens": rarely(st.integers(1, 9)),
        "max_completion_tokens": rarely(st.integers(1, 9)),
        "temperature": rarely(st.floats(0, 2)),
        "top_p": rarely(SMALL),
        "presence_penalty": SMALL,
        "frequency_penalty": SMALL,
        "seed": rarely(SMALL),
        "stop": st.one_of(st.none(), WORD, st.lists(WORD, max_size=3)),
        "logit_bias": st.dictionaries(NAME, st.integers(-100, 100), max_size=2),
        "n": st.just(2),
        "logprobs": rarely(FLAG),
        "top_logprobs": SMALL,
        "reasoning_effort": rarely(kind("high")),
        "response_format": FORMAT,
        "verbosity": rarely(kind("low")),
        "modalities": rarely(st.lists(kind("text"), max_size=1)),
        "audio": thing(voice=WORD, format=kind("mp3")),
        "prompt_cache_key": WORD,
        "prompt_cache_options": st.sampled_from([{}, {"mode": "explicit"}]),
        "user": WORD,
        "safety_identifier": rarely(WORD),
        "metadata": st.dictionaries(WORD, WORD, max_size=2),
        "service_tier": rarely(kind("flex")),
        "store": rarely(FLAG),
        "stream": rarely(FLAG),
        "stream_options": rarely(thing({"include_usage": rarely(FLAG), **OWN})),
        "prediction": st.just({"type": "content", "content": "x"}),
        **OWN,
    },
    model=NAME,
    messages=st.lists(MESSAGE, min_size=1, max_size=5),
)


@given(BODY)
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
def test_what_was_decoded_is_encoded_as_the_same_json(body):
    translation = Translation()
    raw = msgspec.json.encode(body)
    encoded = REQUESTS.encode(REQUESTS.decode(raw), translation)
    assert msgspec.json.decode(encoded) == body
    assert translation.warnings == []


@given(BODY)
@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
def test_the_same_request_is_the_same_bytes(body):
    raw = msgspec.json.encode(body)
    assert write_request(REQUESTS.decode(raw)) == write_request(REQUESTS.decode(raw))


def test_a_request_made_by_hand_needs_no_marks():
    request = NormalizedRequest(
        model="m",
        source=RequestSource(dialect="openai_chat"),
        instructions=[TextBlock(text="be kind")],
        turns=[
            Message(role="user", blocks=[TextBlock(text="a"), TextBlock(text="b")]),
            Message(role="assistant", blocks=[TextBlock(text="c")]),
        ],
    )
    body = msgspec.json.decode(write_request(request))
    PARAMS[False].validate_python(body)
    assert body == {
        "model": "m",
        "messages": [
            {"role": "system", "content": "be kind"},
            {
                "role": "user",
                "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}],
            },
            {"role": "assistant", "content": "c"},
        ],
    }


@pytest.mark.parametrize(
    ("choice", "written"),
    [
        (ToolChoice(mode="required"), "required"),
        (ToolChoice(mode="named", names=["f"]), {"type": "function", "function": {"name": "f"}}),
        (
            ToolChoice(mode="allowed", names=["f"], required=True),
            {
                "type": "allowed_tools",
                "allowed_tools": {
                    "mode": "required",
                    "tools": [{"type": "function", "function": {"name": "f"}}],
                },
            },
        ),
    ],
)
def test_a_choice_made_by_hand(choice, written):
    request = NormalizedRequest(
        model="m", source=RequestSource(dialect="openai_chat"), tool_choice=choice
    )
    assert msgspec.json.decode(write_request(request))["tool_choice"] == written


@pytest.mark.parametrize(
    "block",
    [SearchResultBlock(source="s", title="t"), ImageBlock(source=TextSource(text="t"))],
)
def test_content_that_chat_has_no_part_for_is_a_mistake_of_the_caller(block):
    request = NormalizedRequest(
        model="m",
        source=RequestSource(dialect="openai_chat"),
        turns=[Message(role="user", blocks=[block])],
    )
    with pytest.raises(TypeError, match="Chat"):
        write_request(request)
