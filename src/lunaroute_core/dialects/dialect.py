"""One wire dialect: its name, its vendor, its paths, and the codec for each kind of bytes."""

from collections.abc import Mapping

from attrs import field, frozen

from lunaroute_core.dialects.codec import (
    ErrorCodec,
    RequestCodec,
    ResponseCodec,
    StoredAnswerCodec,
    StreamCodec,
    TokenCountCodec,
)
from lunaroute_core.dialects.vendor import Vendor
from lunaroute_core.model import FinishReason


@frozen(kw_only=True)
class Dialect:
    """One dialect.

    Attributes:
        name: the registry's key, `openai_chat`.
        vendor: whose API it is.
        paths: where clients post requests, the vendor's own path first.
        field_names: what its clients call what the normalized model calls otherwise.
        stored_answers: only of a dialect whose requests may go on from an answer by its id.
        pauses: whether its answers may pause, and its requests have them go on.
        unsaid_finishes: reasons for which answers end that its own have no word for.
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
    stored_answers: StoredAnswerCodec | None = None
    pauses: bool = False
    unsaid_finishes: frozenset[FinishReason] = frozenset()
