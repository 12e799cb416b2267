"""Log probabilities of a text's tokens, which clients of OpenAI's dialects may ask for."""

import pytest

C, R, A = "openai_chat", "openai_responses", "anthropic_messages"
RIVAL = {"token": "Ho", "logprob": -1.5, "bytes": [72, 111]}
TOKENS = [
    {"token": "Hi", "logprob": -0.25, "bytes": [72, 105], "top_logprobs": [RIVAL]},
    {"token": "!", "logprob": -0.5, "bytes": [33], "top_logprobs": []},
]
WHOLE = {
    C: {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "gpt",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Hi!", "refusal": None},
                "logprobs": {"content": TOKENS, "refusal": None},
                "finish_reason": "stop",
            }
        ],
    },
    R: {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "status": "completed",
        "model": "gpt",
        "output": [
            {
                "type": "message",
                "id": "msg_1",
                "status": "completed",
                "role": "assistant",
                "content": [
                    {
                        "type": "output_text",
                        "text": "Hi!",
                        "annotations": [],
                        "logprobs": TOKENS,
                    }
                ],
            }
        ],
    },
}


def chat_chunk(delta, tokens=None, finish=None):
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    choice["logprobs"] = tokens and {"content": tokens, "refusal": None}
    head = {key: WHOLE[C][key] for key in ("id", "created", "model")}
    return {**head, "object": "chat.completion.chunk", "choices": [choice]}


def response_events():
    item = WHOLE[R]["output"][0]
    (part,) = item["content"]
    begun = {**WHOLE[R], "status": "in_progress", "output": []}
    place = {"output_index": 0, "item_id": "msg_1", "content_index": 0}
    pieces = [("Hi", TOKENS[:1]), ("!", TOKENS[1:])]
    events = [
        {"type": "response.created", "response": begun},
        {"type": "response.output_item.added", **place, "item": {**item, "content": []}},
        {
            "type": "response.content_part.added",
            **place,
            "part": {**part, "text": "", "logprobs": []},
        },
        *(
            # The vendor leaves the bytes out of its deltas.
            {
                "type": "response.output_text.delta",
                **place,
                "delta": text,
                "logprobs": [{k: v for k, v in it.items() if k != "bytes"} for it in tokens],
            }
            for text, tokens in pieces
        ),
        {"type": "response.output_text.done", **place, "text": "Hi!", "logprobs": TOKENS},
        {"type": "response.content_part.done", **place, "part": part},
        {"type": "response.output_item.done", **place, "item": item},
        {"type": "response.completed", "response": WHOLE[R]},
    ]
    return [{**event, "sequence_number": at} for at, event in enumerate(events)]


STREAMS = {
    C: [
        chat_chunk({"role": "assistant", "content": ""}),
        chat_chunk({"content": "Hi"}, TOKENS[:1]),
        chat_chunk({"content": "!"}, TOKENS[1:]),
        chat_chunk({}, finish="stop"),
        "[DONE]",
    ],
    R: response_events(),
}


def told(client, answer):
    if client == C:
        return answer["choices"][0]["logprobs"]["content"]
    return answer["output"][0]["content"][0]["logprobs"]


def without_bytes(tokens):
    return [
        {k: without_bytes(v) if isinstance(v, list) else v for k, v in it.items() if k != "bytes"}
        for it in tokens
    ]


@pytest.mark.parametrize("client", [C, R])
@pytest.mark.parametrize("upstream", [C, R])
def test_a_whole_answer_tells_them(answered, client, upstream):
    assert told(client, answered(upstream, client, WHOLE[upstream])) == TOKENS


@pytest.mark.parametrize("client", [C, R])
@pytest.mark.parametrize("upstream", [C, R])
def test_a_stream_tells_them(streamed, client, upstream):
    stream = streamed(upstream, client, STREAMS[upstream])
    assert without_bytes(told(client, stream.answer)) == without_bytes(TOKENS)
    if upstream == C or client == R:
        assert told(client, stream.answer) == TOKENS


def test_a_stream_tells_them_as_soon_as_their_text(streamed):
    raw = streamed(R, C, STREAMS[R]).raw
    first, second = (it for it in raw.split(b"\n\n") if b'"logprob"' in it)
    assert b'"content":"Hi"' in first
    assert b'"token":"Ho"' in first
    assert b'"content":"!"' in second


@pytest.mark.parametrize("upstream", [C, R])
def test_a_client_that_has_no_place_for_them_gets_the_text(answered, streamed, upstream):
    whole = answered(upstream, A, WHOLE[upstream])
    stream = streamed(upstream, A, STREAMS[upstream]).answer
    for answer in (whole, stream):
        assert [it["text"] for it in answer["content"]] == ["Hi!"]
