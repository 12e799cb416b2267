import re

from lunaroute_core.dialects.openai_chat.identity import completion_id


def test_an_id_of_chats_own_is_kept():
    assert completion_id("chatcmpl-abc") == "chatcmpl-abc"


def test_another_id_is_hashed_always_the_same():
    first, second = completion_id("msg_1"), completion_id("msg_2")
    assert re.fullmatch("chatcmpl-[0-9a-f]{28}", first)
    assert first == completion_id("msg_1")
    assert first != second
