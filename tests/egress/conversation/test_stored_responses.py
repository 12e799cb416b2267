import itertools

import msgspec
import pytest

from lunaroute_core import InvalidRequestError, ModelRequest, RequestContext, StateStoreError
from lunaroute_core.answer_stages import staged_events, staged_response
from lunaroute_core.dialects.registry import dialect_named
from lunaroute_core.model import (
    Conversation,
    Message,
    ReasoningBlock,
    StreamStart,
    TextBlock,
    ToolCallBlock,
)
from lunaroute_core.testing import FakeClock, stream_events, text_response
from lunaroute_egress.conversation import StoredResponses, TenantNames

R = "openai_responses"
TENANTS = TenantNames(b"secret")
OURS = TENANTS.of(((b"authorization", b"Bearer t"),))
CODEC = dialect_named(R).stored_answers


@pytest.fixture
def stored(store):
    numbers = itertools.count()
    return StoredResponses(
        store=store,
        tenants=TENANTS,
        ttl=60,
        clock=FakeClock(now=1_000.9),
        random_bytes=lambda size: next(numbers).to_bytes(size),
    )


def envelope(tenant="t", dialect=R):
    headers = ((b"authorization", f"Bearer {tenant}".encode()),) if tenant else ()
    context = RequestContext(client_dialect=dialect)
    return ModelRequest(model="m", stream=False, context=context, headers=headers)


def asked(items, *, dialect=R, **fields):
    body = {"model": "m", "input": items, **fields}
    if dialect != R:
        body = {"model": "m", "messages": items, "max_tokens": 5}
    return dialect_named(dialect).requests.decode(msgspec.json.encode(body))


def user(text):
    return {"role": "user", "content": text}


async def answered(stored, request, *blocks, **options):
    """The request as it was completed, and the answer as its client gets it."""
    where = envelope(**options)
    completed = await stored.recall(request, where)
    answer = msgspec.structs.replace(text_response(), blocks=list(blocks), created=None)
    promise = stored.promise(completed, where.context)
    answer = answer if promise is None else staged_response(answer, [promise])
    await stored.remember(completed, answer, where)
    return completed, answer


def texts(turns):
    return [(turn.role, block.text) for turn in turns for block in turn.blocks]


async def test_the_conversation_is_put_before_the_request(stored):
    _, first = await answered(stored, asked([user("a")]), TextBlock(text="one"))
    request = asked([user("b")], previous_response_id=first.id)
    completed, _ = await answered(stored, request, TextBlock(text="two"))
    assert texts(completed.turns) == [("user", "a"), ("assistant", "one"), ("user", "b")]
    assert completed.conversation == Conversation(previous_response_id=first.id, kept_here=True)
    assert texts(request.turns) == [("user", "b")]


async def test_an_answers_id_is_its_own_even_where_the_upstreams_is_not(stored):
    answers = [(await answered(stored, asked("a")))[1] for _ in range(3)]
    assert len({answer.id for answer in answers}) == 3
    assert all(answer.id.startswith("resp_") for answer in answers)


async def test_a_promise_is_kept_alike_whole_and_streamed(stored):
    promise = stored.promise(asked("a"), envelope().context)
    answer = msgspec.structs.replace(text_response(), created=None)
    whole = staged_response(answer, [promise])
    events = [it for event in stream_events(answer) for it in staged_events(event, [promise])]
    assert (whole.stored, whole.created) == (True, 1_000)
    assert events[0] == StreamStart(id=whole.id, model=whole.model, created=1_000, stored=True)
    assert events[1:] == stream_events(answer)[1:]
    dated = staged_response(text_response(), [promise])
    assert dated.created == text_response().created


@pytest.mark.parametrize(("wish", "kept"), [(True, True), (None, True), (False, False)])
async def test_a_request_says_whether_its_answer_is_kept(stored, wish, kept):
    _, answer = await answered(stored, asked("a", store=wish))
    assert answer.stored is kept
    assert (await stored.get(OURS, answer.id) is not None) is kept


