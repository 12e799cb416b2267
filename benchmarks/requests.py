"""The requests that are sent."""

import msgspec

from benchmarks.http_client import post

SMALL_BYTES = 220
LARGE_BYTES = 150_000


def chat(model: str, *, stream: bool = False, size: int = 0, max_tokens: int = 256) -> bytes:
    """A chat request whose body has `size` bytes at least; beyond the first message it is a
    conversation of turns of about 2 kB, as a coding assistant resends it."""
    messages = [{"role": "user", "content": "What is the capital of France?"}]
    body: dict[str, object] = {
        "model": model,
        "stream": stream,
        "max_tokens": max_tokens,
        "temperature": 0.7,
        "messages": messages,
    }
    filler = 'def relay(answer):\n    """Pass it on."""\n    return answer  # unchanged\n'
    while len(_json(body)) + 2_500 < size:
        role = "user" if len(messages) % 2 == 0 else "assistant"
        messages.append({"role": role, "content": filler * 28})
    messages[-1]["content"] += "." * max(0, size - len(_json(body)))
    return _json(body)


def _json(body: dict[str, object]) -> bytes:
    return msgspec.json.encode(body)


SMALL = post(chat("bench-json", size=SMALL_BYTES))
LARGE = post(chat("bench-json", size=LARGE_BYTES))
STREAM = post(chat("bench-stream", stream=True, size=SMALL_BYTES))
TRANSLATED = post(chat("anthropic/bench-json", size=SMALL_BYTES))
"""For the gateway; the bare relay passes it on as it is, to be answered in Chat."""
TRANSLATED_STREAM = post(chat("anthropic/bench-stream", stream=True, size=SMALL_BYTES))


def paced(chunks: int) -> bytes:
    return post(chat("bench-paced", stream=True, max_tokens=chunks))
