import anthropic
import attrs
import openai
import pytest

from lunaroute_core.dialects.openai_vendor import OPENAI


def test_the_request_id_is_in_the_header_that_the_sdk_reads():
    assert OPENAI.request_id_header == "x-request-id"


@pytest.mark.parametrize("prefix", OPENAI.path_prefixes)
def test_no_path_of_anthropics_sdk_begins_like_one_that_is_openais_alone(prefix):
    """Else one vendor's credential would be sent to the other."""
    client = anthropic.Anthropic(api_key="x")
    paths = ["/v1/messages", "/v1/messages/batches", "/v1/models", "/v1/files", "/v1/skills"]
    paths += ["/v1/organizations/me", "/v1/complete", "/v1/agents", "/v1/vaults", "/v1/sessions"]
    assert client.base_url.host == "api.anthropic.com"
    one = attrs.evolve(OPENAI, path_prefixes=(prefix,))
    assert not [path for path in paths if one.owns_path(path)]


@pytest.mark.parametrize("key", [b"sk-ant-api03-abc", b"sk-ant-oat01-abc", b"sk-abcdef"])
def test_key_prefixes_claim_no_key_that_may_be_anthropics(key):
    assert not key.startswith(OPENAI.key_prefixes)


def test_the_headers_of_the_sdks_account_options_tell_its_clients():
    client = openai.OpenAI(api_key="x", organization="org", project="proj")
    sent = {name.lower().encode() for name in client.default_headers}
    assert {b"openai-organization", b"openai-project"} <= sent & OPENAI.client_headers
