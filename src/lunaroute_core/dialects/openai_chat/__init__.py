"""Placeholder until the codec stands."""

from typing import Any, cast

from lunaroute_core.dialects.dialect import Dialect

_missing = cast(Any, None)
OPENAI_CHAT = Dialect(name="openai_chat", vendor=_missing, paths=("/v1/chat/completions",), requests=_missing, responses=_missing, streams=_missing, errors=_missing)
