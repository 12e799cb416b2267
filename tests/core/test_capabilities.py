"""What is known of upstream models."""

import msgspec
import pytest

from lunaroute_core.capabilities import Capabilities, capabilities_of


def test_a_models_profile_is_found_by_its_name():
    known = capabilities_of("anthropic_messages", "claude-sonnet-4-5-20250929")
    assert known.max_output_tokens == 64000
    assert known.thinking == ("enabled", "disabled")


def test_an_operators_profile_is_laid_over_what_is_known():
    own = {"claude-sonnet-*": {"max_output_tokens": 5}, "*": {"sampling": False}}
    known = capabilities_of("anthropic_messages", "Claude-Sonnet-4-5", own=own)
    assert known.max_output_tokens == 5
    assert known.sampling
    assert known.thinking == ("enabled", "disabled")


def test_an_operators_mistake_is_named():
    with pytest.raises(msgspec.ValidationError, match="telepathy"):
        capabilities_of("anthropic_messages", "x", own={"*": {"telepathy": True}})


def test_a_dialect_without_profiles_has_its_defaults():
    assert capabilities_of("openai_responses", "gpt-5") == Capabilities()
