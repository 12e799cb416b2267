import msgspec
import pytest

from lunaroute_core import InvalidRequestError
from lunaroute_core.model import (
    Message,
    NormalizedRequest,
    Origin,
    ReasoningBlock,
    RequestSource,
    TextBlock,
)
from lunaroute_core.translation import Translation
from lunaroute_egress.conversation import ReasoningSeal
from lunaroute_egress.conversation.returned_reasoning import ReturnedReasoning

SEAL = ReasoningSeal(b"secret")
ORIGIN = Origin(dialect="anthropic_messages", vendor="anthropic", account="up", model="m")
BLOCK = ReasoningBlock(parts=["Hm."], opaque="sig", extensions={"d": {"a": 1}})
SEALED = SEAL.sealed(BLOCK, ORIGIN)
RESTORED = msgspec.structs.replace(BLOCK, origin=ORIGIN)
TEXT = TextBlock(text="x")
UNSIGNED = ReasoningBlock(parts=["Hm."], opaque="luna1.none")
STRANGE = ReasoningBlock(parts=["Hm."], opaque="sig")
PLAIN = ReasoningBlock(parts=["Hm."])


def assistant(*blocks):
    return Message(role="assistant", blocks=list(blocks))


def asked(*turns, dialect="openai_responses"):
    return NormalizedRequest(model="m", source=RequestSource(dialect=dialect), turns=list(turns))


def opened(*turns, origin=ORIGIN, method="opened", strict=False):
    """The turns that are left, and the warnings."""
    translation = Translation(strict=strict)
    returned = ReturnedReasoning(seal=SEAL, origin=origin)
    request = getattr(returned, method)(asked(*turns), translation)
    return request.turns, [(it.outcome, it.param) for it in translation.warnings]


def test_reasoning_is_restored_where_it_stood():
    turns, warnings = opened(assistant(SEALED, TEXT, SEALED))
    assert turns == [assistant(RESTORED, TEXT, RESTORED)]
    assert warnings == []


def test_what_the_client_did_to_the_text_does_not_matter():
    shortened = msgspec.structs.replace(SEALED, parts=[])
    assert opened(assistant(shortened))[0] == [assistant(RESTORED)]


@pytest.mark.parametrize("field", ["dialect", "vendor", "account", "model"])
def test_reasoning_of_another_origin_is_dropped_with_all_of_its_turn(field):
    other = msgspec.structs.replace(ORIGIN, **{field: "other"})
    first, second = assistant(PLAIN, SEALED, TEXT), assistant(UNSIGNED, TEXT)
    turns, warnings = opened(first, second, origin=other)
    unsigned = ReasoningBlock(parts=["Hm."], origin=other)
    assert turns == [assistant(TEXT), assistant(unsigned, TEXT)]
    assert warnings == [("dropped", "input[].reasoning")]


def test_what_was_never_sealed_is_not_believed():
    turns, warnings = opened(assistant(SEALED, STRANGE, TEXT))
    assert turns == [assistant(TEXT)]
    assert warnings == [("dropped", "input[].reasoning")]


def test_a_turn_of_nothing_else_is_dropped():
    assert opened(assistant(STRANGE), assistant(TEXT))[0] == [assistant(TEXT)]


def test_unsigned_text_is_any_models_and_an_empty_one_is_nothing():
    empty = ReasoningBlock(opaque="luna1.none", item_id="rs_1")
    turns, warnings = opened(assistant(UNSIGNED, empty, TEXT))
    assert turns == [assistant(ReasoningBlock(parts=["Hm."], origin=ORIGIN), TEXT)]
    assert warnings == []


@pytest.mark.parametrize("method", ["opened", "without_others"])
def test_a_conversation_without_sealed_reasoning_stays_the_same_object(method):
    request = asked(assistant(PLAIN, TEXT), Message(role="user", blocks=[TEXT]))
    returned = ReturnedReasoning(seal=SEAL, origin=ORIGIN)
    assert getattr(returned, method)(request, Translation()) is request


@pytest.mark.parametrize("method", ["opened", "without_others"])
def test_strict_translation_refuses_what_it_would_drop(method):
    other = msgspec.structs.replace(ORIGIN, model="other")
    with pytest.raises(InvalidRequestError) as refused:
        opened(assistant(SEALED), origin=other, method=method, strict=True)
    assert refused.value.details.param == "input[].reasoning"


@pytest.mark.parametrize("block", [SEALED, UNSIGNED])
def test_an_upstream_of_the_clients_dialect_gets_nothing_that_was_sealed_here(block):
    turns, warnings = opened(assistant(STRANGE, block, TEXT), method="without_others")
    assert turns == [assistant(TEXT)]
    assert warnings == [("dropped", "input[].reasoning")]


def test_it_gets_all_that_is_its_own():
    """Its own signatures, and the seals of a gateway that it may be."""
    theirs = ReasoningSeal(b"another").sealed(BLOCK, ORIGIN)
    turns = [assistant(STRANGE, theirs, TEXT)]
    assert opened(*turns, method="without_others") == (turns, [])


def test_the_clients_own_request_is_not_changed():
    turn = assistant(SEALED, TEXT)
    opened(turn)
    assert turn == assistant(SEALED, TEXT)
