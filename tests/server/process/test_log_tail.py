from lunaroute_server.process.log_tail import LogTail, lines_added, read_tail


def test_the_last_lines(tmp_path):
    path = tmp_path / "log"
    path.write_text("one\ntwo\nthree\n")
    assert read_tail(path, 2) == LogTail(lines=("two", "three"), end=14)
    assert read_tail(path, 0) == LogTail(lines=(), end=14)
    assert read_tail(tmp_path / "none", 2) == LogTail()


def test_lines_are_followed_whole_however_they_are_written(tmp_path):
    path = tmp_path / "log"
    path.write_text("before\n")
    start = read_tail(path, 1).end
    pieces = iter(["fir", "st\nsec", "ond\n"])

    def write_more():
        piece = next(pieces, None)
        if piece is None:
            return False
        with path.open("a") as file:
            file.write(piece)
        return True

    assert list(lines_added(path, start=start, go_on=write_more)) == ["first", "second"]
