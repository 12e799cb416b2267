import itertools

import msgspec
import pytest

from lunaroute_core import (
    AnswerOutcome,
    RequestOutcome,
    answer_outcomes,
    outcomes_into,
    request_outcomes,
)
from lunaroute_core.dialects.registry import DIALECTS
from lunaroute_core.errors import ErrorKind
from lunaroute_core.translation_reference import features

C, R, A = "openai_chat", "openai_responses", "anthropic_messages"
PAIRS = list(itertools.permutations(DIALECTS, 2))
EVERY_DIALECT = pytest.mark.parametrize("dialect", list(DIALECTS))
ONLY_RESPONSES_ASK = {
    "MCP servers",
    "`phase`",
    "background, prompt templates",
    "most calls of tools",
    "other hosted tools",
    "state kept by the vendor",
    "truncation",
}
ONLY_CHAT_ASKS = {"`logit_bias`, `n`", "`name` of a participant", "penalties, `seed`"}
ONLY_OPENAI_ASKS = {
    "JSON object",
    "allowed tools",
    "free-form tools",
    "log probabilities",
    "metadata",
    "refusals in the history",
    "verbosity, prediction",
}
ONLY_ANTHROPIC_ASKS = {
    "`anthropic-beta`",
    "`top_k`",
    "text documents, search results",
    "what is said of a document",
}
NOT_ASKED = {
    C: ONLY_RESPONSES_ASK
    | ONLY_ANTHROPIC_ASKS
    | {
        "PDF by URL",
        "citations in the history",
        "containers, threads, compaction, fallbacks",
        "context management",
        "hosted tools in the history",
        "images and files in results",
    },
    R: ONLY_CHAT_ASKS | ONLY_ANTHROPIC_ASKS | {"legacy `functions`", "stop sequences"},
    A: (ONLY_RESPONSES_ASK - {"MCP servers", "other hosted tools"})
    | ONLY_CHAT_ASKS
    | ONLY_OPENAI_ASKS
    | {"audio", "legacy `functions`", "text file as data"},
}
"""What requests of a dialect have no way to ask for."""


def test_the_outcomes_of_a_field_are_found_by_pair():
    found = {it.outcome for it in request_outcomes(C, A) if it.field == "seed"}
    assert found == {"dropped"}
    assert {it.outcome for it in answer_outcomes(A, C) if it.feature == "usage"} == {"mapped"}


@pytest.mark.parametrize(("client", "upstream"), PAIRS)
def test_every_pair_tells_of_every_feature_that_its_client_has(client, upstream):
    every = features(outcomes_into(name).requests for name in DIALECTS)
    told = {row.feature for row in request_outcomes(client, upstream)}
    assert told == set(every) - NOT_ASKED[client]


@EVERY_DIALECT
def test_other_dialects_only_are_told_of(dialect):
    given = outcomes_into(dialect)
    peers = [it.clients for it in given.requests]
    peers += [it.upstreams for it in (*given.answers, *given.finishes, *given.errors)]
    assert {name for names in peers for name in names} == set(DIALECTS) - {dialect}


@EVERY_DIALECT
def test_every_outcome_says_what_proves_it(dialect):
    given = outcomes_into(dialect)
    for row in given.requests:
        assert (row.outcome == "rejected") == (row.param is not None), row
        assert row.param or row.sends or row.omits, row
        assert all(it.startswith(f"{row.outcome} ") for it in row.warnings), row
    for answer in (*given.answers, *given.finishes):
        assert answer.gives, answer


@EVERY_DIALECT
def test_every_kind_of_error_that_an_upstream_reports_is_told_of(dialect):
    ours = {ErrorKind.UNAVAILABLE, ErrorKind.PROTOCOL}
    assert {it.kind for it in outcomes_into(dialect).errors} == set(ErrorKind) - ours


@pytest.mark.parametrize("kind", [RequestOutcome, AnswerOutcome])
def test_a_misspelt_field_of_an_outcome_is_an_error(kind):
    with pytest.raises(msgspec.ValidationError, match="unknown field"):
        msgspec.json.decode(b'{"warns": []}', type=kind)


def test_a_dialect_without_outcomes_says_so():
    with pytest.raises(FileNotFoundError):
        outcomes_into("openai_vendor")
