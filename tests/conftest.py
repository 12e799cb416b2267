import pytest


@pytest.fixture(scope="session", autouse=True)
def _state_directory(tmp_path_factory):
    """Gateways that tests configure keep their secret elsewhere than in the user's home."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LUNAROUTE_HOME", str(tmp_path_factory.mktemp("lunaroute")))
        yield
