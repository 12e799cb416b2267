"""The simulated models as the official SDKs see them, through a whole gateway in one process."""

import json

import anthropic
import openai
import pytest

from lunaroute_egress.mock import MockProvider
from lunaroute_server import Gateway

PARAMETERS = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
QUESTION = [{"role": "user", "content": "How is the weather in Oslo?"}]


@pytest.fixture
async def gateway(clock):
    provider = MockProvider(sleep=clock.sleep, monotonic=clock)
    async with Gateway(provider=provider) as opened:
        yield opened


@pytest.fixture
def oai(gateway):
    return openai.AsyncOpenAI(
        api_key="none",
        http_client=gateway.http_client(),
        max_retries=0,
    )


@pytest.fixture
def ant(gateway):
    return anthropic.AsyncAnthropic(
        api_key="none", http_client=gateway.http_client(), max_retries=0
    )


async def test_chat_echo(oai):
    answer = await oai.chat.completions.create(model="echo", messages=QUESTION)
    assert answer.choices[0].message.content == QUESTION[0]["content"]
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


async def test_chat_stream(oai):
    text = ""
    options = {"include_usage": True}
    async for chunk in await oai.chat.completions.create(
        model="echo", messages=QUESTION, stream=True, stream_options=options
    ):
        text += "".join(choice.delta.content or "" for choice in chunk.choices)
        last = chunk
    assert text == QUESTION[0]["content"]
    assert last.usage.completion_tokens > 0


@pytest.mark.parametrize("stream", [False, True])
async def test_chat_tool_loop(oai, stream):
    tools = [{"type": "function", "function": {"name": "weather", "parameters": PARAMETERS}}]
    if stream:
        async with oai.chat.completions.stream(
            model="tools", messages=QUESTION, tools=tools
        ) as events:
            answer = await events.get_final_completion()
    else:
        answer = await oai.chat.completions.create(model="tools", messages=QUESTION, tools=tools)
    assert answer.choices[0].finish_reason == "tool_calls"
    (call,) = answer.choices[0].message.tool_calls
    assert json.loads(call.function.arguments) == {"city": "example"}

    result = {"role": "tool", "tool_call_id": call.id, "content": "rain"}
    messages = [*QUESTION, answer.choices[0].message.model_dump(exclude_none=True), result]
    answer = await oai.chat.completions.create(model="tools", messages=messages, tools=tools)
    assert answer.choices[0].message.content == "The tool answered: rain"


@pytest.mark.parametrize("stream", [False, True])
async def test_responses_tool_loop(oai, stream):
    tools = [{"type": "function", "name": "weather", "parameters": PARAMETERS, "strict": True}]
    if stream:
        async with oai.responses.stream(model="tools", input=QUESTION, tools=tools) as events:
            answer = await events.get_final_response()
    else:
        answer = await oai.responses.create(model="tools", input=QUESTION, tools=tools)
    (call,) = answer.output
    assert (call.type, json.loads(call.arguments)) == ("function_call", {"city": "example"})

    called = {
        "type": "function_call",
        "call_id": call.call_id,
        "name": call.name,
        "arguments": call.arguments,
    }
    result = {"type": "function_call_output", "call_id": call.call_id, "output": "rain"}
    answer = await oai.responses.create(
        model="tools", input=[*QUESTION, called, result], tools=tools
    )
    assert answer.output_text == "The tool answered: rain"


async def test_responses_thinking(oai):
    answer = await oai.responses.create(model="thinking", input="hi", reasoning={"summary": "auto"})
    assert [item.type for item in answer.output] == ["reasoning", "message"]
    assert answer.usage.output_tokens_details.reasoning_tokens > 0


@pytest.mark.parametrize("stream", [False, True])
async def test_messages_tool_loop(ant, stream):
    asked = {
        "model": "tools",
        "max_tokens": 100,
        "tools": [{"name": "weather", "input_schema": PARAMETERS}],
    }
    if stream:
        async with ant.messages.stream(messages=QUESTION, **asked) as events:
            answer = await events.get_final_message()
    else:
        answer = await ant.messages.create(messages=QUESTION, **asked)
    assert answer.stop_reason == "tool_use"
    (call,) = answer.content
    assert call.input == {"city": "example"}

    result = {"type": "tool_result", "tool_use_id": call.id, "content": "rain"}
    turns = [
        *QUESTION,
        {"role": "assistant", "content": [block.to_dict() for block in answer.content]},
        {"role": "user", "content": [result]},
    ]
    answer = await ant.messages.create(messages=turns, **asked)
    assert answer.content[0].text == "The tool answered: rain"


@pytest.mark.parametrize("stream", [False, True])
async def test_messages_thinking(ant, stream):
    asked = {"model": "thinking", "max_tokens": 2000, "messages": QUESTION}
    if stream:
        async with ant.messages.stream(**asked) as events:
            answer = await events.get_final_message()
    else:
        answer = await ant.messages.create(**asked)
    assert [block.type for block in answer.content] == ["thinking", "text"]
    assert answer.content[0].thinking
    assert answer.content[0].signature


async def test_messages_end_at_the_limit_and_at_a_stop_sequence(ant):
    short = await ant.messages.create(model="echo", max_tokens=2, messages=QUESTION)
    assert (short.stop_reason, short.usage.output_tokens) == ("max_tokens", 2)
    stopped = await ant.messages.create(
        model="echo", max_tokens=99, messages=QUESTION, stop_sequences=[" in "]
    )
    assert (stopped.stop_reason, stopped.stop_sequence) == ("stop_sequence", " in ")
    assert stopped.content[0].text == "How is the weather"


async def test_token_counts_agree_with_usage(ant):
    counted = await ant.messages.count_tokens(model="echo", messages=QUESTION)
    answer = await ant.messages.create(model="echo", max_tokens=99, messages=QUESTION)
    assert counted.input_tokens == answer.usage.input_tokens


async def test_models_are_listed_in_both_shapes(oai, ant):
    listed = [model.id async for model in oai.models.list()]
    assert "echo" in listed
    assert [model.id async for model in ant.models.list(limit=3)] == listed
    assert (await oai.models.retrieve("echo")).id == "echo"
    assert (await ant.models.retrieve("echo")).id == "echo"


async def test_errors_become_the_sdks_own(oai, ant):
    with pytest.raises(openai.RateLimitError) as limited:
        await oai.chat.completions.create(model="error-429", messages=QUESTION)
    assert limited.value.response.headers["retry-after"] == "1"
    with pytest.raises(openai.AuthenticationError):
        await oai.responses.create(model="error-401", input="hi", stream=True)
    with pytest.raises(openai.NotFoundError, match="echo, text, tools"):
        await oai.chat.completions.create(model="gpt-9", messages=QUESTION)
    with pytest.raises(anthropic.APIStatusError) as overloaded:
        await ant.messages.create(model="error-529", max_tokens=9, messages=QUESTION)
    assert overloaded.value.status_code == 529


async def read(events):
    async for _ in events:
        pass


async def test_cut_streams_end_with_the_dialects_error(oai, ant):
    chat = await oai.chat.completions.create(model="cut", messages=QUESTION, stream=True)
    with pytest.raises(openai.APIError, match="terminal event"):
        await read(chat)
    messages = await ant.messages.create(model="cut", max_tokens=99, messages=QUESTION, stream=True)
    with pytest.raises(anthropic.APIStatusError, match="terminal event"):
        await read(messages)
