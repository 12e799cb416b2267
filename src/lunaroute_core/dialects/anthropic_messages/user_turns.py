"""Which parts of a conversation its user wrote."""

from lunaroute_core.dialects.codec import UserTurn
from lunaroute_core.dialects.json_places import fields_at, read_body, text_at
from lunaroute_core.dialects.place import Place
from lunaroute_core.dialects.text_places import content_texts, messages_at, part_kinds


def find_user_turns(body: bytes) -> tuple[UserTurn, ...]:
    """The user's messages, those of tool results included: texts may stand beside these.

    Raises:
        InvalidRequestError: the body is no object, or its messages are no array.
    """
    messages = (fields_at(body, message) for message in _messages(body))
    return tuple(
        _user_turn(body, message.get("content"))
        for message in messages
        if text_at(body, message.get("role")) == "user"
    )


def hands_back_results(body: bytes) -> bool:
    """Whether the user's last message holds tool results.

    Raises:
        InvalidRequestError: as above.
    """
    for place in reversed(_messages(body)):
        message = fields_at(body, place)
        if text_at(body, message.get("role")) == "user":
            return _has_results(body, message.get("content"))
    return False


def _messages(body: bytes) -> list[Place]:
    return messages_at(body, read_body(body).get("messages"), param="messages")


def _user_turn(body: bytes, content: Place | None) -> UserTurn:
    texts = content_texts(body, content, kind="text")
    return UserTurn(texts, has_results=_has_results(body, content))


def _has_results(body: bytes, content: Place | None) -> bool:
    return "tool_result" in part_kinds(body, content)
