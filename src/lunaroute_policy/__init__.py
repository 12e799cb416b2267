"""What requests may do and what they cost."""

from lunaroute_policy.prices import GenAIPrices, PriceQuote

__all__ = ["GenAIPrices", "PriceQuote"]
