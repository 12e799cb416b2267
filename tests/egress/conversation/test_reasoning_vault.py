import pytest

from lunaroute_core import ModelRequest, RequestContext
from lunaroute_core.model import (
    Message,
    NormalizedRequest,
    Origin,
    ReasoningBlock,
    RequestSource,
    TextBlock,
    ToolCallBlock,
)
from lunaroute_core.testing import text_response
from lunaroute_egress.conversation import ReasoningSeal, ReasoningVault, TenantNames

SECRET = b"secret"
TENANTS = TenantNames(SECRET)
SEALED = ReasoningSeal(SECRET).sealed(
    ReasoningBlock(parts=["Hm."], opaque="sig"), Origin(dialect="d")
)
PLAIN = ReasoningBlock(parts=["Hm."])
CALL = ToolCallBlock(id="call_1", name="add", raw_arguments='{"a": 1}', arguments={"a": 1})
TEXT = TextBlock(text="see")


ORIGIN = Origin(dialect="d", model="m")


@pytest.fixture
def vault(store):
    return ReasoningVault(store=store, tenants=TENANTS, secret=SECRET, ttl=60).shelf(ORIGIN)


def envelope(tenant="t", dialect="openai_chat"):
    headers = ((b"authorization", f"Bearer {tenant}".encode()),) if tenant else ()
    context = RequestContext(client_dialect=dialect)
    return ModelRequest(model="m", stream=False, context=context, headers=headers)


def asked(*turns):
    source = RequestSource(dialect="openai_chat")
    return NormalizedRequest(model="m", source=source, turns=list(turns))


def assistant(*blocks):
    return Message(role="assistant", blocks=list(blocks))


async def remember(vault, *blocks, tenant="t"):
    answer = text_response()
    answer.blocks = list(blocks)
    await vault.remember(asked(), answer, envelope(tenant))


async def recalled(vault, *blocks, tenant="t"):
    request = await vault.recall(asked(assistant(*blocks)), envelope(tenant))
    return request.turns[0].blocks


async def test_reasoning_is_put_before_the_calls_it_led_to(vault, store):
    await remember(vault, SEALED, TEXT, CALL)
    assert await recalled(vault, TEXT, CALL) == [SEALED, TEXT, CALL]
    assert [*store.ttls.values()] == [60]


async def test_of_every_turn_so_that_the_beginning_stays_the_same(vault):
    other = ToolCallBlock(id="call_2", name="add")
    await remember(vault, SEALED, CALL)
    await remember(vault, SEALED, other)
    user = Message(role="user", blocks=[TEXT])
    turns = [assistant(CALL), user, assistant(TEXT), assistant(other)]
    request = await vault.recall(asked(*turns), envelope())
    assert request.turns == [
        assistant(SEALED, CALL),
        user,
        assistant(TEXT),
        assistant(SEALED, other),
    ]


async def test_readable_text_that_came_back_gives_way_to_the_whole(vault):
    await remember(vault, SEALED, TEXT, CALL)
    assert await recalled(vault, PLAIN, TEXT, CALL) == [SEALED, TEXT, CALL]


async def test_what_the_client_brought_is_left_alone(vault, store):
    await remember(vault, SEALED, CALL)
    store.broken = True
    turn = assistant(SEALED, TEXT, CALL)
    request = asked(turn)
    assert await vault.recall(request, envelope()) is request


async def test_clients_may_write_text_and_arguments_anew(vault):
    await remember(vault, SEALED, TextBlock(text="see "), TextBlock(text="it\n"), CALL)
    again = ToolCallBlock(id="call_1", name="add", raw_arguments='{"a":1}')
    text = TextBlock(text="see it")
    assert await recalled(vault, text, again) == [SEALED, text, again]


@pytest.mark.parametrize(
    "turn",
    [
        [TextBlock(text="other"), CALL],
        [TEXT, ToolCallBlock(id="call_2", name="add")],
        [TEXT, ToolCallBlock(id="call_1", name="sub")],
        [TEXT, CALL, ToolCallBlock(id="call_2", name="add")],
        [TEXT],
    ],
    ids=["text", "id", "name", "calls", "no call"],
)
async def test_another_turn_is_not_taken_for_it(vault, turn):
    await remember(vault, SEALED, TEXT, CALL)
    assert await recalled(vault, *turn) == turn


async def test_clients_do_not_share_it(vault):
    await remember(vault, SEALED, CALL)
    assert await recalled(vault, CALL, tenant="other") == [CALL]
    assert await recalled(vault, CALL, tenant="") == [CALL]


async def test_one_model_does_not_get_what_another_thought(vault, store):
    """It would have to be dropped again, or in strict translation the request refused."""
    await remember(vault, SEALED, CALL)
    other = ReasoningVault(store=store, tenants=TENANTS, secret=SECRET).shelf(
        Origin(dialect="d", model="n")
    )
    assert await recalled(other, CALL) == [CALL]


@pytest.mark.parametrize("blocks", [[SEALED, TEXT], [PLAIN, CALL], [TEXT, CALL]])
async def test_nothing_else_is_kept(vault, store, blocks):
    await remember(vault, *blocks)
    assert store.values == {}


async def test_a_store_that_fails_only_forgets(vault, store):
    store.broken = True
    await remember(vault, SEALED, CALL)
    assert await recalled(vault, CALL) == [CALL]


async def test_names_in_the_store_tell_nothing(vault, store):
    await remember(vault, SEALED, TEXT, CALL)
    (name,) = store.values
    prefix, digest = name.split(":")
    assert prefix == "vault"
    assert len(digest) == 64
    other = ReasoningVault(store=store, tenants=TENANTS, secret=b"another").shelf(ORIGIN)
    await remember(other, SEALED, TEXT, CALL)
    assert len(store.values) == 2
