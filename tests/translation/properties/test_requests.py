"""Requests of everything that the SDKs' types allow, written as they came and translated."""

import itertools
import json

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lunaroute_core.dialects.registry import DIALECTS
from lunaroute_core.errors import InvalidRequestError
from lunaroute_core.translation import Translation

from .examples import checked
from .said import (
    covers,
    differences,
    elements_named,
    everything,
    exchanges,
    keys_of,
    marked,
)
from .sdk_requests import PARAMS, A, C, R, any_requests, conversations
from .sdk_values import EXTRA, fields_of

EVERY_DIALECT = pytest.mark.parametrize("dialect", [C, R, A])
PAIRS = [*itertools.permutations([C, R, A], 2)]
EVERY_PAIR = pytest.mark.parametrize(("client", "upstream"), PAIRS)
FIELDS = {
    name: {"stream", EXTRA, *fields_of(kind)[0], *fields_of(kind)[1]}
    for name, kind in PARAMS.items()
}


def unsaid_of(body):
    """What may stay behind unsaid: a Responses item's id and the name of an output's form,
    which are labels for one vendor; and tools beside those that are allowed, since leaving them
    out is what that asks for.
    """
    filtered = "allowed_tools" in str(body.get("tool_choice"))

    def unsaid(path):
        label = keys_of(path)[-1] == "id" or path in FORM_NAMES
        return label or (filtered and path.startswith("tool"))

    return unsaid


FORM_NAMES = ("text.format.name", "response_format.json_schema.name")


def check_named(client, param):
    """It is a field that the client's SDK knows, or one of such a field's."""
    assert param, "the error names no field"
    assert keys_of(param)[0] in FIELDS[client]


# --- in the same dialect --------------------------------------------------------------------------


def written_again(dialect, body):
    translation = Translation()
    request = DIALECTS[dialect].requests.decode(msgspec.json.encode(body))
    raw = DIALECTS[dialect].requests.encode(request, translation)
    return msgspec.json.decode(raw), [warning.param for warning in translation.warnings]


def check_same(dialect, body):
    """But for what a warning names, such as thinking that a conversation lacks."""
    written, warned = written_again(dialect, body)
    changed = [
        path
        for path in differences(body, written)
        if not any(covers(param, path) for param in warned)
    ]
    assert changed == []


@EVERY_DIALECT
@checked(200)
@given(data=st.data())
def test_whatever_the_sdk_allows_is_written_as_it_came(dialect, data):
    check_same(dialect, data.draw(any_requests(dialect)))


@EVERY_DIALECT
@checked(200)
@given(data=st.data())
def test_a_conversation_is_written_as_it_came(dialect, data):
    check_same(dialect, data.draw(conversations(dialect)))


@EVERY_DIALECT
@checked(200)
@given(data=st.data())
def test_what_the_sdk_allows_is_what_is_drawn(validate, dialect, data):
    """The strategies are judged as the codecs are."""
    validate(dialect, data.draw(conversations(dialect)))


# --- to other dialects ----------------------------------------------------------------------------


@EVERY_PAIR
@checked(200)
@given(data=st.data())
def test_whatever_the_sdk_allows_is_valid_for_the_upstream_or_refused_by_name(
    send, client, upstream, data
):
    try:
        sent = send(client, upstream, data.draw(any_requests(client)))
    except InvalidRequestError as error:
        check_named(client, error.details.param)
        return
    for param in sent.warned:
        check_named(client, param)


@EVERY_PAIR
@checked(200)
@given(data=st.data())
def test_nothing_is_lost_unless_it_is_said(send, client, upstream, data):
    body = data.draw(conversations(client))
    try:
        sent = send(client, upstream, body)
    except InvalidRequestError as error:
        check_named(client, error.details.param)
        return
    kept = everything(sent.body) + repr(sent.translation.stages)
    told_of = tuple(elements_named(sent.warned, body))
    unsaid = unsaid_of(body)
    lost = {
        path: text
        for path, text in marked(body)
        if text not in kept
        and not path.startswith(told_of)
        and not unsaid(path)
        and not any(covers(param, path) for param in sent.warned)
    }
    assert lost == {}, sent.warned


@EVERY_PAIR
@checked(200)
@given(data=st.data())
def test_calls_and_their_results_stay_together(send, client, upstream, data):
    """And in order. Files in results stand elsewhere in Chat, and are named after the call."""
    body = data.draw(conversations(client, rare=False))
    try:
        sent = send(client, upstream, body)
    except InvalidRequestError:
        assume(False)
    before, after = exchanges(client, body), exchanges(upstream, sent.body)
    assert len(after) == len(before)
    for one, other in zip(before, after, strict=True):
        assert other.call >= one.call
        assert other.result <= one.result | one.call


@EVERY_PAIR
@checked(100)
@given(data=st.data())
def test_a_request_is_always_written_as_the_same_bytes(send, client, upstream, data):
    body = data.draw(conversations(client))
    try:
        sent = send(client, upstream, body)
    except InvalidRequestError:
        assume(False)
    assert send(client, upstream, json.loads(json.dumps(body))).raw == sent.raw


@EVERY_PAIR
@checked(100)
@given(data=st.data())
def test_a_conversation_that_goes_on_begins_with_the_same_bytes(send, client, upstream, data):
    """Up to the turn that was the last one: the user's next words may join it."""
    body = data.draw(conversations(client, rare=False))
    key = "input" if client == R else "messages"
    shorter = {**body, key: body[key][: turn_before_last(body[key])]}
    assume(shorter[key])
    try:
        before, after = send(client, upstream, shorter).body, send(client, upstream, body).body
    except InvalidRequestError:
        assume(False)
    # The first mark of a conversation has all content for Chat written in parts from then on.
    assume(has_marks(before) == has_marks(after))
    key = "input" if upstream == R else "messages"
    begun = [json.dumps(it) for it in without_marks(before[key][:-1])]
    assert [json.dumps(it) for it in without_marks(after[key])][: len(begun)] == begun


def turn_before_last(items):
    """Where the user's last but one turn ends."""
    users = [at for at, it in enumerate(items) if it.get("role") == "user"]
    return users[-2] + 1 if len(users) > 1 else 0


MARKS = ("cache_control", "prompt_cache_breakpoint")


def has_marks(body):
    return any(f'"{mark}": {{' in json.dumps(body) for mark in MARKS)


def without_marks(value):
    """Cache marks move on with the conversation: a request may have only so many."""
    if isinstance(value, list):
        return [without_marks(it) for it in value]
    if not isinstance(value, dict):
        return value
    return {key: without_marks(it) for key, it in value.items() if key not in MARKS}
