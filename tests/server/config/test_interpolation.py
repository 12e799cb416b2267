import pytest

from lunaroute_server.config.interpolation import expand

ENVIRONMENT = {"KEY": "sk-1", "EMPTY": "", "TRICKY": "${KEY} $KEY $$"}


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("plain", "plain"),
        ("$KEY", "sk-1"),
        ("${KEY}", "sk-1"),
        ("a-${KEY}-$KEY/b", "a-sk-1-sk-1/b"),
        ("${KEY:-other}", "sk-1"),
        ("${UNSET:-other}", "other"),
        ("${EMPTY:-other}", "other"),
        ("${UNSET:-}", ""),
        ("${UNSET:-http://127.0.0.1:1/v1}", "http://127.0.0.1:1/v1"),
        ("$EMPTY", ""),
        ("$$KEY", "$KEY"),
        ("$${KEY}", "${KEY}"),
        ("pa$$$$word", "pa$$word"),
        ("costs 5$", "costs 5$"),
        ("$5 and $-", "$5 and $-"),
    ],
)
def test_expands(text, expanded):
    assert expand(text, ENVIRONMENT) == expanded


def test_a_variables_content_is_not_expanded_again():
    assert expand("$TRICKY", ENVIRONMENT) == "${KEY} $KEY $$"


@pytest.mark.parametrize("text", ["$UNSET", "${UNSET}", "a ${UNSET} b"])
def test_an_unset_variable_is_an_error_that_names_it(text):
    with pytest.raises(ValueError, match="variable UNSET is not set"):
        expand(text, ENVIRONMENT)


@pytest.mark.parametrize("text", ["${", "${KEY", "${KEY-x}", "${5}", "${}"])
def test_a_malformed_reference_is_an_error(text):
    with pytest.raises(ValueError, match="malformed"):
        expand(text, ENVIRONMENT)
