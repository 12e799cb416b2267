import re
import sys
from fnmatch import fnmatchcase

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lunaroute_core import (
    ConfigurationError,
    InvalidRequestError,
    ModelRequest,
    Operation,
    RequestContext,
    WireRequest,
)
from lunaroute_core.dialects.registry import DIALECTS, dialect_named
from lunaroute_core.model import FunctionTool
from lunaroute_core.testing import chat_request, wire_request
from lunaroute_core.token_estimate import estimate_tokens
from lunaroute_routing.rule import Match, Rule
from lunaroute_routing.rule_index import RuleCheck, RuleIndex

BODY = b'{"model":"gpt-5","messages":[{"role":"user","content":"hi"}]}'
UNREADABLE = b'{"model":"gpt-5","messages":5}'


def rule(name, *, priority=0, **match):
    return Rule(name=name, tiers=(), priority=priority, match=Match(**match))


def name_of(found):
    return None if found is None else found.name


# --- Which rule -------------------------------------------------------------------------------------


def test_the_highest_priority_is_first_and_equal_ones_keep_their_order():
    rules = [rule("low"), rule("b", priority=5), rule("a", priority=5), rule("lower", priority=-1)]
    index = RuleIndex(rules)
    assert index.match(chat_request()) is rules[1]
    assert [check.rule for check in index.explain(chat_request())] == ["b", "a", "low", "lower"]


def test_without_a_rule_that_fits_there_is_none():
    assert RuleIndex([]).match(chat_request()) is None
    assert RuleIndex([rule("gpt", model_glob="gpt-*")]).match(chat_request(model="o3")) is None


def test_a_rule_is_found_by_its_name():
    rules = [rule("a"), rule("b")]
    index = RuleIndex(rules)
    assert index.named("b") is rules[1]
    assert index.named("c") is None


def test_two_rules_of_one_name_are_refused():
    with pytest.raises(ConfigurationError, match="rule gpt: name: two rules have this name"):
        RuleIndex([rule("gpt"), rule("o3"), rule("gpt", priority=3)])


def test_a_pattern_that_cannot_be_read_is_refused():
    with pytest.raises(ConfigurationError, match=r"rule gpt: model_pattern: .* is a lookahead"):
        RuleIndex([rule("all"), rule("gpt", model_pattern="^(?!gpt)")])


@pytest.mark.parametrize("operation", [Operation.GENERATE, Operation.COUNT_TOKENS])
def test_answers_and_counts_of_tokens_go_by_rules(operation):
    request = chat_request()
    request.operation = operation
    assert name_of(RuleIndex([rule("all")]).match(request)) == "all"


def test_lists_of_models_go_by_none():
    request = chat_request()
    request.operation = Operation.LIST_MODELS
    assert RuleIndex([rule("all"), rule("v1", paths=("/v1",))]).match(request) is None


def test_forwarded_requests_go_by_rules_with_paths():
    request = wire_request(BODY)
    request.operation, request.model = Operation.FORWARD, ""
    assert RuleIndex([rule("all"), rule("any", model_glob="*")]).match(request) is None
    assert name_of(RuleIndex([rule("all"), rule("v1", paths=("/v1",))]).match(request)) == "v1"


# --- Why --------------------------------------------------------------------------------------------


def test_an_explanation_says_what_became_of_every_rule():
    index = RuleIndex(
        [
            rule("claude", model_glob="claude-*"),
            rule("o", model_pattern="^o[0-9]"),
            rule("big", min_input_tokens=1_000_000),
            rule("gpt", models=("gpt-5", "gpt-4")),
            rule("rest"),
        ]
    )
    request = chat_request(model="gpt-5")
    tokens = estimate_tokens(request.normalized)
    assert index.explain(request) == (
        RuleCheck("claude", False, 'model "gpt-5" is not "claude-*"'),
        RuleCheck("o", False, 'model "gpt-5" does not match "^o[0-9]"'),
        RuleCheck("big", False, f"the input is about {tokens} tokens, fewer than 1000000"),
        RuleCheck("gpt", True),
        RuleCheck("rest", False, 'not tried: rule "gpt" takes the request'),
    )


# --- What is decoded --------------------------------------------------------------------------------


class CountingRequests:
    """A request codec, counting how often it decodes."""

    def __init__(self, codec):
        self.codec = codec
        self.decoded = 0

    def __getattr__(self, name):
        return getattr(self.codec, name)

    def decode(self, body, **options):
        self.decoded += 1
        return self.codec.decode(body, **options)


@pytest.fixture
def codec(monkeypatch):
    chat = dialect_named("openai_chat")
    counting = CountingRequests(chat.requests)
    monkeypatch.setitem(DIALECTS.loaded, chat.name, attrs.evolve(chat, requests=counting))
    return counting


