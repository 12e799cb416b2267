"""Placeholder until the codec stands."""

from typing import Any, cast

from lunaroute_core.dialects.dialect import Dialect

_missing = cast(Any, None)
OPENAI_RESPONSES = Dialect(name="openai_responses", vendor=_missing, paths=("/v1/responses", "/responses",), requests=_missing, responses=_missing, streams=_missing, errors=_missing)
