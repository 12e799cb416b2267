import pytest

from lunaroute_core.errors import ConfigurationError
from lunaroute_server.config.problem import InvalidConfigurationError, Problem, raise_problems

PORT = Problem(reason="Expected `int`", path=("port",), source="c.yaml:3")
HOST = Problem(reason="is missing", path=("host",), source="c.yaml:1")


def test_no_problem_is_no_error():
    raise_problems([], source="c.yaml")


def test_one_problem_is_one_plain_error():
    with pytest.raises(ConfigurationError) as caught:
        raise_problems([PORT, PORT], source="c.yaml")
    assert type(caught.value) is ConfigurationError
    assert str(caught.value) == "c.yaml:3: port: Expected `int`"


def test_several_problems_are_reported_at_once():
    with pytest.raises(InvalidConfigurationError) as caught:
        raise_problems([PORT, HOST], source="c.yaml")
    assert [error.path for error in caught.value.errors] == ["port", "host"]
    assert str(caught.value) == (
        "c.yaml: 2 problems:\n  c.yaml:3: port: Expected `int`\n  c.yaml:1: host: is missing"
    )
