"""Answers to a schema, by the SDKs' own helpers, which parse them into the program's types."""

import json

import openai
import pydantic
import pytest

C, R, A = "openai_chat", "openai_responses", "anthropic_messages"
HI = [{"role": "user", "content": "Hi"}]


class Inner(pydantic.BaseModel):
    tags: list[str] = pydantic.Field(max_length=5)


class Made(pydantic.BaseModel):
    name: str
    count: int = pydantic.Field(ge=0, le=9)
    inner: Inner


GIVEN = {"name": "ö", "count": 3, "inner": {"tags": ["a", "b"]}}
TEXT = json.dumps(GIVEN)


async def parsed(on, *, stream):
    """What the SDK's helper makes of the answer."""
    if on.client == C:
        create, call = on.sdk.chat.completions, {"model": "gpt-4.1", "messages": HI}
        if not stream:
            answer = await create.parse(**call, response_format=Made)
        else:
            async with create.stream(**call, response_format=Made) as events:
                answer = await events.get_final_completion()
        return answer.choices[0].message.parsed
    if on.client == R:
        call = {"model": "gpt-4.1", "input": HI, "text_format": Made}
        if not stream:
            return (await on.sdk.responses.parse(**call)).output_parsed
        async with on.sdk.responses.stream(**call) as events:
            return (await events.get_final_response()).output_parsed
    call = {"model": "m", "max_tokens": 99, "messages": HI, "output_format": Made}
    if not stream:
        return (await on.sdk.messages.parse(**call)).parsed_output
    async with on.sdk.messages.stream(**call) as events:
        return (await events.get_final_message()).parsed_output


def schema_of(upstream, body):
    if upstream == C:
        return body["response_format"]["json_schema"]["schema"]
    if upstream == R:
        return body["text"]["format"]["schema"]
    return body["output_config"]["format"]["schema"]


MODEL_NAMES = {"gpt-4.1": "claude-sonnet-4-5", "m": "gpt-4.1"}


async def test_a_schema(talk, reply, client, upstream, stream):
    models = MODEL_NAMES if upstream == A else {"m": "gpt-4.1"}
    async with talk(client, upstream, reply(upstream, stream, text=TEXT), models=models) as on:
        assert await parsed(on, stream=stream) == Made(**GIVEN)
    schema = schema_of(upstream, on.sent())
    assert set(schema["properties"]) == {"name", "count", "inner"}
    assert "tags" in json.dumps(schema)
    assert schema["additionalProperties"] is False


def asking_for_it(client):
    schema = {"name": "made", "schema": Made.model_json_schema()}
    if client == C:
        return {"response_format": {"type": "json_schema", "json_schema": schema}}
    return {"text": {"format": {"type": "json_schema", **schema}}}


@pytest.mark.parametrize("client", [C, R])
@pytest.mark.parametrize("model", ["claude-sonnet-4-5", "claude-3-haiku-20240307"])
async def test_an_answer_that_breaks_its_schema_is_an_error(talk, reply, client, stream, model):
    """No model is held to bounds of numbers, and an old one to nothing: the gateway looks."""
    fields = {"model": model, **asking_for_it(client)}
    broken = reply(A, stream, text=json.dumps({**GIVEN, "count": 12}))
    async with talk(client, A, [reply(A, stream, text=TEXT), broken]) as on:
        heard = await on.ask(HI, stream=stream, **fields)
        with pytest.raises(openai.APIError, match="count"):
            await on.ask(HI, stream=stream, **fields)
    assert heard.text == TEXT
    if model == "claude-3-haiku-20240307":
        assert "output_config" not in on.sent()
        assert "maximum" in json.dumps(on.sent()["system"])


@pytest.mark.parametrize("client", [C, R])
async def test_any_json_object(talk, reply, client, stream):
    """Anthropic has no such mode: the model is told, and its answer is looked at."""
    form = {"type": "json_object"}
    asked = {"response_format": form} if client == C else {"text": {"format": form}}
    say = [{"role": "user", "content": "Say JSON."}]
    async with talk(client, A, reply(A, stream, text='{"a": 1}')) as on:
        heard = await on.ask(say, stream=stream, **asked)
    assert json.loads(heard.text) == {"a": 1}
    assert "JSON" in json.dumps(on.sent()["system"])
    async with talk(client, A, reply(A, stream, text="I would rather not.")) as on:
        with pytest.raises(openai.APIError):
            await on.ask(say, stream=stream, **asked)