def test_a_request_is_not_decoded_where_no_rule_asks_for_its_content(codec):
    index = RuleIndex(
        [
            rule("other model", model_glob="claude-*", has_tools=True),
            rule("other team", headers={"x-team": "red"}, has_images=True),
            rule("other path", paths=("/v2",), min_input_tokens=1),
            rule("stream", stream=True, max_input_tokens=1),
            rule("gpt", model_glob="gpt-*"),
            rule("behind it", has_tools=True),
        ]
    )
    for request in (wire_request(BODY), wire_request(UNREADABLE)):
        assert name_of(index.match(request)) == "gpt"
        assert index.explain(request)[4].taken
    assert codec.decoded == 0


def test_a_request_is_decoded_once_for_all_rules_that_ask_for_its_content(codec):
    rules = [rule(f"{number}", min_input_tokens=10_000 + number) for number in range(5)]
    request = wire_request(BODY)
    index = RuleIndex([*rules, rule("tools", has_tools=True), rule("rest", has_images=False)])
    assert name_of(index.match(request)) == "rest"
    assert codec.decoded == 1


def test_a_body_that_cannot_be_understood_is_the_clients_error():
    index = RuleIndex([rule("tools", has_tools=True)])
    for ask in (index.match, index.explain):
        with pytest.raises(InvalidRequestError):
            ask(wire_request(UNREADABLE))


# --- That it agrees with trying one rule after the other ----------------------------------------------

MODELS = ("gpt-5", "gpt-5-mini", "gpt-4.1", "claude-5", "o3", "")
GLOBS = ("gpt-*", "gpt-5", "*-5", "gpt-[45]*", "?3", "*")
PATTERNS = ("^gpt-", "^gpt-5$", "^gpt-.*", "5", "mini$", "^(gpt|o)", r"^gpt-4\.1", "")


def some(*values):
    return st.lists(st.sampled_from(values), max_size=2, unique=True).map(tuple)


def perhaps(*values):
    return st.sampled_from((None, None, None, *values))


def rarely(values, *, nothing=()):
    return st.one_of(st.just(nothing), st.just(nothing), values)


matches = st.builds(
    Match,
    models=rarely(some(*MODELS)),
    model_glob=perhaps(*GLOBS),
    model_pattern=perhaps(*PATTERNS),
    dialects=rarely(some("openai", "openai_chat", "anthropic")),
    headers=rarely(st.just({"x-team": "^(red|blue)$"}), nothing={}),
    query=rarely(st.just({"tier": "1"}), nothing={}),
    paths=rarely(some("/v1", "/v1/messages", "/v2")),
    stream=perhaps(True, False),
    min_input_tokens=perhaps(5, 30),
    max_input_tokens=perhaps(5, 30),
    has_tools=perhaps(True, False),
    has_images=perhaps(True, False),
    keys=rarely(some("a", "b")),
    tenants=rarely(some("a", "b")),
    tags=rarely(some("a", "b")),
    override=perhaps(True, False),
)
tables = st.lists(st.tuples(matches, st.integers(-1, 1)), max_size=8).map(
    lambda rows: [
        Rule(name=f"rule {number}", tiers=(), match=match, priority=priority)
        for number, (match, priority) in enumerate(rows)
    ]
)


circumstances = st.fixed_dictionaries(
    {
        "dialect": st.sampled_from(("openai_chat", "openai_responses", "anthropic_messages")),
        "headers": st.sampled_from(((), ((b"X-Team", b"blue"),), ((b"x-team", b"black"),))),
        "query": st.sampled_from((b"", b"tier=1", b"tier=2")),
        "words": st.sampled_from((1, 40)),
        "tools": st.booleans(),
        "model": st.sampled_from(MODELS),
        "stream": st.booleans(),
        "operation": st.sampled_from([*Operation, *[Operation.GENERATE] * 6]),
        "key": perhaps("a", "b"),
        "tenant": st.sampled_from(("", "a")),
        "tags": some("a", "b", "c"),
        "provider_override": perhaps("azure"),
    }
)


def request_in(given):
    content = chat_request("hi " * given["words"]).normalized
    content.tools = [FunctionTool(name="f")] if given["tools"] else []
    names = ("key", "tenant", "tags", "provider_override")
    dialect = given["dialect"]
    return ModelRequest(
        model=given["model"],
        stream=given["stream"],
        operation=given["operation"],
        context=RequestContext(client_dialect=dialect, **{name: given[name] for name in names}),
        normalized=content,
        wire=WireRequest(
            dialect=dialect,
            path=dialect_named(dialect).paths[0],
            body=BODY,
            headers=given["headers"],
            query=given["query"],
        ),
    )


