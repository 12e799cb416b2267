from lunaroute_server.cli.log_line import readable


def test_a_json_line_is_made_readable():
    line = '{"event":"listening","level":"info","timestamp":"2026-01-01T00:00:00Z","port":8081}'
    shown = readable(line)
    assert "listening" in shown
    assert "port=8081" in shown
    assert "{" not in shown


def test_what_is_not_json_stays():
    assert readable("Traceback (most recent call last):") == "Traceback (most recent call last):"
    assert readable("[1, 2]") == "[1, 2]"
    assert readable("") == ""
