"""What is known of a request besides its content."""

import random
import time

from msgspec import Struct, field

from lunaroute_core.deadlines import DeadlineOverrides
from lunaroute_core.translation_warning import TranslationWarning


def new_request_id() -> str:
    """`req_` and 32 hexadecimal digits, random."""
    return f"req_{random.getrandbits(128):032x}"


class RequestContext(Struct, kw_only=True):
    """The circumstances of one request; it travels with it through every layer.

    `received_at` is a monotonic time in seconds. `client_dialect` is the dialect the
    client speaks, which stays when the content is re-encoded for another upstream.
    """

    client_dialect: str
    request_id: str = field(default_factory=new_request_id)
    received_at: float = field(default_factory=time.monotonic)
    session_id: str | None = None
    user_agent: str | None = None
    client_address: str | None = None
    traceparent: str | None = None
    """The W3C trace context to send upstream, None when the client sent none."""
    provider_override: str | None = None
    """A provider named by the client (`X-Luna-Provider`)."""
    key: str | None = None
    """The name of the client's key, where the gateway knows its clients."""
    tags: tuple[str, ...] = ()
    """What the client says of the request (`X-Luna-Tags`)."""
    route_override: str | None = None
    """A rule, provider or alias named by the client (`X-Luna-Route`, `?route=`)."""
    tenant: str = ""
    """Whose request this is, for rules; "" where nobody said so."""
    route: str | None = None
    """The route that the request took, set by the router."""
    deadlines: DeadlineOverrides | None = None
    """What goes before the deadlines of the provider that is asked."""
    waited: float = 0.0
    """Seconds spent on upstreams that gave no answer, and until they were asked again."""
    attempts: int = 0
    """Upstream calls made for this request so far; whoever makes one counts it."""
    warnings: list[TranslationWarning] = []
