"""What of a client's headers reaches the upstream, and what is put in their place."""

from lunaroute_egress.upstream_headers import upstream_headers

CLIENT = (
    (b"host", b"127.0.0.1:8081"),
    (b"user-agent", b"claude-cli/2.1"),
    (b"anthropic-beta", b"a-1"),
    (b"anthropic-beta", b"b-2"),
    (b"x-custom", b"kept"),
    (b"authorization", b"Bearer client"),
    (b"content-length", b"17"),
    (b"accept-encoding", b"gzip, snappy, br;q=0"),
    (b"connection", b"keep-alive, x-hop"),
    (b"x-hop", b"dropped"),
    (b"te", b"trailers"),
    (b"x-luna-provider", b"up"),
    (b"x-luna-route", b"cheap"),
    (b"x-luna-tags", b"a,b"),
)


def made(**changes):
    arguments = {"host": "up:1", "credentials": (), "required": (), "stream": False} | changes
    return upstream_headers(CLIENT, **arguments)


def test_end_to_end_headers_are_kept_in_order_repeated_ones_too():
    headers = made()
    assert headers["user-agent"] == "claude-cli/2.1"
    assert headers.getall("anthropic-beta") == ["a-1", "b-2"]
    assert headers["x-custom"] == "kept"


def test_forwarded_host_is_not_sent_upstream():
    """The original forwarded the client's Host on its models route."""
    assert made().getall("host") == ["up:1"]


def test_hop_by_hop_headers_and_those_connection_names_are_dropped():
    headers = made()
    assert {"connection", "te", "x-hop", "content-length"}.isdisjoint(headers)


def test_what_is_meant_for_the_gateway_goes_no_further():
    assert [name for name in made() if name.startswith("x-luna-")] == []


def test_forwarded_accept_encoding_is_what_client_and_gateway_both_read():
    """The original forwarded Accept-Encoding and then parsed the compressed answer as JSON."""
    assert made()["accept-encoding"] == "gzip"


def test_event_streams_are_asked_for_uncompressed():
    assert made(stream=True)["accept-encoding"] == "identity"


def test_client_credentials_never_pass_by_themselves():
    assert "authorization" not in made()


def test_credentials_replace_the_clients():
    headers = made(credentials=((b"authorization", b"Bearer own"),))
    assert headers.getall("authorization") == ["Bearer own"]


def test_required_headers_give_way_to_the_clients():
    headers = made(required=((b"user-agent", b"ours"), (b"anthropic-version", b"2023-06-01")))
    assert headers.getall("user-agent") == ["claude-cli/2.1"]
    assert headers["anthropic-version"] == "2023-06-01"


def test_extra_headers_replace_the_clients():
    headers = made(extra=((b"x-custom", b"ours"),))
    assert headers.getall("x-custom") == ["ours"]


def test_header_bytes_that_are_utf8_or_latin1_keep_their_meaning():
    headers = upstream_headers(
        ((b"x-utf8", "é".encode()), (b"x-latin", b"\xe9")),
        host="up:1",
        credentials=(),
        required=(),
        stream=False,
    )
    assert (headers["x-utf8"], headers["x-latin"]) == ("é", "é")


def test_cookies_go_nowhere_but_where_credentials_do():
    cookie = (b"cookie", b"session=secret")
    assert "cookie" not in upstream_headers(
        (cookie,), host="up:1", credentials=(), required=(), stream=False
    )
    headers = upstream_headers(
        (cookie,), host="up:1", credentials=(cookie,), required=(), stream=False
    )
    assert headers.getall("cookie") == ["session=secret"]


def test_a_header_set_by_the_provider_takes_a_credentials_place():
    headers = made(
        credentials=((b"authorization", b"Bearer key"),),
        extra=((b"authorization", b"Basic set"),),
    )
    assert headers.getall("authorization") == ["Basic set"]
