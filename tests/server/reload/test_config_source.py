import pytest

from lunaroute_core import ConfigurationError
from lunaroute_server.config import Overrides
from lunaroute_server.reload import ConfigSource


def test_it_reads_what_is_there_now_with_the_variables_of_now(tmp_path):
    file, environment = tmp_path / "config.yaml", {"HOST": "::1"}
    file.write_text("host: ${HOST}\n")
    source = ConfigSource(path=file, environment=environment, overrides=Overrides(port=9000))
    assert source.read().config.host == "::1"
    environment["HOST"] = "127.0.0.2"
    assert source.read().config.host == "127.0.0.2"
    file.write_text("host: 127.0.0.3\nport: 1\n")
    config = source.read().config
    assert (config.host, config.port) == ("127.0.0.3", 9000)


def test_without_a_path_the_file_is_looked_for_each_time(tmp_path):
    environment = {"LUNAROUTE_CONFIG": str(tmp_path / "one.yaml")}
    source = ConfigSource(path=None, environment=environment)
    with pytest.raises(ConfigurationError, match="no such file"):
        source.read()
    (tmp_path / "one.yaml").write_text("port: 9001\n")
    assert source.read().config.port == 9001
