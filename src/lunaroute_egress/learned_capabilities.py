"""What an upstream itself says of its models."""

import asyncio
import math
import re
import time
from collections.abc import Awaitable, Callable

from attrs import define, field

from lunaroute_core import ProviderError, RequestError, WireResponse
from lunaroute_core.dialects.registry import dialect_named
from lunaroute_core.json_value import JSONObject

_ALIAS = re.compile(r"-latest\Z")
_DATE = re.compile(r"-\d{8}\Z")
_MOST_MODELS = 10_000


@define(kw_only=True, eq=False)
class LearnedCapabilities:
    """Reads every list of models that an upstream answers, and may ask for one itself.

    The question is asked when something is to be translated, never for what is passed
    through, and by whoever needs it first; others wait for that answer, or go on with what is
    known already. An upstream that does not answer in time, or not with a list, is left alone
    for a while.

    Attributes:
        ask: gets the whole list and has it read; None: only what passes by is read.
        deadline: seconds to wait for it.
        lifetime: seconds after which it is asked for again.
        pause: seconds to the next try after one in vain.
        clock: monotonic seconds.
    """

    ask: Callable[[], Awaitable[None]] | None = None
    deadline: float = 2.0
    lifetime: float = 3600.0
    pause: float = 600.0
    clock: Callable[[], float] = time.monotonic
    _models: dict[str, JSONObject] = field(factory=dict[str, JSONObject], init=False)
    _due: float = field(default=-math.inf, init=False)
    _asking: asyncio.Lock = field(factory=asyncio.Lock, init=False)

    def read(self, answer: WireResponse) -> None:
        """Take what a list says; an answer that is none says nothing."""
        content = answer.body if answer.content is None else answer.content
        try:
            models = dialect_named(answer.dialect).vendor.models.decode(content)
        except ValueError:
            return
        for model in models:
            room = model.id in self._models or len(self._models) < _MOST_MODELS
            if model.capabilities and room:
                self._models[model.id] = model.capabilities

    def of(self, model: str) -> JSONObject:
        """The fields of `Capabilities` that are stated of a model, perhaps none.

        Lists have dated names; of one without a date the newest that begins so is meant.
        """
        known = self._models.get(model)
        if known is not None or not self._models:
            return known or {}
        alias = _ALIAS.sub("", model)
        dated = [name for name in self._models if _DATE.sub("", name) == alias]
        return self._models[max(dated)] if dated else {}

    async def refresh(self) -> None:
        """Ask if it is time to. It never fails and takes no longer than the deadline."""
        if self.ask is None or self.clock() < self._due:
            return
        if self._models and self._asking.locked():
            return
        async with self._asking:
            if self.clock() >= self._due:
                answered = await self._in_time(self.ask())
                self._due = self.clock() + (self.lifetime if answered else self.pause)

    async def _in_time(self, question: Awaitable[None]) -> bool:
        try:
            async with asyncio.timeout(self.deadline):
                await question
        except (ProviderError, RequestError, TimeoutError):
            return False
        return True
