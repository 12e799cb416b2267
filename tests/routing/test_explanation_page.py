"""The page on routing says what the code does."""

import re
from pathlib import Path

import pytest

from lunaroute_routing.verdict import VERDICTS

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "routing.md"
ROW = re.compile(r"^\| `(\w+)` \| (\w+) \| (yes|no) \| (yes|no) \| (\w+) \|$", re.MULTILINE)


@pytest.fixture(scope="module")
def rows():
    return {kind: rest for kind, *rest in ROW.findall(PAGE.read_text())}


def test_every_kind_of_error_is_there(rows):
    assert set(rows) == {kind.value for kind in VERDICTS}


@pytest.mark.parametrize("kind", VERDICTS)
def test_a_kind_means_what_is_said(rows, kind):
    verdict = VERDICTS[kind]
    words = {True: "yes", False: "no"}
    assert rows[kind] == [
        verdict.fault,
        words[verdict.retry],
        words[verdict.fall_back],
        verdict.rest,
    ]
