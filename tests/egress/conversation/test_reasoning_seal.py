import hmac
import string
from base64 import urlsafe_b64encode

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lunaroute_core.model import Origin, ReasoningBlock
from lunaroute_egress.conversation import ReasoningSeal
from lunaroute_egress.conversation.derived_key import derived_key
from lunaroute_egress.conversation.reasoning_seal import UNSIGNED, is_sealed

SEAL = ReasoningSeal(b"secret")
ORIGIN = Origin(dialect="anthropic_messages", vendor="anthropic", account="up", model="m")
BLOCK = ReasoningBlock(parts=["Hm."], opaque="sig==", origin=ORIGIN)

TEXTS = st.text(max_size=20)
BLOCKS = st.builds(
    ReasoningBlock,
    variant=st.sampled_from(["visible", "redacted", "signature_only"]),
    parts=st.lists(TEXTS, max_size=3),
    opaque=st.text(min_size=1, max_size=20),
    origin=st.none() | st.just(ORIGIN),
    item_id=st.none() | TEXTS,
    extensions=st.dictionaries(TEXTS, st.dictionaries(TEXTS, TEXTS, max_size=2), max_size=2),
)


@given(BLOCKS)
def test_what_is_opened_is_what_was_sealed(block):
    sealed = SEAL.sealed(block, ORIGIN)
    held = SEAL.opened(sealed.opaque)
    block.origin = None
    assert (held.origin, held.block) == (ORIGIN, block)


@given(BLOCKS)
def test_the_client_gets_text_and_seal_and_nothing_else(block):
    sealed = SEAL.sealed(block, ORIGIN)
    assert sealed == ReasoningBlock(variant=block.variant, parts=block.parts, opaque=sealed.opaque)
    prefix, payload, mac = sealed.opaque.split(".")
    assert prefix == "luna1"
    assert set(payload + mac) <= {*string.ascii_letters, *string.digits, "-", "_"}


def test_a_seal_is_always_the_same():
    again = ReasoningBlock(parts=["Hm."], opaque="sig==", origin=Origin(dialect="x"))
    assert SEAL.sealed(BLOCK, ORIGIN) == ReasoningSeal(b"secret").sealed(again, ORIGIN)


def test_text_that_nobody_signed_is_marked_as_that():
    for opaque in (None, ""):
        block = ReasoningBlock(parts=["Hm."], opaque=opaque, origin=ORIGIN)
        assert SEAL.sealed(block, ORIGIN) == ReasoningBlock(parts=["Hm."], opaque=UNSIGNED)
    named = ReasoningBlock(parts=["Hm."], item_id="rs_1")
    assert SEAL.opened(SEAL.sealed(named, ORIGIN).opaque).block == named


@given(st.integers(0, 10_000), st.characters(codec="ascii"))
def test_a_seal_that_was_changed_anywhere_does_not_open(at, character):
    text = SEAL.sealed(BLOCK, ORIGIN).opaque
    at %= len(text)
    changed = text[:at] + character + text[at + 1 :]
    assert (SEAL.opened(changed) is not None) == (changed == text)


@pytest.mark.parametrize(
    "text",
    ["", "sig==", "luna1.", "luna1..", "luna1.none", "luna2.a.b", "luna1.é.é", "luna1.a.b.c"],
)
def test_other_texts_are_no_seals(text):
    assert SEAL.opened(text) is None


def test_another_gateways_seal_does_not_open():
    assert ReasoningSeal(b"another").opened(SEAL.sealed(BLOCK, ORIGIN).opaque) is None


def test_a_seal_is_told_by_its_beginning():
    assert is_sealed("luna1.none")
    assert is_sealed(SEAL.sealed(BLOCK, ORIGIN).opaque)
    assert not is_sealed("sig")
    assert not is_sealed(None)


def test_the_secret_is_not_shown():
    assert "secret=" not in repr(SEAL)
    assert b"secret" not in repr(SEAL).encode()


def test_a_seal_of_another_version_is_none():
    """Secrets outlive upgrades, and so do the conversations that clients keep."""
    payload = urlsafe_b64encode(msgspec.msgpack.encode(["origin", 1])).rstrip(b"=")
    mac = hmac.digest(derived_key(b"secret", "seal"), payload, "sha256")[:16]
    text = b".".join([b"luna1", payload, urlsafe_b64encode(mac).rstrip(b"=")])
    assert SEAL.opened(text.decode()) is None


def test_numbers_of_any_size_are_kept():
    """Vendors write what they like into the fields that are theirs."""
    block = ReasoningBlock(opaque="sig", extensions={"openai_responses": {"new": 10**30}})
    assert SEAL.opened(SEAL.sealed(block, ORIGIN).opaque).block == block
