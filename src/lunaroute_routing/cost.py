"""What an attempt cost, as far as it is known."""

from lunaroute_core import InvalidRequestError, ModelRequest, Price
from lunaroute_core.model import Usage
from lunaroute_core.token_estimate import estimate_tokens


def cost_of(price: Price, usage: Usage | None, request: ModelRequest) -> float | None:
    """US dollars. Without a word from the upstream the input is estimated, and all of it
    counted: it was sent, and is paid for also where nobody waited for the answer. None where it
    cannot be read for that: vendors may know what is in it.
    """
    if usage is None:
        try:
            return price.input * estimate_tokens(request.normalized) / 1e6
        except InvalidRequestError:
            return None
    writes = usage.cache_writes
    read = (usage.input_tokens or 0) + (usage.cache_read_tokens or 0)
    written = 0 if writes is None else writes.total
    return (price.input * (read + written) + price.output * (usage.output_tokens or 0)) / 1e6