def fits(match, request):
    """The documentation of `Match`, word for word, with the engines of the standard library."""
    context, model = request.context, request.model
    forwarded = request.operation is Operation.FORWARD
    if request.operation is Operation.LIST_MODELS or (forwarded and not match.paths):
        return False
    content = (match.has_tools, match.has_images, match.min_input_tokens, match.max_input_tokens)
    name = (match.model_glob, match.model_pattern, match.stream, *content)
    if forwarded and (match.models or any(it is not None for it in name)):
        return False
    vendor = "anthropic" if "anthropic" in context.client_dialect else "openai"
    headers = {name.lower().decode(): value.decode() for name, value in request.headers}
    path, query = request.wire.path, request.wire.query.decode()
    tokens = estimate_tokens(request.normalized)
    return all(
        (
            not match.models or model in match.models,
            match.model_glob is None or fnmatchcase(model, match.model_glob),
            match.model_pattern is None or re.search(match.model_pattern, model),
            not match.dialects or {context.client_dialect, vendor} & set(match.dialects),
            all(re.search(it, headers.get(key, "")) for key, it in match.headers.items()),
            all(query == f"{key}={value}" for key, value in match.query.items()),
            not match.paths or any(path.startswith(prefix) for prefix in match.paths),
            match.stream in (None, request.stream),
            match.min_input_tokens is None or tokens >= match.min_input_tokens,
            match.max_input_tokens is None or tokens <= match.max_input_tokens,
            match.has_tools in (None, bool(request.normalized.tools)),
            match.has_images in (None, False),
            not match.keys or context.key in match.keys,
            not match.tenants or context.tenant in match.tenants,
            not match.tags or set(context.tags) & set(match.tags),
            match.override in (None, context.provider_override is not None),
        )
    )


@given(tables, st.lists(circumstances, min_size=1, max_size=4))
def test_the_rule_is_the_one_that_trying_them_in_order_finds(rules, several):
    index = RuleIndex(rules)
    ordered = sorted(rules, key=lambda one: one.priority, reverse=True)
    for request in map(request_in, several * 2):  # the second time the model's name is remembered
        expected = next((one for one in ordered if fits(one.match, request)), None)
        assert index.match(request) is expected
        checks = index.explain(request)
        assert [check.rule for check in checks] == [one.name for one in ordered]
        assert [check.rule for check in checks if check.taken] == (
            [expected.name] if expected else []
        )
        assert all((check.reason is None) is check.taken for check in checks)
        tried = checks if expected is None else checks[: ordered.index(expected)]
        assert not any("not tried" in check.reason for check in tried)
        assert all("not tried" in check.reason for check in checks[len(tried) + 1 :])


# --- That many rules cost no more than few ------------------------------------------------------------


def operations(run):
    """How many of Python's byte code instructions it takes in this package."""
    count = 0

    def trace(frame, event, _):
        nonlocal count
        if not frame.f_globals["__name__"].startswith("lunaroute"):
            return None  # such as what others do when garbage is collected
        frame.f_trace_opcodes = True
        count += event == "opcode"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        run()
    finally:
        sys.settrace(before)
    return count


KINDS = {
    "exact": lambda number: {"models": (f"model-{number:04d}",)},
    "glob": lambda number: {"model_glob": f"model-{number:04d}*"},
    "prefix": lambda number: {"model_pattern": f"^model-{number:04d}.*"},
    "pattern": lambda number: {"model_pattern": f"^model-{number:04d}.*$"},
    "with conditions": lambda number: {
        "model_glob": f"model-{number:04d}*",
        "stream": False,
        "headers": {"x-team": "red"},
    },
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("model", ["model-0003", "other"])
def test_a_thousand_rules_cost_what_ten_do(kind, model):
    request = wire_request(BODY, headers=((b"x-team", b"red"),))
    request.model = model
    costs = []
    for size in (10, 1_000):
        rules = [rule(f"{number}", **KINDS[kind](number)) for number in range(size)]
        index = RuleIndex([*rules, rule("rest")])
        found = []
        first = operations(lambda: found.append(index.match(request)))  # noqa: B023
        again = operations(lambda: found.append(index.match(request)))  # noqa: B023
        assert {one.name for one in found} == {"rest" if model == "other" else "3"}
        costs.append((first, again))
    assert costs[0] == costs[1]
    assert all(0 < again < first < 1_000 for first, again in costs)


def test_a_long_name_that_a_backtracking_engine_despairs_of_is_searched():
    index = RuleIndex([rule("evil", model_pattern="(a+)+$"), rule("rest")])
    assert name_of(index.match(chat_request(model="a" * 10_000 + "!"))) == "rest"
    assert name_of(index.match(chat_request(model="a" * 10_000))) == "evil"


def test_another_model_of_the_same_request_is_another_match():
    index = RuleIndex([rule("o3", models=("o3",)), rule("gpt", model_glob="gpt-*")])
    request = wire_request(BODY)
    assert name_of(index.match(request)) == "gpt"
    assert name_of(index.match(request.with_model("o3"))) == "o3"
