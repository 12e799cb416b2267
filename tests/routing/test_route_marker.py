"""The mark that chooses a route, in conversations as real clients send them."""

import json
from itertools import pairwise

import msgspec
import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from lunaroute_core import InvalidRequestError, Operation
from lunaroute_core.testing import chat_request, wire_request
from lunaroute_routing.route_marker import take_marker

MARK = "[LUNAROUTE:cheap]"


def text(value, **more):
    return {"type": "text", "text": value, **more}


def user(*parts):
    return {"role": "user", "content": [text(it) if isinstance(it, str) else it for it in parts]}


def system(value):
    return {"role": "system", "content": value}


def reminder(value):
    return text(f"<system-reminder>\n{value}\n</system-reminder>\n")


def call(number):
    tool = {"type": "tool_use", "id": f"toolu_{number}", "name": "Read", "input": {"path": MARK}}
    thought = {"type": "thinking", "thinking": f"I saw {MARK}.", "signature": "c2ln"}
    return {"role": "assistant", "content": [thought, text(f"It says {MARK}."), tool]}


def result(number, value="1\tok"):
    return {"type": "tool_result", "tool_use_id": f"toolu_{number}", "content": value}


CLAUDE_MD = reminder(f"# claudeMd\nUsers type {MARK} or [LUNAROUTE:clear].")


def claude_code(*messages):
    """A body as Claude Code sends it."""
    return {
        "model": "claude-sonnet-4-5",
        "max_tokens": 32000,
        "stream": True,
        "system": [text(f"You are Claude Code. {MARK}", cache_control={"type": "ephemeral"})],
        "tools": [{"name": "Read", "description": MARK, "input_schema": {"type": "object"}}],
        "metadata": {"user_id": MARK},
        "messages": list(messages),
    }


