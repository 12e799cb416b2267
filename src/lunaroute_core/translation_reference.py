"""The tables of the translation's reference page, written from the dialects' outcomes.

`python -m lunaroute_core.translation_reference docs/reference/translation.md` renews them where
they stand, between the comments that name them; a test compares the committed page with the data.
"""

import re
import sys
from collections.abc import Iterable, Mapping
from itertools import permutations
from pathlib import Path

from lunaroute_core.translation_outcomes import (
    AnswerOutcome,
    ErrorOutcome,
    Outcome,
    RequestOutcome,
    answer_outcomes,
    outcomes_into,
    request_outcomes,
)

LETTERS: Mapping[Outcome, str] = {
    "mapped": "M",
    "emulated": "E",
    "carried": "X",
    "dropped": "D",
    "rejected": "R",
}
NAMES: Mapping[str, tuple[str, str]] = {
    "openai_chat": ("C", "Chat"),
    "openai_responses": ("R", "Responses"),
    "anthropic_messages": ("A", "Anthropic"),
}
"""The dialects of the page, by a letter and by a word."""

_NOTHING = "\N{EN DASH}"
_TABLE = re.compile(r"(<!-- table: ([\w ]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def renewed_page(page: str) -> str:
    """The page with its tables as the data has them.

    Raises:
        KeyError: the page wants a table that there is not.
    """
    tables = reference_tables()
    return _TABLE.sub(lambda found: f"{found[1]}\n{tables[found[2]]}\n\n{found[3]}", page)


def reference_tables() -> dict[str, str]:
    """All tables in Markdown, by name."""
    tables = {f"fields of {client}": _fields_table(client) for client in NAMES}
    return {
        **tables,
        "pairs": _pairs_table(),
        "answers": _answers_table(features(outcomes_into(name).answers for name in NAMES)),
        "finishes": _answers_table(features(outcomes_into(name).finishes for name in NAMES)),
        "errors": _errors_table(),
    }


def features(listings: Iterable[Iterable[RequestOutcome | AnswerOutcome]]) -> list[str]:
    """All features, each where the listings agree that it stands.

    What a listing has beyond those before it comes after its own predecessor.
    """
    merged: list[str] = []
    for listing in listings:
        at = 0
        for feature in dict.fromkeys(row.feature for row in listing):
            if feature not in merged:
                merged.insert(at, feature)
            at = merged.index(feature) + 1
    return merged


def _pairs_table() -> str:
    pairs = list(permutations(NAMES, 2))
    rows = [["", *(f"{NAMES[client][0]}→{NAMES[up][0]}" for client, up in pairs)]]
    for feature in features(outcomes_into(name).requests for name in NAMES):
        cells = [_letters(request_outcomes(*pair), feature) for pair in pairs]
        rows.append([feature, *cells])
    return _table(rows)


def _letters(outcomes: Iterable[RequestOutcome], feature: str) -> str:
    """The outcomes of a feature, the best first."""
    found = {LETTERS[row.outcome] for row in outcomes if row.feature == feature}
    return " ".join(it for it in LETTERS.values() if it in found) or _NOTHING


def _fields_table(client: str) -> str:
    upstreams = [name for name in NAMES if name != client]
    given = {name: request_outcomes(client, name) for name in upstreams}
    rows = [["", "field", *(f"to {NAMES[name][1]}" for name in upstreams)]]
    for feature in features(given.values()):
        own = {name: [it for it in given[name] if it.feature == feature] for name in upstreams}
        names = dict.fromkeys(row.field for outcomes in own.values() for row in outcomes)
        for number, name in enumerate(names):
            cells = [_cell(it for it in own[up] if it.field == name) for up in upstreams]
            rows.append(["" if number else feature, _code(name), *cells])
    return _table(rows)


def _answers_table(rows: list[str]) -> str:
    table = [["", *(f"to {word}" for _, word in NAMES.values())]]
    for feature in rows:
        cells = [
            _cell(
                row
                for upstream in NAMES
                if upstream != client
                for row in answer_outcomes(upstream, client)
                if row.feature == feature
            )
            for client in NAMES
        ]
        table.append([feature, *cells])
    return _table(table)


def _errors_table() -> str:
    kinds = dict.fromkeys(row.kind for name in NAMES for row in outcomes_into(name).errors)
    rows = [["", *(f"to {word}" for _, word in NAMES.values())]]
    for kind in kinds:
        given = [[it for it in outcomes_into(name).errors if it.kind == kind] for name in NAMES]
        rows.append([f"`{kind}`", *(_error(outcomes) for outcomes in given)])
    return _table(rows)


def _error(outcomes: list[ErrorOutcome]) -> str:
    """What the upstreams' statuses become, and the words beside it."""
    statuses = ", ".join(dict.fromkeys(str(it.status) for it in outcomes))
    words = " ".join(f"`{word}`" for word in outcomes[0].gives.values())
    return f"{statuses} → {outcomes[0].becomes} {words}"


def _cell(outcomes: Iterable[RequestOutcome | AnswerOutcome]) -> str:
    texts = (f"{LETTERS[row.outcome]} {row.becomes}" for row in outcomes)
    return "<br>".join(dict.fromkeys(texts)) or _NOTHING


def _code(field: str) -> str:
    """A field's name as code; a remark in parentheses after it, and what is no name, as it is."""
    if "`" in field or field == "…":
        return field
    name, space, remark = field.partition(" ")
    return f"`{name}`{space}{remark}"


def _table(rows: list[list[str]]) -> str:
    head, *body = rows
    lines = [head, ["---"] * len(head), *body]
    escaped = [[cell.replace("|", r"\|") for cell in line] for line in lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in escaped)


def main(path: Path) -> None:
    """Renew a page where it stands."""
    path.write_text(renewed_page(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
