"""Token counts, in disjoint counters so that nothing is counted twice."""

from msgspec import Struct

from lunaroute_core.json_value import JSONObject, JSONValue


class CacheWrites(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Tokens written to the vendor's prompt cache, by the life they were bought for.

    Anthropic sells 5 minutes and 1 hour, OpenAI 30 minutes and 12 hours; `unknown`
    holds writes whose split the vendor did not give.
    """

    m5: int = 0
    m30: int = 0
    h1: int = 0
    h12: int = 0
    unknown: int = 0

    @property
    def total(self) -> int:
        return self.m5 + self.m30 + self.h1 + self.h12 + self.unknown

    def merged_over(self, earlier: "CacheWrites | None") -> "CacheWrites":
        """These writes; when they are the earlier ones without their split, with it."""
        if earlier is not None and earlier.total == self.total == self.unknown:
            return earlier
        return self

    def plus(self, more: "CacheWrites | None") -> "CacheWrites":
        """These writes and those of another request."""
        if more is None:
            return self
        return CacheWrites(
            m5=self.m5 + more.m5,
            m30=self.m30 + more.m30,
            h1=self.h1 + more.h1,
            h12=self.h12 + more.h12,
            unknown=self.unknown + more.unknown,
        )


class Usage(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one answer consumed, in tokens. `None` means the vendor did not say.

    The four input counters are disjoint: `input_tokens` are the fresh ones, neither
    read from nor written to a cache. Anthropic counts so; OpenAI's `prompt_tokens`
    is the sum of all four. `reasoning_tokens` are part of `output_tokens`.
    """

    input_tokens: int | None = None
    cache_read_tokens: int | None = None
    cache_writes: CacheWrites | None = None
    output_tokens: int | None = None
    reasoning_tokens: int | None = None
    estimated: bool = False
    details: JSONObject = {}
    """Counters only one vendor has (audio, predictions, server tools, service tier)."""

    @property
    def prompt_tokens(self) -> int:
        """All input tokens, cached or not, as OpenAI counts them."""
        writes = self.cache_writes.total if self.cache_writes else 0
        return (self.input_tokens or 0) + (self.cache_read_tokens or 0) + writes

    @property
    def total_tokens(self) -> int:
        return self.prompt_tokens + (self.output_tokens or 0)

    def merged_over(self, earlier: "Usage | None") -> "Usage":
        """These cumulative counts; what they do not say keeps its earlier value."""
        if earlier is None:
            return self
        writes = earlier.cache_writes
        if self.cache_writes is not None:
            writes = self.cache_writes.merged_over(writes)
        return Usage(
            input_tokens=_known(self.input_tokens, earlier.input_tokens),
            cache_read_tokens=_known(self.cache_read_tokens, earlier.cache_read_tokens),
            cache_writes=writes,
            output_tokens=_known(self.output_tokens, earlier.output_tokens),
            reasoning_tokens=_known(self.reasoning_tokens, earlier.reasoning_tokens),
            # The input is what gets estimated; a count of it replaces the estimate.
            estimated=self.estimated or (earlier.estimated and self.input_tokens is None),
            details={**earlier.details, **self.details},
        )

    def plus(self, more: "Usage | None") -> "Usage":
        """What this answer and another one consumed together."""
        if more is None:
            return self
        writes = more.cache_writes
        if self.cache_writes is not None:
            writes = self.cache_writes.plus(writes)
        return Usage(
            input_tokens=_sum(self.input_tokens, more.input_tokens),
            cache_read_tokens=_sum(self.cache_read_tokens, more.cache_read_tokens),
            cache_writes=writes,
            output_tokens=_sum(self.output_tokens, more.output_tokens),
            reasoning_tokens=_sum(self.reasoning_tokens, more.reasoning_tokens),
            estimated=self.estimated or more.estimated,
            details=_summed(self.details, more.details),
        )


def _known(new: int | None, earlier: int | None) -> int | None:
    return earlier if new is None else new


def _sum(one: int | None, other: int | None) -> int | None:
    return None if one is None and other is None else (one or 0) + (other or 0)


def _summed(one: JSONObject, other: JSONObject) -> JSONObject:
    """The counters added up; of what is no count the later word."""
    return {**one, **{key: _both(one.get(key), value) for key, value in other.items()}}


def _both(one: JSONValue, other: JSONValue) -> JSONValue:
    match one, other:
        case (bool(), _) | (_, bool()):
            return other
        case (int() | float(), int() | float()):
            return one + other
        case dict(), dict():
            return _summed(one, other)
        case list(), list():
            return [*one, *other]
        case _:
            return one if other is None else other
