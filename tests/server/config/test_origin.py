import pytest

from lunaroute_server.config import Origin


@pytest.mark.parametrize(
    ("origin", "text"),
    [
        (Origin(), "default"),
        (Origin(kind="file", name="c.yaml:3"), "file c.yaml:3"),
        (Origin(kind="environment", name="LUNAROUTE_PORT"), "environment LUNAROUTE_PORT"),
        (Origin(kind="argument", name="--port"), "argument --port"),
    ],
)
def test_an_origin_reads_as_what_and_which(origin, text):
    assert str(origin) == text