async def test_other_dialects_have_no_such_thing(stored):
    request = asked([user("a")], dialect="openai_chat")
    completed, answer = await answered(stored, request, dialect="openai_chat")
    assert completed is request
    assert answer.stored is False
    assert await stored.get(OURS, answer.id) is None


async def test_what_leads_a_conversation_stays_its_lead(stored):
    system = {"role": "system", "content": "Add."}
    request = asked([system, user("a")], instructions="Be brief.")
    _, first = await answered(stored, request, TextBlock(text="one"))
    later = asked([system, user("b")], previous_response_id=first.id, instructions="Now.")
    completed, second = await answered(stored, later, TextBlock(text="two"))
    assert [block.text for block in completed.instructions] == ["Now.", "Add."]
    assert [turn.role for turn in completed.turns] == ["user", "assistant", "system", "user"]
    last = asked([user("c")], previous_response_id=second.id)
    completed, _ = await answered(stored, last)
    assert [block.text for block in completed.instructions] == ["Add."]


async def test_an_items_reference_becomes_the_item(stored):
    call = ToolCallBlock(id="call_1", name="add", raw_arguments="{}", arguments={})
    _, first = await answered(stored, asked("a"), TextBlock(text="one"), call)
    named = [{"type": "item_reference", "id": it} for it, _ in CODEC.items(first)]
    completed = await stored.recall(asked([user("a"), *named]), envelope())
    assert completed.turns[1] == Message(role="assistant", blocks=[TextBlock(text="one"), call])


@pytest.mark.parametrize(
    ("fields", "param", "code"),
    [
        (
            {"items": "a", "previous_response_id": "resp_x"},
            "previous_response_id",
            "previous_response_not_found",
        ),
        ({"items": [{"type": "item_reference", "id": "msg_x"}]}, "input", None),
    ],
)
async def test_what_is_not_kept_is_an_error_of_the_request(stored, fields, param, code):
    with pytest.raises(InvalidRequestError) as refused:
        await stored.recall(asked(**fields), envelope())
    assert (refused.value.details.param, refused.value.details.code) == (param, code)


async def test_clients_do_not_share_answers(stored):
    _, answer = await answered(stored, asked("a"), TextBlock(text="one"))
    assert await stored.get(TENANTS.of(envelope("other").headers), answer.id) is None
    assert await stored.get("", answer.id) is None
    assert await stored.get("", f"{OURS}:{answer.id}") is None
    assert not await stored.delete(TENANTS.of(envelope("other").headers), answer.id, CODEC)
    assert await stored.get(OURS, answer.id) is not None


async def test_a_deleted_answer_leaves_nothing_behind(stored, store):
    _, answer = await answered(stored, asked("a"), TextBlock(text="one"))
    assert len(store.values) == 2
    assert set(store.ttls.values()) == {60}
    assert await stored.delete(OURS, answer.id, CODEC)
    assert store.values == {}
    assert not await stored.delete(OURS, answer.id, CODEC)


async def test_reasoning_without_a_seal_loses_what_binds_it(stored):
    """Nobody would know to which model it may go back."""
    sealed = ReasoningBlock(parts=["a"], opaque="luna1.x.y")
    bound = ReasoningBlock(parts=["b"], opaque="sig")
    _, answer = await answered(stored, asked("a"), sealed, bound)
    kept = await stored.get(OURS, answer.id)
    assert kept.answer.blocks == [sealed, ReasoningBlock(parts=["b"])]


async def test_a_store_that_fails_has_kept_nothing(stored, store):
    _, answer = await answered(stored, asked("a"))
    store.broken = True
    await answered(stored, asked("a"))
    with pytest.raises(InvalidRequestError):
        await stored.recall(asked("b", previous_response_id=answer.id), envelope())


async def test_a_failed_deletion_is_not_hidden(stored, store):
    _, answer = await answered(stored, asked("a"), TextBlock(text="one"))
    working, store.get = store.get, store.get

    async def broken(_key):
        raise StateStoreError("broken")

    store.delete = broken
    with pytest.raises(StateStoreError):
        await stored.delete(OURS, answer.id, CODEC)
    assert await working(f"response:{OURS}:{answer.id}") is not None
