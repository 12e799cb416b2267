"""`${…}` templates in configured headers and body edits."""

import pytest

from lunaroute_core import ModelRequest, RequestContext
from lunaroute_egress import Templates

REQUEST = ModelRequest(
    model="gpt-5",
    stream=False,
    context=RequestContext(
        client_dialect="openai_chat",
        request_id="req_1",
        session_id="s-1",
        user_agent="agent/1",
        client_address="127.0.0.1",
    ),
)
TEMPLATES = Templates(
    provider="openai",
    allowed_environment=frozenset({"REGION"}),
    environment={"REGION": "eu", "SECRET": "never"},
    clock=lambda: 1700000000.9,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("${request_id}/${session_id}", "req_1/s-1"),
        ("${provider} ${model} ${timestamp}", "openai gpt-5 1700000000"),
        ("${client_ip} ${user_agent}", "127.0.0.1 agent/1"),
        ("${env.REGION}", "eu"),
        ("$${model}", "${model}"),
        ("${unknown}", "${unknown}"),
        ("$model", "$model"),
    ],
)
def test_variables(text, expected):
    assert TEMPLATES.render(text, REQUEST) == expected


def test_environment_variables_are_readable_only_by_name():
    """The original had a deny-list, which let DATABASE_URL through."""
    assert TEMPLATES.render("${env.SECRET}", REQUEST) == "${env.SECRET}"


def test_strings_anywhere_in_json_are_rendered_and_nothing_else():
    value = {"a": ["${model}", 1, None, {"${model}": "${provider}"}]}
    assert TEMPLATES.render_json(value, REQUEST) == {
        "a": ["gpt-5", 1, None, {"${model}": "openai"}]
    }
