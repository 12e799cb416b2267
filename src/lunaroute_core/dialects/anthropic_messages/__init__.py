"""Placeholder until the codec stands."""

from typing import Any, cast

from lunaroute_core.dialects.dialect import Dialect

_missing = cast(Any, None)
ANTHROPIC_MESSAGES = Dialect(name="anthropic_messages", vendor=_missing, paths=("/v1/messages",), requests=_missing, responses=_missing, streams=_missing, errors=_missing)
