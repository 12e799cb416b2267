import pytest
from hypothesis import given
from hypothesis import strategies as st

from lunaroute_storage import EncryptionKey, UnreadableReason, derive_key
from lunaroute_storage.encryption_key import UnreadableValueError, key_id

SECRET = bytes(range(32))
KEY = EncryptionKey.from_secret(SECRET, purpose="tests")

# Written down once: what stores hold must stay readable.
SEALED = bytes.fromhex(
    "017b72c52316e508eb00000000000000000000007b271a20e2a1d639185ace40e762b17d0080d505fc50"
)


def fixed(size):
    return (123).to_bytes(size, "big")


def reason(sealed, *, key=KEY, identity=b"record"):
    with pytest.raises(UnreadableValueError) as caught:
        key.unseal(sealed, identity=identity)
    return caught.value.reason


@given(value=st.binary(max_size=300), identity=st.binary(max_size=50))
def test_what_is_sealed_can_be_unsealed(value, identity):
    sealed = KEY.seal(value, identity=identity)
    assert len(sealed) == len(value) + 37
    assert KEY.unseal(sealed, identity=identity) == value


def test_the_format_stays():
    assert KEY.seal(b"value", identity=b"record", random_bytes=fixed) == SEALED
    assert KEY.unseal(SEALED, identity=b"record") == b"value"


def test_the_same_value_never_looks_the_same():
    sealed = {KEY.seal(b"value", identity=b"record") for _ in range(100)}
    assert len(sealed) == 100


def test_a_value_does_not_show():
    assert b"plain words" not in KEY.seal(b"plain words", identity=b"record")


def test_records_are_sealed_under_keys_of_their_own():
    """With one key, two values under one nonce would give away how they differ."""
    one, other = (
        KEY.seal(bytes(32), identity=identity, random_bytes=fixed) for identity in (b"a", b"b")
    )
    assert one[21:53] != other[21:53]


@given(data=st.data())
def test_no_changed_bit_goes_unnoticed(data):
    changed = bytearray(SEALED)
    changed[data.draw(st.integers(0, len(SEALED) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    assert reason(bytes(changed)) in set(UnreadableReason)


@given(length=st.integers(0, len(SEALED) - 1))
def test_no_missing_end_goes_unnoticed(length):
    assert reason(SEALED[:length]) in {UnreadableReason.MALFORMED, UnreadableReason.TAMPERED}


@pytest.mark.parametrize(
    ("sealed", "expected"),
    [
        (b"", UnreadableReason.MALFORMED),
        (b"plain text, of no less than 37 bytes.", UnreadableReason.MALFORMED),
        (b"\x02" + SEALED[1:], UnreadableReason.MALFORMED),
        (SEALED[:1] + bytes(8) + SEALED[9:], UnreadableReason.UNKNOWN_KEY),
        (SEALED[:9] + bytes(12) + SEALED[21:], UnreadableReason.TAMPERED),
        (SEALED + b"\x00", UnreadableReason.TAMPERED),
    ],
)
def test_what_is_wrong_is_told_apart(sealed, expected):
    assert reason(sealed) == expected


@given(identity=st.binary(max_size=20).filter(lambda identity: identity != b"record"))
def test_a_value_is_of_no_use_to_another_record(identity):
    assert reason(SEALED, identity=identity) == UnreadableReason.TAMPERED


def test_another_secret_does_not_help():
    other = EncryptionKey.from_secret(bytes(32), purpose="tests")
    assert reason(SEALED, key=other) == UnreadableReason.UNKNOWN_KEY
    posing = EncryptionKey(id=KEY.id, key=other.key)
    assert reason(SEALED, key=posing) == UnreadableReason.TAMPERED


def test_the_key_is_found_by_its_id():
    assert key_id(SEALED) == KEY.id


def test_keys_do_not_show_when_they_are_printed():
    assert KEY.key.hex() not in repr(KEY)
    assert repr(KEY.key) not in repr(KEY)


def test_each_purpose_has_a_key_of_its_own():
    keys = {derive_key(SECRET, purpose=purpose) for purpose in ("a", "b", "")}
    assert len(keys) == 3
    assert SECRET not in keys


def test_the_derivation_stays():
    assert (
        derive_key(SECRET, purpose="tests").hex()
        == "b6810f29e3cb10c35d682c1aac4285ce8adcc174840f1e5aa9250cb285ec434a"
    )
    assert len(derive_key(SECRET, purpose="tests", size=64)) == 64


@pytest.mark.parametrize("secret", [b"", b"password", bytes(31)])
def test_a_short_secret_is_refused(secret):
    with pytest.raises(ValueError, match="at least 32 bytes"):
        derive_key(secret, purpose="tests")
    with pytest.raises(ValueError, match="at least 32 bytes"):
        EncryptionKey.from_secret(secret, purpose="tests")
