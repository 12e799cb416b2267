"""Choosing the provider that answers a request."""

from lunaroute_routing.vendor_router import VendorRouter

__all__ = ["VendorRouter"]
