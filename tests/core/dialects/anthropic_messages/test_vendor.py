from lunaroute_core.dialects.anthropic_messages import ANTHROPIC, ANTHROPIC_MESSAGES


def test_the_dialect_belongs_to_the_vendor():
    assert ANTHROPIC_MESSAGES.vendor is ANTHROPIC
    assert ANTHROPIC_MESSAGES.name == "anthropic_messages"
    assert ANTHROPIC_MESSAGES.paths == ("/v1/messages",)


def test_no_path_of_both_vendors_tells_this_one():
    shared = [
        *("/v1/models", "/v1/files", "/v1/skills", "/v1/agents", "/v1/vaults"),
        *("/v1/chat/completions", "/v1/completions", "/v1/responses", "/v1/organization/users"),
    ]
    assert not [path for path in shared if ANTHROPIC.owns_path(path)]


def test_the_vendors_own_paths_tell_it():
    own = ["/v1/messages/batches", "/v1/complete", "/v1/organizations/me"]
    assert all(map(ANTHROPIC.owns_path, own))


def test_its_headers_are_in_lower_case():
    assert all(name == name.lower() for name in ANTHROPIC.client_headers)
    assert b"anthropic-version" in ANTHROPIC.client_headers
