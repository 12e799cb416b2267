"""The fields by which an answer is known."""

import hashlib


def completion_id(answer_id: str) -> str:
    """`chatcmpl-…`: the answer's own id if it is one, else always the same hash of it."""
    if answer_id.startswith("chatcmpl-"):
        return answer_id
    digest = hashlib.blake2b(answer_id.encode(), digest_size=14).hexdigest()
    return f"chatcmpl-{digest}"


def call_id(answer_id: str, *, place: int) -> str:
    """An id for a call that came without one: always the same, for the call at this place."""
    digest = hashlib.blake2b(f"{answer_id}:{place}".encode(), digest_size=12).hexdigest()
    return f"call_{digest}"
