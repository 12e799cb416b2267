"""When a record's time is up."""


def expires_at(now: float, ttl: float | None) -> float | None:
    """The time at which a record of `ttl` seconds ends, None for one that is kept for good.

    Raises:
        ValueError: `ttl` is not more than 0.
    """
    if ttl is None:
        return None
    # Written so that NaN is refused as well.
    if not ttl > 0:
        raise ValueError(f"a time to live is more than 0 seconds, not {ttl}")
    return now + ttl


def is_over(expiry: float | None, now: float) -> bool:
    return expiry is not None and now >= expiry
