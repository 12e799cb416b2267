import stat

import pytest

from lunaroute_storage.private_file import (
    create_private_file,
    is_regular_file,
    make_private_directory,
    narrow_mode,
)


def mode(path):
    return stat.S_IMODE(path.lstat().st_mode)


def writer(text):
    return lambda draft: draft.write_text(text)


def test_directories_that_are_made_are_private_and_others_are_left_alone(tmp_path):
    tmp_path.chmod(0o755)
    make_private_directory(tmp_path / "a" / "b")
    assert (mode(tmp_path / "a"), mode(tmp_path / "a" / "b")) == (0o700, 0o700)
    assert mode(tmp_path) == 0o755
    make_private_directory(tmp_path / "a" / "b")


def test_a_file_in_the_place_of_a_directory_is_an_error(tmp_path):
    (tmp_path / "a").write_text("")
    with pytest.raises(NotADirectoryError):
        make_private_directory(tmp_path / "a")


def test_a_file_is_made_private_and_whole(tmp_path):
    def fill(draft):
        assert mode(draft) == 0o600
        assert not (tmp_path / "file").exists()
        draft.write_text("whole")

    create_private_file(tmp_path / "file", fill)
    assert (tmp_path / "file").read_text() == "whole"
    assert mode(tmp_path / "file") == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_file_that_is_there_is_left_alone(tmp_path):
    (tmp_path / "file").write_text("first")
    create_private_file(tmp_path / "file", writer("second"))
    assert (tmp_path / "file").read_text() == "first"


def test_a_file_that_another_process_makes_meanwhile_is_left_alone(tmp_path):
    def slow(draft):
        (tmp_path / "file").write_text("faster")
        draft.write_text("slower")

    create_private_file(tmp_path / "file", slow)
    assert (tmp_path / "file").read_text() == "faster"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_nothing_is_written_through_a_symbolic_link(tmp_path):
    (tmp_path / "file").symlink_to(tmp_path / "elsewhere")
    create_private_file(tmp_path / "file", writer("secret"))
    assert not (tmp_path / "elsewhere").exists()
    assert not is_regular_file(tmp_path / "file")


def test_a_draft_that_cannot_be_written_leaves_nothing_behind(tmp_path):
    def fail(draft):
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        create_private_file(tmp_path / "file", fail)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("before", "after"), [(0o644, 0o600), (0o660, 0o600), (0o400, 0o400)])
def test_a_file_is_taken_from_everybody_else(tmp_path, before, after):
    (tmp_path / "file").touch()
    (tmp_path / "file").chmod(before)
    narrow_mode(tmp_path / "file")
    assert mode(tmp_path / "file") == after
