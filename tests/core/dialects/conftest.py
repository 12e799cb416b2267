import pytest

from lunaroute_core.dialects.registry import DIALECTS


@pytest.fixture(params=[*DIALECTS, "acme_prompt"])
def dialect(request, toy_dialect):
    """Every dialect of the registry, and the how-to's toy."""
    return DIALECTS[request.param]
