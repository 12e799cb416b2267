"""Marks for prompt caches: they arrive where they were put, with the time they last."""

C, R, A = "openai_chat", "openai_responses", "anthropic_messages"


def marked(client):
    """A conversation with a mark on the system prompt's end and on the first of two questions."""
    if client == A:
        mark = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
        system = {"system": [{"type": "text", "text": "sys"}, {"type": "text", "text": "end"}]}
        system["system"][1] |= mark
        turns = [[{"type": "text", "text": "one", **mark}, {"type": "text", "text": "two"}]]
        return [{"role": "user", "content": it} for it in turns], system
    kind = "input_text" if client == R else "text"
    mark = {"prompt_cache_breakpoint": {"mode": "explicit", "ttl": "12h"}}
    prompt = [{"type": kind, "text": "sys"}, {"type": kind, "text": "end", **mark}]
    asked = [{"type": kind, "text": "one", **mark}, {"type": kind, "text": "two"}]
    history = [{"role": "developer", "content": prompt}, {"role": "user", "content": asked}]
    return history, {}


def marks(body, upstream):
    """The texts with marks, and how long these last."""
    key = "cache_control" if upstream == A else "prompt_cache_breakpoint"
    turns = [*body.get("messages", []), *(body["input"] if upstream == R else [])]
    contents = [*([body["system"]] if "system" in body else []), *(it["content"] for it in turns)]
    parts = [part for content in contents for part in content]
    return {part["text"]: part[key].get("ttl") for part in parts if key in part}


async def test_marks(talk, reply, client, upstream):
    history, fields = marked(client)
    model = {A: "claude-sonnet-4-5", C: "gpt-5.6", R: "gpt-5.6"}[upstream]
    async with talk(client, upstream, reply(upstream, False, text="ok"), model=model) as on:
        await on.ask(history, **fields)
    lasting = "1h" if upstream == A else "12h"
    assert marks(on.sent(), upstream) == {"end": lasting, "one": lasting}


async def test_what_was_read_and_written_is_counted(talk, reply, client, upstream, stream):
    script = reply(upstream, stream, text="ok", counts=(10, 90, 20, 5))
    async with talk(client, upstream, script) as on:
        heard = await on.ask([{"role": "user", "content": "Hi"}], stream=stream)
    usage = heard.answer.usage
    if client == A:
        counts = (
            usage.input_tokens,
            usage.cache_read_input_tokens,
            usage.cache_creation_input_tokens,
        )
        assert counts == (10, 90, 20)
    else:
        details = usage.prompt_tokens_details if client == C else usage.input_tokens_details
        assert (details.cached_tokens, details.cache_write_tokens) == (90, 20)
        assert heard.usage == (120, 5)
        assert usage.total_tokens == 125
