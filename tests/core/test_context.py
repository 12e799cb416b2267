import re
import time

from lunaroute_core import RequestContext, TranslationWarning, new_request_id


def test_a_request_id_is_random_and_safe_in_a_header():
    ids = {new_request_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(re.fullmatch(r"req_[0-9a-f]{32}", request_id) for request_id in ids)


def test_a_context_is_made_from_the_dialect_alone():
    before = time.monotonic()
    context = RequestContext(client_dialect="openai_chat")
    assert re.fullmatch(r"req_[0-9a-f]{32}", context.request_id)
    assert before <= context.received_at <= time.monotonic()
    assert context.attempts == 0


def test_contexts_share_nothing():
    first, second = (RequestContext(client_dialect="openai_chat") for _ in range(2))
    first.warnings.append(TranslationWarning(outcome="dropped", param="seed"))
    assert second.warnings == []
    assert first.request_id != second.request_id
