import pytest

from lunaroute_core.errors import ConfigurationError
from lunaroute_server.config import Overrides


@pytest.mark.parametrize(
    ("field", "value", "path", "argument"),
    [
        ("host", "0.0.0.0", ("host",), "--host"),
        ("port", 0, ("port",), "--port"),
        ("api_dialect", "openai", ("api_dialect",), "--dialect"),
        ("log_level", "debug", ("logging", "level"), "--log-level"),
        ("log_requests", False, ("logging", "log_requests"), "--log-requests"),
        ("log_format", "json", ("logging", "format"), "--log-format"),
    ],
)
def test_an_argument_sets_its_key(field, value, path, argument):
    (setting,) = Overrides(**{field: value}).settings()
    assert (setting.path, setting.value) == (path, value)
    assert str(setting.origin) == f"argument {argument}"


def test_an_argument_that_was_not_given_sets_nothing():
    assert list(Overrides().settings()) == []


def test_an_argument_wins_over_file_and_environment(load):
    loaded = load("port: 1\n", environment={"LUNAROUTE_PORT": "2"}, overrides=Overrides(port=3))
    assert loaded.config.port == 3


def test_a_wrong_argument_is_named(load):
    with pytest.raises(ConfigurationError) as caught:
        load(overrides=Overrides(port=99_999))
    assert (caught.value.source, caught.value.path) == ("--port", "port")
