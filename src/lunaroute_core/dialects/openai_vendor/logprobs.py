"""Log probabilities of tokens, which both of OpenAI's dialects tell in the same objects."""

from lunaroute_core.json_value import JSONObject, JSONValue


def read_tokens(value: JSONValue) -> list[JSONObject]:
    """The tokens in a list; anything else tells of none."""
    return [it for it in value if isinstance(it, dict)] if isinstance(value, list) else []


def completed(token: JSONObject, *, with_bytes: bool) -> JSONObject:
    """A token with all fields that a dialect's type requires.

    A stream of Responses leaves out the bytes, which Chat may say are unknown: where they are
    required (`with_bytes`) they are those of its text.
    """
    others = [
        _with_bytes(it, with_bytes=with_bytes) for it in read_tokens(token.get("top_logprobs"))
    ]
    return {**_with_bytes(token, with_bytes=with_bytes), "top_logprobs": [*others]}


def _with_bytes(token: JSONObject, *, with_bytes: bool) -> JSONObject:
    known: JSONValue = token.get("bytes")
    if known is None and with_bytes:
        text = token.get("token")
        known = [*text.encode()] if isinstance(text, str) else []
    return {**token, "bytes": known}
