"""The codecs under judgement."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from attrs import frozen

from lunaroute_core.capabilities import capabilities_of
from lunaroute_core.dialects.registry import DIALECTS
from lunaroute_core.translation import Translation


@frozen
class Sent:
    """A request on its way to an upstream: its bytes, as JSON, and what was said of it."""

    raw: bytes
    body: dict[str, Any]
    warned: tuple[str, ...]
    translation: Translation


@pytest.fixture(scope="session")
def send(validate) -> Callable[..., Sent]:
    """`send(client, upstream, body)`: valid for the upstream's SDK.

    Raises:
        InvalidRequestError: it cannot be sent.
    """

    def run(client: str, upstream: str, body: dict[str, Any], **options: Any) -> Sent:
        model = MODELS[upstream]
        request = DIALECTS[client].requests.decode(msgspec.json.encode({**body, "model": model}))
        translation = Translation(capabilities=capabilities_of(upstream, model), **options)
        raw = DIALECTS[upstream].requests.encode(request, translation)
        written = msgspec.json.decode(raw)
        validate(upstream, written)
        warned = tuple(warning.param for warning in translation.warnings)
        return Sent(raw, written, warned, translation)

    return run


MODELS = {
    "openai_chat": "gpt-5.6-sol",
    "openai_responses": "gpt-5.6-sol",
    "anthropic_messages": "claude-sonnet-4-5",
}
