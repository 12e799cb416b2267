from urllib.parse import parse_qsl, quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lunaroute_core import InvalidRequestError
from lunaroute_ingress.exchange import Exchange
from lunaroute_ingress.route_choice import MAX_TAGS, route_override, tags_of, upstream_query


def exchange(*headers):
    return Exchange.begin({"headers": [*headers]})


def header(value):
    return (b"x-luna-route", value)


@pytest.mark.parametrize(
    ("headers", "query", "expected"),
    [
        ([], b"", None),
        ([], b"beta=true", None),
        ([header(b"cheap")], b"", "cheap"),
        ([], b"route=cheap", "cheap"),
        ([], b"beta=true&route=cheap&x", "cheap"),
        ([], b"r%6Fute=a%20b+c", "a b c"),
        ([], b"route=%C5%BC", "\u017c"),
        ([header(b"cheap")], b"route=cheap&route=cheap", "cheap"),
        ([header(b"")], b"route=", None),
        ([header(b"")], b"route=cheap", "cheap"),
        ([header(b"cheap")], b"route", "cheap"),
        ([], b"routes=a&xroute=b&Route=c&route[]=d", None),
    ],
)
def test_a_route_is_named_by_header_or_query(headers, query, expected):
    assert route_override(exchange(*headers), query) == expected


@pytest.mark.parametrize(
    ("headers", "query"), [([header(b"a")], b"route=b"), ([], b"route=a&route=b")]
)
def test_two_different_routes_are_an_error_that_names_the_parameter(headers, query):
    with pytest.raises(InvalidRequestError, match="'a' and 'b'") as caught:
        route_override(exchange(*headers), query)
    assert caught.value.details.param == "route"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (b"", b""),
        (b"beta=true", b"beta=true"),
        (b"route=a", b""),
        (b"b=2&route=a&a=%2f+%2F&b=1", b"b=2&a=%2f+%2F&b=1"),
        (b"r%6Fute=a&&x=&=y", b"&x=&=y"),
        (b"xroute=a&route%3D=b", b"xroute=a&route%3D=b"),
    ],
)
def test_only_the_gateways_parameter_is_taken_off(query, expected):
    assert upstream_query(query) == expected


PIECES = st.binary(max_size=6).map(lambda raw: raw.replace(b"&", b"").replace(b"route", b""))
OURS = st.builds(
    lambda key, value: f"{key}={value}".encode(),
    st.sampled_from(["route", "%72oute"]),
    st.text(max_size=4).map(quote_plus),
)


@given(pairs=st.lists(st.tuples(st.booleans(), PIECES, OURS)))
def test_all_other_bytes_of_a_query_stay(pairs):
    others = [other for is_ours, other, _ in pairs if not is_ours]
    query = b"&".join(ours if is_ours else other for is_ours, other, ours in pairs)
    assert upstream_query(query) == b"&".join(others)


@given(st.lists(st.tuples(st.sampled_from(["a", "route", "b c"]), st.text(max_size=4))))
def test_what_is_left_says_what_the_query_said(pairs):
    query = "&".join(f"{quote(key)}={quote_plus(value)}" for key, value in pairs)
    left = upstream_query(query.encode()).decode()
    assert parse_qsl(left, keep_blank_values=True) == [it for it in pairs if it[0] != "route"]


def tags(*values):
    return tags_of([(b"x-other", b"no"), *((b"x-luna-tags", value) for value in values)])


def test_tags_come_in_order_each_once():
    assert tags() == ()
    assert tags(b"b, a ,b,,team:x/1", b"a,env=dev") == ("b", "a", "team:x/1", "env=dev")


def test_there_may_be_so_many_tags_and_no_more():
    many = [f"t{number}" for number in range(MAX_TAGS + 1)]
    assert tags(",".join(many[:-1]).encode()) == tuple(many[:-1])
    with pytest.raises(InvalidRequestError, match="at most 16") as caught:
        tags(",".join(many).encode())
    assert caught.value.details.param == "X-Luna-Tags"


@pytest.mark.parametrize("tag", [b"a b", b"\xc5\xbc", b"x" * 65, b'"a"', b"a;b"])
def test_a_tag_with_other_characters_is_refused(tag):
    with pytest.raises(InvalidRequestError) as caught:
        tags(b"good," + tag)
    assert caught.value.details.param == "X-Luna-Tags"
