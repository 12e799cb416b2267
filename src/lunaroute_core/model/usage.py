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
