import pytest

from lunaroute_core.capabilities import EFFORTS, capabilities_of

DIALECT = "anthropic_messages"
MODELS = [
    "claude-3-haiku-20240307",
    "claude-3-5-sonnet-20241022",
    "claude-3-7-sonnet-latest",
    "claude-opus-4-20250514",
    "claude-sonnet-4-0",
    "claude-opus-4-1",
    "claude-sonnet-4-5-20250929",
    "claude-haiku-4-5",
    "claude-opus-4-5-20251101",
    "claude-opus-4-6",
    "claude-sonnet-4-6",
    "claude-opus-4-7",
    "claude-opus-4-8",
    "claude-mythos-preview",
    "claude-opus-5",
    "claude-opus-5-5",
    "claude-sonnet-5-5",
    "claude-haiku-5-5",
    "claude-fable-5-2",
    "claude-mythos-5-1",
    "claude-zeta-9",
    "kimi-k3",
]


@pytest.mark.parametrize("model", MODELS)
def test_every_profile_is_of_one_piece(model):
    known = capabilities_of(DIALECT, model)
    assert known.max_temperature == 1
    assert known.efforts == tuple(level for level in EFFORTS if level in known.efforts)
    assert ("adaptive" in known.thinking) <= bool(known.efforts)
    assert not (known.mid_conversation_system and known.sampling)
    assert not (known.prefill and "adaptive" in known.thinking)


def test_an_unknown_newer_model_thinks_by_itself_and_takes_system_messages():
    known = capabilities_of(DIALECT, "claude-zeta-9")
    assert known.thinking == ("adaptive",)
    assert known.mid_conversation_system
    assert not known.sampling
    assert not known.prefill


@pytest.mark.parametrize(
    ("model", "mid_conversation_system"),
    [("claude-opus-4-7", False), ("claude-opus-4-8", True), ("claude-sonnet-4-6", False)],
)
def test_system_messages_between_others_came_with_opus_4_8(model, mid_conversation_system):
    known = capabilities_of(DIALECT, model)
    assert known.mid_conversation_system is mid_conversation_system


def test_some_models_cannot_but_think():
    assert capabilities_of(DIALECT, "claude-mythos-5-2").thinking == ("adaptive",)
    assert "disabled" in capabilities_of(DIALECT, "claude-opus-5-5").thinking


def test_a_compatible_server_is_taken_for_an_older_model():
    known = capabilities_of(DIALECT, "kimi-k3")
    assert known.sampling
    assert known.max_output_tokens == 8192
    assert not known.mid_conversation_system
