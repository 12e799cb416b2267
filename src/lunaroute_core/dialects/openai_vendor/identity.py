"""Who a request is made for, in OpenAI's terms."""

from hashlib import sha256

from lunaroute_core.dialects.openai_vendor.adaptation import Adaptation
from lunaroute_core.model import Identity

_ANTHROPIC = "anthropic_messages"
_IDENTIFIER_LENGTH = 128


def adapted_identity(identity: Identity, adaptation: Adaptation) -> Identity:
    """Who the end user is. Anthropic's user is what OpenAI calls a safety identifier."""
    if not adaptation.capabilities.first_party:
        _drop_identity(identity, adaptation)
        return Identity()
    if adaptation.dialect == _ANTHROPIC:
        return Identity(safety_identifier=_identifier(identity.user))
    return Identity(
        user=identity.user,
        safety_identifier=_identifier(identity.safety_identifier),
        metadata=identity.metadata,
    )


def _drop_identity(identity: Identity, adaptation: Adaptation) -> None:
    given = {
        "user": identity.user,
        "safety_identifier": identity.safety_identifier,
        "metadata": identity.metadata,
    }
    for key, value in given.items():
        if value is not None:
            adaptation.translation.dropped(adaptation.named(key), "only OpenAI keeps it")


def _identifier(name: str | None) -> str | None:
    """A user's name, or its hash where it is longer than OpenAI takes."""
    if name is None or len(name) <= _IDENTIFIER_LENGTH:
        return name
    return sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
