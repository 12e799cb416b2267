import subprocess
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lunaroute_core.byte_search import SHORT, ByteSearch

ALMOST = b"[SOUGH:[SOUGHT [sought: " * SHORT


@pytest.mark.parametrize("size", [0, 100, SHORT - 1, SHORT, SHORT + 1, 30_000, 90_000])
def test_it_is_found_wherever_it_stands_and_only_where_it_does(size):
    search, around = ByteSearch(b"[SOUGHT:"), ALMOST[:size]
    assert not search.found_in(around)
    for at in (0, size // 2, size):
        assert search.found_in(around[:at] + b"[SOUGHT:" + around[at:])


@given(sought=st.binary(max_size=12), before=st.binary(), after=st.binary())
@example(sought=b"\\E.*\x00(?i)", before=b"\xff", after=b"\xc3")
@example(sought=b"\xc3", before=b"", after=b"\xa9")
@example(sought=b"", before=b"", after=b"")
def test_all_bytes_stand_for_themselves(sought, before, after):
    search, long = ByteSearch(sought), bytes(SHORT)
    assert search.found_in(before + sought + after + long)
    assert search.found_in(before + after + long) == (sought in before + after + long)


def test_the_core_is_loaded_without_it():
    code = "import sys, lunaroute_core, lunaroute_core.dialects.registry; print(*sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60
    )
    loaded = run.stdout.split()
    assert "lunaroute_core.model_request" in loaded
    assert not {"re2", "lunaroute_core.byte_search"} & set(loaded)
