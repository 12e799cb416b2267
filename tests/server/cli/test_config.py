import json

import jsonschema
import pytest


@pytest.fixture
def file(home):
    path = home / "lr.yaml"
    path.write_text("port: 9123\nproviders:\n  openai:\n    api_key: sk-secret-of-mine\n")
    return str(path)


def test_a_valid_file_is_said_to_be(lunaroute, file):
    result = lunaroute("config", "check", "-c", file)
    assert (result.returncode, result.stdout) == (0, f"{file}: valid\n")
    answer = json.loads(lunaroute("config", "check", "-c", file, "--json").stdout)
    assert answer == {"valid": True, "file": file, "warnings": []}


def test_warnings_are_said_beside_the_answer(lunaroute, monkeypatch):
    monkeypatch.setenv("LUNAROUTE_UI_PORT", "1")
    result = lunaroute("config", "check")
    assert (result.returncode, result.stdout) == (0, "the defaults: valid\n")
    assert "warning: LUNAROUTE_UI_PORT" in result.stderr


def test_values_are_shown_with_their_origin_and_without_keys(lunaroute, file):
    result = lunaroute("config", "show", "-c", file)
    (line,) = [line for line in result.stdout.splitlines() if line.startswith("port ")]
    assert line.split() == ["port", "9123", "file", f"{file}:1"]
    assert "sk-secret" not in result.stdout


def test_the_configuration_as_json_is_without_keys(lunaroute, file):
    result = lunaroute("config", "show", "-c", file, "--json")
    assert json.loads(result.stdout)["port"] == 9123
    assert "sk-secret" not in result.stdout


def test_the_schema_is_a_schema(lunaroute):
    schema = json.loads(lunaroute("config", "schema").stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate({"port": 9123}, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"port": "many"}, schema)
