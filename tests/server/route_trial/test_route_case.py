import json

import pytest

from lunaroute_core import ConfigurationError
from lunaroute_server.config import InvalidConfigurationError
from lunaroute_server.route_trial import DescribedRequest, Expectation, RouteCase, read_cases

YAML = """\
- name: one
  request: {model: m, headers: {X-A: $HOME}, tags: [t], stream: true}
  expect: {route: main, order: [first, second/x]}
  down: [third]
- name: two
  request:
    body: {model: m, messages: []}
  expect: {provider: first, model: x}
"""
CASES = (
    RouteCase(
        name="one",
        request=DescribedRequest(model="m", headers={"X-A": "$HOME"}, tags=("t",), stream=True),
        expect=Expectation(route="main", order=("first", "second/x")),
        down=("third",),
    ),
    RouteCase(
        name="two",
        request=DescribedRequest(body={"model": "m", "messages": []}),
        expect=Expectation(provider="first", model="x"),
    ),
)


def test_cases_are_read_from_yaml_and_json(tmp_path):
    yaml = tmp_path / "cases.yaml"
    yaml.write_text(YAML)
    assert read_cases(yaml) == CASES
    file = tmp_path / "cases.json"
    value = [
        {
            "name": "one",
            "request": {"model": "m", "headers": {"X-A": "$HOME"}, "tags": ["t"], "stream": True},
            "expect": {"route": "main", "order": ["first", "second/x"]},
            "down": ["third"],
        },
        {
            "name": "two",
            "request": {"body": {"model": "m", "messages": []}},
            "expect": {"provider": "first", "model": "x"},
        },
    ]
    file.write_text(json.dumps(value))
    assert read_cases(file) == CASES


def test_every_mistake_is_told_with_its_line_and_place(tmp_path):
    file = tmp_path / "cases.yaml"
    file.write_text(
        "- name: one\n"
        "  request: {model: m, streams: true}\n"
        "  expect:\n"
        "    rout: main\n"
        "- expect: {route: main}\n"
        "  request: {model: 3}\n"
        "- four\n"
    )
    with pytest.raises(InvalidConfigurationError) as caught:
        read_cases(file)
    assert [str(error) for error in caught.value.errors] == [
        f'{file}:2: [0].request.streams: unknown key (did you mean "stream"?)',
        f'{file}:4: [0].expect.rout: unknown key (did you mean "route"?)',
        f"{file}:6: [1].request.model: Expected `str | null`, got `int`",
        f'{file}:5: [1]: "name" is missing',
        f"{file}:7: [2]: must be a mapping of keys to values",
    ]


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("c.yaml", "name: one", "must be a list of cases"),
        ("c.json", "{}", "must be a list of cases"),
        ("c.json", "[]", "must be a list of cases"),
        ("c.json", "[\n1,,2]", "c.json:2: syntax error"),
        ("c.yaml", "- a: [", "c.yaml:1: syntax error"),
        ("c.yaml", "- {name: a, name: b}", r"c.yaml:1: \[0\].name: is here twice"),
        (
            "c.yaml",
            "- name: one\n  request: {model: m}\n  expect: {}\n",
            r"\[0\].expect: expects nothing",
        ),
    ],
)
def test_what_is_no_list_of_cases_is_told(tmp_path, name, text, reason):
    (tmp_path / name).write_text(text)
    with pytest.raises(ConfigurationError, match=reason):
        read_cases(tmp_path / name)


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(ConfigurationError, match=r"none.yaml: cannot be read"):
        read_cases(tmp_path / "none.yaml")
