import pytest

from lunaroute_core import ErrorDetails, ErrorKind
from lunaroute_core.dialects.registry import dialect_named
from lunaroute_ingress.answers import Answer, error_answer, json_answer
from lunaroute_ingress.exchange import Exchange


@pytest.fixture
def sent(client_of):
    """What arrives of an answer."""

    async def send(answer):
        async def app(_scope, _receive, send):
            await answer.send(send)

        return await client_of(app)("GET", "/")

    return send


@pytest.fixture
def exchange():
    return Exchange(headers=(), first={}, request_id="req_1")


def failed(**facts):
    return ErrorDetails(**({"kind": ErrorKind.RATE_LIMIT, "message": "slowly"} | facts))


async def test_an_answer_has_its_own_length(sent):
    answer = await sent(Answer(201, ((b"content-length", b"99"), (b"x-a", b"1")), b"abc"))
    assert answer.status == 201
    assert answer.headers == [(b"x-a", b"1"), (b"content-length", b"3")]
    assert answer.body == b"abc"
    assert answer.is_whole


async def test_repeated_headers_stay_repeated(sent):
    headers = ((b"set-cookie", b"a=1"), (b"set-cookie", b"b=2"))
    answer = await sent(Answer(200, headers, b""))
    assert answer.headers[:2] == list(headers)


async def test_what_the_gateway_says_itself_is_json(sent):
    answer = await sent(json_answer(200, b"{}", [(b"x-a", b"1")]))
    assert answer.header("content-type") == "application/json"
    assert answer.header("x-a") == "1"


async def test_an_error_is_in_the_clients_dialect(sent, exchange, dialect):
    answer = await sent(error_answer(failed(), dialect=dialect_named(dialect), exchange=exchange))
    assert answer.status == 429
    assert answer.json["error"]["message"] == "slowly"
    assert answer.json["error"]["type"] == "rate_limit_error"
    assert ("type" in answer.json) == (dialect == "anthropic_messages")


@pytest.mark.parametrize(
    ("dialect_name", "header"),
    [("openai_chat", "x-request-id"), ("anthropic_messages", "request-id")],
)
async def test_the_vendors_request_id_header_has_the_gateways_id(
    sent, exchange, dialect_name, header
):
    details = failed(request_id="req_upstream")
    answer = await sent(
        error_answer(details, dialect=dialect_named(dialect_name), exchange=exchange)
    )
    assert answer.header(header) == "req_1"
    assert answer.header("x-lunaroute-upstream-request-id") == "req_upstream"


async def test_how_long_to_wait_is_kept_in_whole_seconds(sent, exchange, dialect):
    details = failed(retry_after=1.2, should_retry=False)
    answer = await sent(error_answer(details, dialect=dialect_named(dialect), exchange=exchange))
    assert answer.header("retry-after") == "2"
    assert answer.header("x-should-retry") == "false"


async def test_what_is_not_known_is_not_said(sent, exchange, dialect):
    answer = await sent(error_answer(failed(), dialect=dialect_named(dialect), exchange=exchange))
    for name in ("retry-after", "x-should-retry", "x-lunaroute-upstream-request-id"):
        assert answer.header(name) is None


@pytest.mark.parametrize("upstream_id", ["a\r\nset-cookie: x=1", "a\u2603b"])
async def test_an_upstreams_request_id_cannot_break_out_of_its_header(sent, exchange, upstream_id):
    details = failed(request_id=upstream_id)
    answer = await sent(
        error_answer(details, dialect=dialect_named("openai_chat"), exchange=exchange)
    )
    assert answer.header("x-lunaroute-upstream-request-id").isprintable()
    assert answer.header("set-cookie") is None


def test_an_error_is_noted_for_the_log(exchange):
    error_answer(failed(), dialect=dialect_named("openai_chat"), exchange=exchange)
    assert (exchange.outcome, exchange.error) == ("failed", "rate_limit")
    assert exchange.error_message == "slowly"


async def test_sdks_are_told_not_to_retry_for_want_of_money(sent, exchange):
    """By status alone they would: OpenAI's word for it is a 429."""
    error = ErrorDetails(kind=ErrorKind.BILLING, message="no credit")
    answer = await sent(
        error_answer(error, dialect=dialect_named("openai_chat"), exchange=exchange)
    )
    assert answer.status == 429
    assert answer.header("x-should-retry") == "false"
