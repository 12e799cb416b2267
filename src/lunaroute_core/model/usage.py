"""Token counts, in disjoint counters so that nothing is counted twice."""

from msgspec import Struct

from lunaroute_core.json_value import JSONObject


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


def _known(new: int | None, earlier: int | None) -> int | None:
    return earlier if new is None else new
