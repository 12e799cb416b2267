from lunaroute_egress.conversation.derived_key import derived_key


def test_a_key_is_of_its_secret_and_its_purpose():
    keys = {derived_key(secret, purpose) for secret in (b"a", b"b") for purpose in ("x", "y")}
    assert len(keys) == 4
    assert {len(key) for key in keys} == {32}
    assert derived_key(b"a", "x") in keys
