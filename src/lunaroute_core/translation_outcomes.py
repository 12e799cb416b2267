"""What becomes of each thing that a request or an answer holds, on its way into a dialect.

A dialect keeps these outcomes beside its codec, in `outcomes.json`: what it makes of the other
dialects' requests, answers and errors, each with an example. The tables of the documentation
are written from them, and the tests translate every example.
"""

from functools import cache
from importlib import resources
from typing import Literal, TypeAlias

import msgspec
from msgspec import Struct

from lunaroute_core.capabilities import Capabilities
from lunaroute_core.json_value import JSONObject

Outcome: TypeAlias = Literal["mapped", "emulated", "carried", "rejected", "dropped"]
"""Mapped: the dialect has it. Emulated: its effect is had by other means. Carried: it travels in
a field of its own. Rejected: the client is answered 400. Dropped: it is left out."""


class RequestOutcome(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What becomes of one thing that clients of other dialects ask for.

    Attributes:
        feature: what is asked for, in words that all dialects share.
        clients: the dialects that ask for it so.
        field: the field by which they ask.
        outcome: what becomes of it.
        becomes: how, or why not, in a few words.
        example: fields of a client's request that ask for it.
        headers: headers of that request.
        capabilities: what the model accepts, where that decides and differs from the model
            that the dialect's examples are for.
        sends: by JSON pointer (RFC 6901), what the upstream is sent for the example.
        omits: JSON pointers that lead nowhere in what the upstream is sent.
        warnings: what is said of the example: `dropped seed`. Strict translation rejects it,
            naming the field of the first.
        param: the field that a rejection names.
    """

    feature: str
    clients: tuple[str, ...]
    field: str
    outcome: Outcome
    becomes: str
    example: JSONObject
    headers: dict[str, str] = {}
    capabilities: JSONObject = {}
    sends: JSONObject = {}
    omits: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    param: str | None = None


class AnswerOutcome(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a client gets for one thing in an answer of another dialect.

    Attributes:
        feature: what the answer holds, in words that all dialects share.
        upstreams: the dialects whose answers hold it so.
        outcome: what becomes of it.
        becomes: what that is, in a few words.
        example: fields of an upstream's answer that holds it.
        request: fields of the request that was answered, where it matters.
        capabilities: as in `RequestOutcome`; of the upstream's model.
        gives: by JSON pointer, what the client gets for the example.
        omits: JSON pointers that lead nowhere in what the client gets.
    """

    feature: str
    upstreams: tuple[str, ...]
    outcome: Outcome
    becomes: str
    example: JSONObject
    request: JSONObject = {}
    capabilities: JSONObject = {}
    gives: JSONObject = {}
    omits: tuple[str, ...] = ()


class ErrorOutcome(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a client gets for another dialect's error.

    Attributes:
        kind: what went wrong, an `ErrorKind`.
        upstreams: the dialects that report it so.
        status: the upstream's HTTP status.
        example: the body of its answer.
        becomes: the status that the client gets.
        gives: by JSON pointer, what is in the client's body.
    """

    kind: str
    upstreams: tuple[str, ...]
    status: int
    example: JSONObject
    becomes: int
    gives: JSONObject


class DialectOutcomes(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one dialect makes of the others.

    Attributes:
        request: the fields that a request in this dialect cannot do without.
        answer: an answer in this dialect that says nothing.
        capabilities: how the model that examples are for differs from a plain one.
        requests: what becomes of other dialects' requests where this is the upstream's.
        answers: what becomes of other dialects' answers where this is the client's.
        finishes: the same, of the reasons for which answers end.
        errors: the same, of errors.
    """

    request: JSONObject
    answer: JSONObject
    capabilities: JSONObject
    requests: tuple[RequestOutcome, ...]
    answers: tuple[AnswerOutcome, ...]
    finishes: tuple[AnswerOutcome, ...]
    errors: tuple[ErrorOutcome, ...]

    def model_for(self, outcome: RequestOutcome | AnswerOutcome) -> Capabilities:
        """What the upstream's model accepts in an example; this is the upstream's dialect."""
        return msgspec.convert({**self.capabilities, **outcome.capabilities}, Capabilities)


@cache
def outcomes_into(dialect: str) -> DialectOutcomes:
    """What a dialect makes of the others.

    Raises:
        FileNotFoundError: the dialect does not say.
    """
    file = resources.files(f"lunaroute_core.dialects.{dialect}").joinpath("outcomes.json")
    return msgspec.json.decode(file.read_bytes(), type=DialectOutcomes)


def request_outcomes(client: str, upstream: str) -> tuple[RequestOutcome, ...]:
    """What becomes of what a client's requests may hold, for an upstream of another dialect."""
    return tuple(it for it in outcomes_into(upstream).requests if client in it.clients)


def answer_outcomes(upstream: str, client: str) -> tuple[AnswerOutcome, ...]:
    """What a client of another dialect gets for what an upstream's answers may hold."""
    given = outcomes_into(client)
    return tuple(it for it in (*given.answers, *given.finishes) if upstream in it.upstreams)
