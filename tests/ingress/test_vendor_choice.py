import pytest

from lunaroute_core.dialects.registry import DIALECTS, dialect_named
from lunaroute_ingress.vendor_choice import dialect_of_client


def chosen(path="", *headers):
    dialect = dialect_of_client(path, headers, dialects=DIALECTS.values())
    return None if dialect is None else dialect.vendor.name


@pytest.mark.parametrize("name", [b"anthropic-version", b"anthropic-beta", b"x-api-key"])
def test_headers_of_anthropic_clients_decide(name):
    assert chosen("/v1/models", (name, b"x")) == "anthropic"


@pytest.mark.parametrize("name", [b"openai-organization", b"openai-beta", b"chatgpt-account-id"])
def test_headers_of_openai_clients_decide(name):
    assert chosen("/v1/models", (name, b"x")) == "openai"


@pytest.mark.parametrize(
    ("key", "vendor"),
    [(b"sk-ant-oat01-x", "anthropic"), (b"sk-proj-x", "openai"), (b"sk-old", None)],
)
def test_then_the_shape_of_the_key(key, vendor):
    assert chosen("/v1/models", (b"authorization", b"Bearer " + key)) == vendor


@pytest.mark.parametrize(
    ("path", "vendor"),
    [
        ("/v1/embeddings", "openai"),
        ("/v1/responses/resp_1", "openai"),
        ("/v1/messages/batches", "anthropic"),
        ("/v1/organizations/me", "anthropic"),
        ("/v1/organization", "openai"),
        ("/v1/organization/users", "openai"),
        ("/v1/messages-of-mine", None),
        ("/v1/files", None),
        ("/", None),
    ],
)
def test_then_the_path(path, vendor):
    assert chosen(path) == vendor


def test_a_header_outweighs_key_and_path():
    key = (b"authorization", b"Bearer sk-proj-x")
    assert chosen("/v1/embeddings", (b"anthropic-version", b"2023-06-01"), key) == "anthropic"


def test_a_key_outweighs_the_path():
    key = (b"authorization", b"Bearer sk-ant-x")
    assert chosen("/v1/embeddings", key) == "anthropic"


def test_of_two_vendors_that_fit_alike_the_first_is_chosen():
    headers = ((b"openai-beta", b"x"), (b"anthropic-version", b"2023-06-01"))
    dialects = list(DIALECTS.values())
    for some in (dialects, dialects[::-1]):
        for given in (headers, headers[::-1]):
            assert dialect_of_client("/", given, dialects=some) is some[0]


def test_only_dialects_that_are_spoken_here_are_chosen():
    openai = [dialect_named("openai_chat")]
    header = ((b"anthropic-version", b"2023-06-01"),)
    assert dialect_of_client("/v1/messages", header, dialects=openai) is None
