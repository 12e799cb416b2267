"""Which parts of a conversation its user wrote."""

from lunaroute_core.dialects.codec import UserTurn
from lunaroute_core.dialects.json_places import fields_at, read_body, text_at
from lunaroute_core.dialects.place import Place
from lunaroute_core.dialects.text_places import content_texts, messages_at

_RESULTS = frozenset({"tool", "function"})


def find_user_turns(body: bytes) -> tuple[UserTurn, ...]:
    """The user's messages; tool results have messages of their own.

    Raises:
        InvalidRequestError: the body is no object, or its messages are no array.
    """
    messages = (fields_at(body, message) for message in _messages(body))
    return tuple(
        UserTurn(content_texts(body, message.get("content"), kind="text"))
        for message in messages
        if text_at(body, message.get("role")) == "user"
    )


def hands_back_results(body: bytes) -> bool:
    """Whether no message of the user's follows the last tool result.

    Raises:
        InvalidRequestError: as above.
    """
    for message in reversed(_messages(body)):
        role = text_at(body, fields_at(body, message).get("role"))
        if role == "user" or role in _RESULTS:
            return role in _RESULTS
    return False


def _messages(body: bytes) -> list[Place]:
    return messages_at(body, read_body(body).get("messages"), param="messages")
