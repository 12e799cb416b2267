import re
from pathlib import Path

import pytest

from lunaroute_core import request_outcomes
from lunaroute_core.translation_outcomes import RequestOutcome
from lunaroute_core.translation_reference import (
    NAMES,
    features,
    main,
    reference_tables,
    renewed_page,
)

NOTHING = "\N{EN DASH}"
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "translation.md"


def rows(table):
    """The cells of a table, without its head."""
    lines = table.splitlines()[2:]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def test_the_committed_page_is_current():
    """`python -m lunaroute_core.translation_reference docs/reference/translation.md`"""
    page = PAGE.read_text(encoding="utf-8")
    assert renewed_page(page) == page


def test_the_page_has_every_table():
    wanted = re.findall(r"<!-- table: ([\w ]+) -->", PAGE.read_text(encoding="utf-8"))
    assert sorted(wanted) == sorted(reference_tables())


def test_a_table_that_is_out_of_date_is_written_anew(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("Before\n<!-- table: errors -->\nold\n<!-- end -->\nafter\n", encoding="utf-8")
    main(page)
    written = page.read_text(encoding="utf-8")
    table = reference_tables()["errors"]
    assert written == f"Before\n<!-- table: errors -->\n\n{table}\n\n<!-- end -->\nafter\n"


def test_a_page_cannot_want_a_table_that_there_is_not():
    with pytest.raises(KeyError, match="prices"):
        renewed_page("<!-- table: prices -->\n<!-- end -->")


def test_the_pairs_show_all_outcomes_of_a_feature():
    head = reference_tables()["pairs"].splitlines()[0]
    assert head == "|  | C→R | C→A | R→C | R→A | A→C | A→R |"
    pairs = {row[0]: row[1:] for row in rows(reference_tables()["pairs"])}
    assert pairs["stop sequences"] == ["E", "M D", NOTHING, NOTHING, "M E R", "E R"]
    assert pairs["log probabilities"] == ["M", "R", "M", "R", NOTHING, NOTHING]


@pytest.mark.parametrize("client", NAMES)
def test_every_field_has_its_row(client):
    table = reference_tables()[f"fields of {client}"]
    fields = {
        (it.feature, it.field)
        for up in NAMES
        if up != client
        for it in request_outcomes(client, up)
    }
    assert len(rows(table)) == len(fields)
    assert all(re.match(r"[`….]", row[1]) for row in rows(table))


def test_a_field_tells_how_and_why():
    cells = {row[1]: row[2:] for row in rows(reference_tables()["fields of openai_chat"])}
    assert cells["`n`"] == ["R Responses answers once", "R Anthropic answers once"]


def feature(name):
    return RequestOutcome(
        feature=name, clients=(), field="f", outcome="mapped", becomes="", example={}
    )


def test_features_stand_where_their_listings_have_them():
    listings = [[*map(feature, names)] for names in ("ac", "abc", "acd", "zc")]
    assert features(listings) == ["z", "a", "b", "c", "d"]
