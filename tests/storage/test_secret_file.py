import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lunaroute_core import ConfigurationError
from lunaroute_storage import secret_file

SECRET = bytes(range(32))

READ = """
import sys
from pathlib import Path
from lunaroute_storage import secret_file
print("ready", flush=True)
sys.stdin.readline()
print(secret_file(Path(sys.argv[1])).hex())
"""


def test_a_secret_is_made_once_and_is_private(tmp_path):
    path = tmp_path / "private" / "secret"
    secret = secret_file(path)
    assert len(secret) == 32
    assert secret_file(path) == secret == path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [path.name for path in path.parent.iterdir()] == ["secret"]


def test_every_installation_has_another_secret(tmp_path):
    assert secret_file(tmp_path / "a") != secret_file(tmp_path / "b")


def test_a_secret_that_is_there_is_read(tmp_path):
    (tmp_path / "secret").write_bytes(SECRET)
    (tmp_path / "secret").chmod(0o400)
    assert secret_file(tmp_path / "secret") == SECRET


def test_processes_that_start_together_get_the_same_secret(tmp_path, run_at_once):
    outputs = run_at_once(READ, tmp_path / "new" / "secret", count=4)
    assert outputs == [[secret_file(tmp_path / "new" / "secret").hex()]] * 4


def test_threads_that_start_together_get_the_same_secret(tmp_path):
    """Closer together than processes can be, a hundred times."""
    with ThreadPoolExecutor(8) as pool:
        for number in range(100):
            path = tmp_path / str(number) / "secret"
            assert len(set(pool.map(secret_file, [path] * 8))) == 1


@pytest.mark.parametrize("content", [b"", SECRET[:-1], SECRET + b"\n"])
def test_a_secret_of_another_length_is_refused_and_kept(tmp_path, content):
    path = tmp_path / "secret"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(ConfigurationError, match=f"{path}: a secret has 32 bytes"):
        secret_file(path)
    assert path.read_bytes() == content


@pytest.mark.parametrize("exists", [True, False])
def test_no_symbolic_link_is_followed(tmp_path, exists):
    target = tmp_path / "target"
    if exists:
        target.write_bytes(SECRET)
        target.chmod(0o600)
    (tmp_path / "secret").symlink_to(target)
    with pytest.raises(ConfigurationError, match="symbolic link"):
        secret_file(tmp_path / "secret")
    assert target.exists() == exists


def test_a_directory_is_refused(tmp_path):
    (tmp_path / "secret").mkdir()
    with pytest.raises(ConfigurationError, match="it is not a file"):
        secret_file(tmp_path / "secret")


def test_a_pipe_is_refused_without_waiting_for_its_other_end(tmp_path):
    os.mkfifo(tmp_path / "secret")
    with pytest.raises(ConfigurationError, match="it is not a file"):
        secret_file(tmp_path / "secret")


def test_a_path_below_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="cannot be read or created: Not a directory"):
        secret_file(tmp_path / "file" / "secret")


def test_a_directory_that_cannot_be_made_is_refused():
    """Not even root, whom permissions do not stop, makes directories in /proc."""
    with pytest.raises(ConfigurationError, match="cannot be read or created"):
        secret_file(Path("/proc/lunaroute/secret"))


def test_a_secret_that_everybody_can_read_is_refused(tmp_path):
    (tmp_path / "secret").write_bytes(SECRET)
    (tmp_path / "secret").chmod(0o644)
    with pytest.raises(ConfigurationError, match="everybody may read it"):
        secret_file(tmp_path / "secret")


def test_a_secret_that_was_given_to_the_group_is_taken_back(tmp_path):
    (tmp_path / "secret").write_bytes(SECRET)
    (tmp_path / "secret").chmod(0o660)
    assert secret_file(tmp_path / "secret") == SECRET
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_secret_of_another_user_is_refused(tmp_path):
    (tmp_path / "secret").write_bytes(SECRET)
    (tmp_path / "secret").chmod(0o600)
    os.chown(tmp_path / "secret", 12345, 12345)
    with pytest.raises(ConfigurationError, match="belongs to another user"):
        secret_file(tmp_path / "secret")
