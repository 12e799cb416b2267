"""Asking an upstream for its models."""

import msgspec

from lunaroute_core import ModelRequest, Operation, RequestContext, WireRequest
from lunaroute_core.dialects.registry import dialect_named
from lunaroute_core.headers import Headers

_PATH = "/v1/models"


def model_list_request(dialect: str, required: Headers) -> ModelRequest:
    """The gateway's own question for all models; `required` are the vendor's headers."""
    wire = WireRequest(
        dialect=dialect,
        path=_PATH,
        body=b"",
        method="GET",
        query=dialect_named(dialect).vendor.whole_list,
        headers=_without_body(required),
    )
    return ModelRequest(
        model="",
        stream=False,
        context=RequestContext(client_dialect=dialect),
        operation=Operation.LIST_MODELS,
        wire=wire,
    )


def own_list(asked: WireRequest, dialect: str, required: Headers) -> WireRequest:
    """A client's question for models as the upstream's own clients ask it.

    Another vendor's client gets the whole list, since it knows nothing of pages.
    """
    vendor = dialect_named(dialect).vendor
    if vendor is dialect_named(asked.dialect).vendor:
        return asked
    return msgspec.structs.replace(
        asked,
        dialect=dialect,
        query=vendor.whole_list if asked.path == _PATH else b"",
        headers=(*asked.headers, *_without_body(required)),
    )


def _without_body(required: Headers) -> Headers:
    return tuple(pair for pair in required if pair[0] != b"content-type")
