"""Headers that keep a browser from making more of an answer than it is."""

from lunaroute_core import Headers

SECURITY_HEADERS: Headers = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
)
"""Added where the answer does not bring its own. No HSTS: the gateway speaks plain HTTP."""
