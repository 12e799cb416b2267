"""Which parts of an input its user wrote."""

from lunaroute_core.dialects.codec import UserTurn
from lunaroute_core.dialects.json_places import fields_at, inside, read_body, text_at
from lunaroute_core.dialects.openai_responses.input_items import is_client_result
from lunaroute_core.dialects.place import Place
from lunaroute_core.dialects.text_places import content_texts, messages_at


def find_user_turns(body: bytes) -> tuple[UserTurn, ...]:
    """The user's messages, or the whole input where it is a string.

    Raises:
        InvalidRequestError: the body is no object, or its input is neither string nor array.
    """
    given = read_body(body).get("input")
    if (whole := inside(body, given)) is not None:
        return (UserTurn((whole,)),)
    items = (fields_at(body, item) for item in messages_at(body, given, param="input"))
    return tuple(
        UserTurn(content_texts(body, item.get("content"), kind="input_text"))
        for item in items
        if _is_users(body, item)
    )


def hands_back_results(body: bytes) -> bool:
    """Whether no message of the user's follows the last result of a client's tool.

    Raises:
        InvalidRequestError: as above.
    """
    given = read_body(body).get("input")
    if inside(body, given) is not None:
        return False
    for place in reversed(messages_at(body, given, param="input")):
        item = fields_at(body, place)
        if _is_users(body, item):
            return False
        kind, execution = text_at(body, item.get("type")), text_at(body, item.get("execution"))
        if is_client_result(kind or "", execution=execution):
            return True
    return False


def _is_users(body: bytes, item: dict[str, Place]) -> bool:
    role, kind = text_at(body, item.get("role")), text_at(body, item.get("type"))
    return role == "user" and kind in (None, "message")
