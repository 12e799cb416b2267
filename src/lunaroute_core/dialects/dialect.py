"""One wire dialect: its name, its vendor, its paths, and the codec for each kind of bytes."""

from collections.abc import Mapping

from attrs import field, frozen

from lunaroute_core.dialects.codec import (
    ErrorCodec,
    RequestCodec,
    ResponseCodec,
    StreamCodec,
    TokenCountCodec,
)
from lunaroute_core.dialects.vendor import Vendor


@frozen(kw_only=True)
class Dialect:
    """One dialect.

    Attributes:
        name: the registry's key, `openai_chat`.
        vendor: whose API it is.
        paths: where clients post requests, the vendor's own path first.
        field_names: what its clients call what the normalized model calls otherwise.
    """

    name: str
    vendor: Vendor
    paths: tuple[str, ...]
    requests: RequestCodec
    responses: ResponseCodec
    streams: StreamCodec
    errors: ErrorCodec
    token_count: TokenCountCodec | None = None
    field_names: Mapping[str, str] = field(factory=dict[str, str])
