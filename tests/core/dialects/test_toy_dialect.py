"""Runs the code of `docs/how-to/add-a-dialect.md`."""

import inspect
from types import ModuleType

import pytest

from lunaroute_core.dialects import registry
from lunaroute_core.dialects.dialect import Dialect


@pytest.fixture
def own_tests(toy_files, toy_dialect):
    module = ModuleType("test_acme_prompt")
    exec(toy_files["tests/core/dialects/acme_prompt/test_acme_prompt.py"], vars(module))
    return {name: test for name, test in vars(module).items() if name.startswith("test_")}


@pytest.mark.parametrize(
    "name",
    [
        "test_a_request_is_understood_and_keeps_what_is_not",
        "test_an_answer_is_written_as_acme_writes_it",
        "test_a_stream_is_written_as_acme_writes_it_and_read_back",
    ],
)
async def test_the_how_to_s_own_tests_pass(own_tests, name):
    result = own_tests.pop(name)()
    if inspect.isawaitable(result):
        await result


def test_every_test_of_the_how_to_is_run(own_tests):
    assert len(own_tests) == 3


def test_adding_it_takes_one_folder_and_one_registry_line(toy_files, toy_dialect):
    assert {path.rpartition("/")[0] for path in toy_files if path.startswith("lunaroute_core")} == {
        "lunaroute_core/dialects/acme_prompt"
    }
    added = [line for line in toy_files["diff"].splitlines() if line.startswith("+")]
    assert added == ["+        ACME_PROMPT,"]
    assert isinstance(toy_dialect, Dialect)


def test_the_registry_has_the_place_the_how_to_shows(toy_files):
    before = [line[1:] for line in toy_files["diff"].splitlines() if not line.startswith("+")]
    assert "\n".join(before) in inspect.getsource(registry)
