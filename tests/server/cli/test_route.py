"""`route explain` and `route test`."""

import json

import pytest

CONFIG = """\
providers:
  first: {type: mock}
  second: {type: mock}
routing:
  timeouts: {total_secs: 300}
  rules:
    - name: tagged
      priority: 20
      match: {tag: batch}
      primary: second
    - name: main
      match: {model_pattern: ^m}
      retry: {max_retries: 2}
      primary: first
      fallbacks: [second/other]
"""


@pytest.fixture
def explain(lunaroute, home):
    path = home / "lr.yaml"
    path.write_text(CONFIG)
    return lambda *arguments: lunaroute("route", "explain", "-c", str(path), *arguments)


def rows(text):
    """The rows of all tables, without their spaces."""
    return [" ".join(line.split()) for line in text.splitlines()]


def test_rules_targets_and_consequences_are_shown(explain):
    result = explain("--model", "m1", "--stream")
    assert result.returncode == 0
    shown = rows(result.stdout)
    assert shown[:2] == [
        "request m1, a stream, from a client that speaks openai_chat",
        "route main: its rule takes the request",
    ]
    assert "main taken" in shown
    assert any(row.startswith("tagged - ") for row in shown)
    assert "1. primary ordered first/m1" in shown
    assert "2. fallback ordered second/other" in shown
    assert "first/m1 is asked again up to 2 times, after at most 200 ms → second/other" in shown
    assert (
        "second/other is asked again up to 2 times, after at most 200 ms → the client is told"
        in shown
    )
    assert "rests first: 60 s after 5 failures in a row" in shown
    assert "limit 300 s for all attempts together" in shown
    assert any(row.startswith("commit with its first content, or 10 s") for row in shown)


@pytest.mark.parametrize(
    ("arguments", "route", "chosen_by"),
    [
        (["--model", "m1"], "main", "rule"),
        (["--model", "m1", "--tag", "batch"], "tagged", "rule"),
        (["--model", "m1", "--provider", "second"], "second", "provider"),
        (["--model", "x", "-H", "X-Luna-Route: main"], "main", "route"),
        (["--model", "x", "--query", "route=main"], "main", "route"),
        (["--model", "second/m1"], "second", "prefix"),
        (["--model", "x", "--dialect", "anthropic"], "first", "default"),
        (["--path", "/v1/embeddings", "-H", "anthropic-version: 1"], None, None),
    ],
)
def test_every_word_of_the_client_counts(explain, arguments, route, chosen_by):
    result = explain(*arguments, "--json")
    if route is None:
        assert (result.returncode, result.stdout) == (1, "")
        assert "no provider serves anthropic's clients" in result.stderr
        return
    answer = json.loads(result.stdout)
    assert (answer["route"], answer["chosen_by"]) == (route, chosen_by)


def test_a_provider_can_be_supposed_to_be_down(explain):
    result = explain("--model", "m1", "--down", "first", "--json")
    answer = json.loads(result.stdout)
    assert answer["order"] == ["second/other"]
    assert answer["tiers"][0]["candidates"][0]["skipped"] == "it is taken to be down"
    shown = rows(explain("--model", "m1", "--down", "first").stdout)
    assert "- primary ordered first/m1 skipped: it is taken to be down" in shown


def test_a_refusal_is_exit_code_1(explain):
    result = explain("--model", "m1", "--down", "first", "--down", "second")
    assert result.returncode == 1
    assert 'refused: no provider of the route "main" can be asked now' in result.stdout


def test_a_whole_request_is_read_from_a_file(explain, home):
    body = {"model": "m1", "messages": [{"role": "user", "content": "[LUNAROUTE:second] hi"}]}
    (home / "body.json").write_text(json.dumps(body))
    answer = json.loads(explain("--body", str(home / "body.json"), "--json").stdout)
    assert (answer["route"], answer["chosen_by"]) == ("second", "marker")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ([], "model: a request without a body needs a model"),
        (["--model", "m", "--dialect", "gopher"], 'there is no dialect "gopher"'),
        (["--model", "m", "--down", "third"], 'there is no provider "third", only first, second'),
        (["--model", "m", "-H", "nonsense"], "is not NAME:VALUE"),
        (["--body", "/none.json"], "/none.json"),
    ],
)
def test_wrong_arguments_are_exit_code_2(explain, arguments, reason):
    result = explain(*arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert reason in result.stderr


MATRIX = """\
- name: plain
  request: {model: m1}
  expect: {route: main, order: [first, second]}
- name: batch
  request: {model: m1, tags: [batch]}
  expect: {provider: PROVIDER}
"""


@pytest.fixture
def check(lunaroute, home):
    def run(matrix, *arguments):
        (home / "lr.yaml").write_text(CONFIG)
        (home / "matrix.yaml").write_text(matrix)
        files = ["-c", str(home / "lr.yaml"), "--matrix", str(home / "matrix.yaml")]
        return lunaroute("route", "test", *files, *arguments)

    return run


def test_expectations_that_hold_are_exit_code_0(check):
    result = check(MATRIX.replace("PROVIDER", "second"))
    assert (result.returncode, result.stderr) == (0, "2 of 2 as expected\n")
    assert rows(result.stdout)[-2:] == [
        "plain ok main first/m1, second/other",
        "batch ok tagged second/m1",
    ]


def test_one_that_does_not_hold_is_exit_code_1(check):
    result = check(MATRIX.replace("PROVIDER", "first"))
    assert result.returncode == 1
    assert rows(result.stdout)[-1] == "batch failed tagged second/m1"
    assert result.stderr == 'batch: provider is "second", not "first"\n1 of 2 as expected\n'


def test_results_as_json(check):
    result = check(MATRIX.replace("PROVIDER", "first"), "--json")
    assert (result.returncode, result.stderr) == (1, "")
    assert json.loads(result.stdout)[1] == {
        "name": "batch",
        "passed": False,
        "failures": ['provider is "second", not "first"'],
        "route": "tagged",
        "order": ["second/m1"],
    }


def test_mistakes_in_the_file_are_exit_code_2_with_their_place(check, home):
    result = check("- name: one\n  request: {model: m}\n  expects: {route: main}\n")
    assert (result.returncode, result.stdout) == (2, "")
    assert f"{home}/matrix.yaml:3: [0].expects: unknown key" in result.stderr
    result = check(MATRIX.replace("PROVIDER", "second") + "  down: [third]\n")
    assert result.returncode == 2
    assert f'{home}/matrix.yaml: down: there is no provider "third"' in result.stderr
