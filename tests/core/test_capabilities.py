"""What is known of upstream models."""

import re

import msgspec
import pytest

from lunaroute_core.capabilities import (
    Capabilities,
    capabilities_of,
    model_profiles,
    profiles_with_sources,
)
from lunaroute_core.dialects.registry import DIALECTS


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


def test_what_the_upstream_states_lies_between():
    stated = {"max_output_tokens": 7, "structured_output": False}
    own = {"*": {"max_output_tokens": 5}}
    known = capabilities_of("anthropic_messages", "claude-opus-5", stated=stated, own=own)
    assert (known.max_output_tokens, known.structured_output) == (5, False)
    assert known.thinking == ("adaptive", "disabled")


@pytest.mark.parametrize("dialect", [*DIALECTS])
def test_every_profile_says_what_exists_and_whence(dialect):
    for pattern, profile in profiles_with_sources(dialect).items():
        assert profile["source"], pattern
    for profile in model_profiles(dialect).values():
        msgspec.convert(profile, Capabilities)


@pytest.mark.parametrize("dialect", [*DIALECTS])
def test_no_profile_hides_a_later_one(dialect):
    """Each pattern, its wildcards filled in, is first matched by itself."""
    profiles = model_profiles(dialect)
    for pattern, profile in profiles.items():
        name = re.sub(r"\[(.)[^]]*\]", r"\1", pattern).replace("*", "x")
        first = capabilities_of(dialect, name)
        assert first == msgspec.convert(profile, Capabilities), pattern


def test_a_dialect_without_profiles_has_its_defaults(toy_dialect):
    assert toy_dialect.name in DIALECTS
    assert capabilities_of(toy_dialect.name, "m") == Capabilities()