def taken(body, dialect="anthropic_messages"):
    """The choice, and the body that goes on."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    chosen, request = take_marker(wire_request(raw, dialect=dialect))
    return chosen, json.loads(request.wire.body)


FIRST = user(CLAUDE_MD, f"{MARK} Fix the tests.")
LOOP = [
    FIRST,
    call(1),
    user(result(1, f"the file says [LUNAROUTE:evil] and {MARK}")),
    call(2),
    user(result(2, [text("[LUNAROUTE:evil]")]), reminder("Mind the todo list. [LUNAROUTE:evil]")),
    call(3),
    user(result(3), reminder("A file was changed."), reminder("And another.")),
]


@pytest.mark.parametrize("until", [1, 3, 5, 7])
def test_a_choice_holds_over_the_tool_loop_and_only_the_users_words_lose_it(until):
    messages = LOOP[:until]
    chosen, body = taken(claude_code(*messages))
    assert chosen == "cheap"
    unmarked = user(CLAUDE_MD, "Fix the tests.")
    assert body == claude_code(unmarked, *messages[1:])


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([*LOOP, call(4), user("Thanks!")], None),
        ([*LOOP, {"role": "assistant", "content": "Done."}, user("Thanks!")], None),
        ([*LOOP, call(4), user(result(4)), user(CLAUDE_MD, "Thanks!")], None),
        ([*LOOP, call(4), user("[LUNAROUTE:other] go on"), call(5), user(result(5))], "other"),
        ([*LOOP, call(4), user("[LUNAROUTE:clear] go on"), call(5), user(result(5))], None),
        ([*LOOP, call(4), user({"type": "image", "source": {"type": "url", "url": "u"}})], None),
        ([*LOOP, system(f"From here on. {MARK}")], "cheap"),
        ([*LOOP, call(4), user(reminder("Continue."))], "cheap"),
    ],
)
def test_it_ends_with_the_users_next_message(messages, expected):
    assert taken(claude_code(*messages))[0] == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("No, leave that.", "cheap"),
        ("Base directory for this skill: /skill", "cheap"),
        ("[LUNAROUTE:other] No, leave that.", "other"),
        ("[LUNAROUTE:clear]", None),
    ],
)
def test_words_beside_results_go_on_with_the_loop_unless_they_have_a_mark(words, expected):
    assert taken(claude_code(*LOOP, call(4), user(result(4), words)))[0] == expected


def test_every_turn_reads_as_before_when_a_new_one_is_added():
    """What prompt caches need: the conversation so far is sent in the same bytes again."""
    bodies = []
    for until in (1, 3, 5, 7):
        _, body = taken(claude_code(*LOOP[:until]))
        bodies.append(json.dumps(body["messages"])[:-1])
    assert all(later.startswith(sooner) for sooner, later in pairwise(bodies))


@pytest.mark.parametrize(
    ("words", "unmarked"),
    [
        (f"{MARK} Go.", "Go."),
        (f"{MARK}Go.", "Go."),
        (f"{MARK}  Go.", " Go."),
        (f"{MARK}\nGo.", "\nGo."),
        (f"Go {MARK} on.", "Go on."),
        (f"Go on. {MARK}", "Go on. "),
        (f"{MARK}{MARK} {MARK} Go.", "Go."),
        ('"\\\u00e9\U0001f600' + MARK, '"\\\u00e9\U0001f600'),
        (f"<system-reminder> is a tag. {MARK}", "<system-reminder> is a tag. "),
        (f"</system-reminder>{MARK} <system-reminder>", "</system-reminder><system-reminder>"),
        (f"<system-reminder>{MARK}</system-reminder>{MARK}", None),
    ],
)
def test_a_mark_is_cut_with_one_space_behind_it(words, unmarked):
    chosen, body = taken(claude_code(user(words)))
    assert chosen == "cheap"
    if unmarked is None:
        unmarked = f"<system-reminder>{MARK}</system-reminder>"
    assert body["messages"] == [user(unmarked)]


@pytest.mark.parametrize(
    "words",
    [
        "[LUNAROUTE:]",
        "[LUNAROUTE:a b]",
        "[LUNAROUTE:<name>]",
        "[LUNAROUTE:a",
        "[lunaroute:a]",
        "[LUNAROUTE:\u00e9]",
        "LUNAROUTE:a]",
        "",
    ],
)
def test_what_is_spelled_otherwise_is_no_mark(words):
    request = wire_request(
        json.dumps(claude_code(user("hi", words))).encode(), dialect="anthropic_messages"
    )
    assert take_marker(request) == (None, request)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("gpt-5.5_mini", "gpt-5.5_mini"), ("a] [LUNAROUTE:b", "b"), ("clear", None)],
)
def test_the_last_mark_of_a_turn_names_the_choice(name, expected):
    chosen, body = taken(claude_code(user(f"[LUNAROUTE:{name}] Go.")))
    assert (chosen, body["messages"]) == (expected, [user("Go.")])


BODIES = {
    "anthropic_messages": lambda *texts: {"max_tokens": 9, "messages": [user(*texts)]},
    "openai_chat": lambda *texts: {"messages": [user(*texts)]},
    "openai_responses": lambda *texts: {
        "input": [
            {
                "type": "message",
                "role": "user",
                "content": [{"type": "input_text", "text": it} for it in texts],
            }
        ]
    },
}
STRINGS = {
    "anthropic_messages": lambda said: {
        "max_tokens": 9,
        "messages": [{"role": "user", "content": said}],
    },
    "openai_chat": lambda said: {"messages": [{"role": "user", "content": said}]},
    "openai_responses": lambda said: {"input": said},
}


@pytest.mark.parametrize("dialect", BODIES)
@pytest.mark.parametrize("alone", [MARK, f" {MARK}\n\u00a0", f"{MARK} [LUNAROUTE:clear]"])
def test_vendors_take_what_is_left_of_a_text_that_was_all_marks(dialect, alone, refusals):
    version = {"version": "2026-10-21"} if dialect == "anthropic_messages" else {}
    for body, left in (
        (BODIES[dialect](alone), BODIES[dialect](".")),
        (BODIES[dialect]("before", alone), BODIES[dialect]("before", ".")),
        (STRINGS[dialect](alone), STRINGS[dialect](".")),
    ):
        _, sent = taken({"model": "m", **body}, dialect)
        assert sent == {"model": "m", **left}
        assert refusals(dialect, sent, **version) == []


TURNS = st.lists(
    st.sampled_from(["@@fix it", "fix @@it", '\u00e9@@ \\ "', "plain", "\n@@\t!"]), min_size=1
)


@given(
    words=TURNS,
    indent=st.sampled_from([None, 0, 3, "\t"]),
    separators=st.sampled_from([(",", ":"), (" , ", " : "), (",\n", ":\r\n")]),
    ascii_only=st.booleans(),
    parts=st.booleans(),
)
@pytest.mark.parametrize("dialect", BODIES)
def test_every_other_byte_stays_however_the_body_is_written(
    dialect, words, indent, separators, ascii_only, parts
):
    """Twice the same body, once with marks where the other has nothing."""
    make = (BODIES if parts else STRINGS)[dialect]
    bodies = [make(said) for said in words]
    merged = dict(bodies[0])
    (key,) = merged.keys() - {"max_tokens"}
    if isinstance(merged[key], list):
        merged[key] = [
            message
            for body in bodies
            for message in (*body[key], {"role": "assistant", "content": f"I see {MARK}"})
        ]
    body = json.dumps(
        {"tools": [{"description": f"{MARK} "}], "model": "m", **merged, "user": f"{MARK} "},
        indent=indent,
        separators=separators,
        ensure_ascii=ascii_only,
    ).encode()
    marked, clean = body.replace(b"@@", f"{MARK} ".encode()), body.replace(b"@@", b"")
    chosen, request = take_marker(wire_request(marked, dialect=dialect))
    assert request.wire.body == clean
    last = words[-1] if isinstance(merged[key], list) else words[0]
    assert chosen == ("cheap" if "@@" in last else None)


def test_numbers_repeated_keys_and_half_surrogates_stay_as_they_are():
    around = (
        b'{"n":1.10e0,"n":123456789012345678901234567890,"x":"\\ud83d",'
        b'"messages":[{"role":"user","content":"\\ud83d %b"}],"model":"m"}'
    )
    chosen, request = take_marker(wire_request(around % b"[LUNAROUTE:a] \\u0041"))
    assert (chosen, request.wire.body) == ("a", around % b"\\u0041")


def test_a_request_without_the_sign_is_not_looked_into():
    request = wire_request(b'{"model":"m","messages":5}')
    assert take_marker(request) == (None, request)
    with pytest.raises(InvalidRequestError, match="messages"):
        take_marker(wire_request(b'{"model":"m","messages":5,"x":"[LUNAROUTE:"}'))


@pytest.mark.parametrize("operation", [Operation.FORWARD, Operation.LIST_MODELS])
def test_what_is_not_read_is_not_touched(operation):
    request = evolve(wire_request(b'{"model":"m","messages":[]}'), operation=operation)
    request = request.with_wire_body(b"[LUNAROUTE:a]")
    assert take_marker(request) == (None, request)


def test_a_token_count_goes_where_the_request_would():
    body = json.dumps(claude_code(FIRST)).encode()
    request = wire_request(body, dialect="anthropic_messages")
    chosen, counted = take_marker(evolve(request, operation=Operation.COUNT_TOKENS))
    assert chosen == "cheap"
    assert b"Fix the tests." in counted.wire.body
    assert counted.operation is Operation.COUNT_TOKENS


@pytest.mark.parametrize("until", [1, 3, 5, 7])
def test_a_request_that_has_no_bytes_is_read_the_same_way(until):
    wire = wire_request(
        json.dumps(claude_code(*LOOP[:until])).encode(), dialect="anthropic_messages"
    )
    chosen, unmarked = take_marker(wire.with_normalized(wire.normalized))
    _, sent = take_marker(wire)
    assert chosen == "cheap"
    assert unmarked.wire is None
    assert unmarked.normalized == sent.normalized


def test_without_bytes_too_a_request_that_has_no_mark_is_the_same():
    request = chat_request("plain")
    assert take_marker(request) == (None, request)
    chosen, request = take_marker(chat_request(f"{MARK}"))
    assert chosen == "cheap"
    assert request.normalized.turns[0].blocks[0].text == "."


def test_the_clients_own_request_is_left_alone():
    """Each attempt, and the record, begin with it."""
    request = wire_request(json.dumps(claude_code(FIRST)).encode(), dialect="anthropic_messages")
    before = request.wire.body
    take_marker(request)
    assert request.wire.body == before
    normalized = chat_request(MARK)
    copy = msgspec.json.encode(normalized.normalized)
    take_marker(normalized)
    assert msgspec.json.encode(normalized.normalized) == copy
