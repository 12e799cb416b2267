from pathlib import Path

import pytest

from lunaroute_core.errors import ConfigurationError
from lunaroute_server.config.location import find_config


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / ".lunaroute").mkdir()
    return tmp_path


def touch(path: Path) -> Path:
    path.touch()
    return path


def test_without_any_file_there_is_none(home):
    assert find_config(None, {"HOME": str(home)}) is None


def test_the_argument_wins_over_the_variable_and_the_variable_over_the_home(home):
    named, argued = touch(home / "named.yaml"), touch(home / "argued.yaml")
    in_home = touch(home / ".lunaroute" / "config.toml")
    environment = {"HOME": str(home), "LUNAROUTE_CONFIG": str(named)}
    assert find_config(argued, environment) == argued
    assert find_config(None, environment) == named
    assert find_config(None, {"HOME": str(home)}) == in_home
    assert find_config(None, {**environment, "LUNAROUTE_CONFIG": ""}) == in_home


def test_in_the_home_yaml_comes_before_toml_and_json(home):
    found = []
    for name in ("config.json", "config.toml", "config.yml", "config.yaml"):
        touch(home / ".lunaroute" / name)
        path = find_config(None, {"HOME": str(home)})
        assert path is not None
        found.append(path.name)
    assert found == ["config.json", "config.toml", "config.yml", "config.yaml"]


def test_a_tilde_is_the_home_of_the_environment(home):
    expected = touch(home / "mine.yaml")
    environment = {"HOME": str(home), "LUNAROUTE_CONFIG": "~/mine.yaml"}
    assert find_config(None, environment) == expected
    assert find_config(Path("~/mine.yaml"), environment) == expected


def test_a_file_that_was_asked_for_must_be_there(home):
    with pytest.raises(ConfigurationError, match=r"missing\.yaml: no such file"):
        find_config(home / "missing.yaml", {})
    with pytest.raises(ConfigurationError, match="is not a file"):
        find_config(home, {})


def test_a_missing_file_names_the_variable_that_asked_for_it(home):
    with pytest.raises(ConfigurationError) as caught:
        find_config(None, {"LUNAROUTE_CONFIG": str(home / "missing.yaml")})
    assert caught.value.source == "LUNAROUTE_CONFIG"
