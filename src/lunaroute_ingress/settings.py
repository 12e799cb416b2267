"""What the ingress is told by whoever composes it."""

from attrs import frozen

from lunaroute_core.request_limits import DEFAULT_LIMITS, RequestLimits


@frozen(kw_only=True)
class IngressSettings:
    """Settings of the HTTP side.

    Attributes:
        vendors: whose clients are served, by vendor name; None: everyone's.
        max_body_bytes: a longer request body is refused with 413.
        max_concurrent_requests: above it, requests are refused with 503.
        keep_alive_seconds: how long a begun stream may be silent; None: for ever.
        limits: bounds for decoded requests.
        bypass: whether paths the gateway does not know are forwarded.
        bypass_provider: where to, when the request does not say whose it is.
        allowed_hosts: names, besides this machine's own, that may stand in the `Host`
            header; None checks nothing.
        allowed_origins: web origins, besides this machine's own, that browsers may call from.
        log_requests: whether each request is logged when it is done.
    """

    vendors: frozenset[str] | None = None
    max_body_bytes: int = 100 * 1024 * 1024
    max_concurrent_requests: int = 1000
    keep_alive_seconds: float | None = 15.0
    limits: RequestLimits = DEFAULT_LIMITS
    bypass: bool = True
    bypass_provider: str | None = None
    allowed_hosts: tuple[str, ...] | None = ()
    allowed_origins: tuple[str, ...] = ()
    log_requests: bool = False
