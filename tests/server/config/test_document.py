import pytest

from lunaroute_core.errors import ConfigurationError
from lunaroute_server.config.document import read_document

YAML = "port: 1\nlogging:\n  level: debug\n"
TOML = 'port = 1\n[logging]\nlevel = "debug"\n'
JSON = '{"port": 1, "logging": {"level": "debug"}}'


@pytest.mark.parametrize(
    ("name", "text"),
    [("c.yaml", YAML), ("c.yml", YAML), ("c.toml", TOML), ("c.json", JSON), ("C.YAML", YAML)],
)
def test_the_extension_says_which_format_it_is(write, name, text):
    assert read_document(write(text, name)).data == {"port": 1, "logging": {"level": "debug"}}


def test_another_extension_is_refused(write):
    with pytest.raises(ConfigurationError, match=r"known are \.yaml, \.yml, \.toml, \.json"):
        read_document(write("port=1", "config.ini"))


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("c.yaml", "port: 1\nlogging: [\n", 3),
        ("c.yaml", "port: 1\n\tlogging: 2\n", 2),
        ("c.toml", "port = 1\nlogging = \n", 2),
        ("c.json", '{"port": 1,\n "logging" 2}', 2),
    ],
)
def test_a_syntax_error_names_file_and_line(write, name, text, line):
    path = write(text, name)
    with pytest.raises(ConfigurationError, match="syntax error") as caught:
        read_document(path)
    assert caught.value.source == f"{path}:{line}"


@pytest.mark.parametrize("name", ["c.yaml", "c.json"])
def test_a_list_is_no_configuration(write, name):
    with pytest.raises(ConfigurationError, match="must be a mapping"):
        read_document(write("[1, 2]", name))


@pytest.mark.parametrize("text", ["", "# nothing yet\n"])
def test_an_empty_yaml_file_says_nothing(write, text):
    assert read_document(write(text)).data == {}


def test_a_byte_order_mark_is_skipped(write):
    assert read_document(write("\ufeffport: 1")).data == {"port": 1}


def test_other_text_than_utf8_is_refused(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_bytes(b"host: \xff\n")
    with pytest.raises(ConfigurationError, match="is not UTF-8"):
        read_document(path)


def test_a_file_that_cannot_be_read_is_an_error(tmp_path):
    path = tmp_path / "c.yaml"
    path.mkdir()
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_document(path)


def test_a_key_given_twice_is_a_problem_with_its_line(write):
    path = write("port: 1\nlogging:\n  level: info\n  level: debug\n")
    (problem,) = read_document(path).problems
    assert problem.path == ("logging", "level")
    assert problem.source == f"{path}:4"


def test_a_json_key_given_twice_is_a_problem(write):
    (problem,) = read_document(write('{"logging": {"level": 1, "level": 2}}', "c.json")).problems
    assert '"level" is here twice' in problem.reason


def test_a_toml_key_given_twice_is_a_syntax_error(write):
    with pytest.raises(ConfigurationError, match="syntax error"):
        read_document(write("port = 1\nport = 2\n", "c.toml"))


def test_json_has_no_nan(write):
    with pytest.raises(ConfigurationError, match="NaN is no JSON"):
        read_document(write('{"port": NaN}', "c.json"))


def test_the_place_of_a_key_is_its_line_or_the_nearest_around_it(write):
    path = write("port: 1\nlogging:\n  level: debug\n")
    document = read_document(path)
    assert document.place(("logging", "level")) == f"{path}:3"
    assert document.place(("logging", "format")) == f"{path}:2"
    assert document.place(("host",)) == str(path)
