from lunaroute_ingress.route_path import raw_route_path


def test_percent_encoding_stays_as_it_was_sent():
    scope = {"path": "/v1/files/a b/c", "raw_path": b"/v1/files/a%20b%2Fc"}
    assert raw_route_path(scope) == "/v1/files/a%20b%2Fc"


def test_a_query_string_in_raw_path_is_left_out():
    assert raw_route_path({"path": "/v1/x", "raw_path": b"/v1/x?a=1?2"}) == "/v1/x"


def test_without_raw_path_the_path_is_encoded_again():
    assert raw_route_path({"path": "/v1/ä b", "raw_path": None}) == "/v1/%C3%A4%20b"
    assert raw_route_path({"path": "/v1/a"}) == "/v1/a"


def test_where_the_application_is_mounted_is_left_out():
    scope = {"path": "/llm/v1/x", "raw_path": b"/llm/v1/x", "root_path": "/llm"}
    assert raw_route_path(scope) == "/v1/x"


def test_the_mount_point_itself_is_the_root():
    assert raw_route_path({"path": "/llm", "raw_path": b"/llm", "root_path": "/llm"}) == "/"
