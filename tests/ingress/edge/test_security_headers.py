from lunaroute_ingress.edge.security_headers import SECURITY_HEADERS


def test_a_browser_may_neither_guess_nor_frame_nor_run_an_answer():
    headers = dict(SECURITY_HEADERS)
    assert headers[b"x-content-type-options"] == b"nosniff"
    assert headers[b"x-frame-options"] == b"DENY"
    assert b"default-src 'none'" in headers[b"content-security-policy"]
    assert headers[b"referrer-policy"] == b"no-referrer"


def test_a_gateway_on_plain_http_does_not_ask_for_https():
    assert b"strict-transport-security" not in dict(SECURITY_HEADERS)
