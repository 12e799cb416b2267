"""The list of simulated models, in the client's dialect."""

from urllib.parse import parse_qsl, unquote

import msgspec

from lunaroute_core.dialects.codec import ModelInfo, ModelListPage
from lunaroute_core.dialects.vendor import Vendor
from lunaroute_core.errors import InvalidRequestError
from lunaroute_core.wire import WireRequest
from lunaroute_egress.mock.answers import SIMULATED_MODELS
from lunaroute_egress.mock.failures import ERROR_PREFIX
from lunaroute_egress.mock.options import MockOptions

CREATED = 1_735_689_600
"""1 January 2025: when every simulated model was made."""


def model_names(options: MockOptions) -> list[str]:
    """Every name that is answered; of the error models, the usual ones."""
    errors = [f"{ERROR_PREFIX}{status}" for status in (401, 429, 500, 529)]
    return [*SIMULATED_MODELS, *errors, *options.models]


def encode_model_list(names: list[str], wire: WireRequest | None, vendor: Vendor) -> bytes:
    return vendor.models.encode([_info(name) for name in names], _page(wire))


def encode_model(name: str, vendor: Vendor) -> bytes:
    return vendor.models.encode_one(_info(name))


def wanted_model(wire: WireRequest | None) -> str | None:
    """The model named by a path such as `/v1/models/echo`; None for the whole list."""
    _, marker, name = (wire.path if wire else "").partition("/models/")
    return unquote(name) if marker and name else None


def _info(name: str) -> ModelInfo:
    return ModelInfo(id=name, display_name=f"Simulated: {name}", created=CREATED)


def _page(wire: WireRequest | None) -> ModelListPage:
    query = dict(parse_qsl(wire.query.decode("latin-1"))) if wire else {}
    try:
        return msgspec.convert(query, ModelListPage, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidRequestError(str(error), param="limit") from error
