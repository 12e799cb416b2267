import pytest

from lunaroute_core.context import RequestContext
from lunaroute_core.model_request import ModelRequest
from lunaroute_egress.templates import Templates
from lunaroute_server.config import PrependedMessage, ProviderConfig, RequestBodyConfig
from lunaroute_server.config.key_path import format_path
from lunaroute_server.config.provider_edit_checks import TEMPLATE_VARIABLES, edit_problems


def problems(**settings):
    provider = ProviderConfig(type="openai", **settings)
    return {format_path(each.path): each.reason for each in edit_problems(provider, ())}


@pytest.mark.parametrize(
    ("headers", "path", "reason"),
    [
        ({"X A": "1"}, 'request_headers."X A"', "is no valid header name"),
        ({"": "1"}, 'request_headers.""', "is no valid header name"),
        ({"Host": "x"}, "request_headers.Host", "is set by the gateway for each connection"),
        (
            {"transfer-encoding": "x"},
            "request_headers.transfer-encoding",
            "is set by the gateway for each connection",
        ),
        (
            {"X-A": "1", "x-a": "2"},
            "request_headers.x-a",
            "is here twice: case makes no difference",
        ),
        ({"X-A": "1\r\nX-B: 2"}, "request_headers.X-A", "must be one line"),
    ],
)
def test_a_header_can_be_sent(headers, path, reason):
    assert problems(request_headers=headers) == {path: reason}


def test_templates_name_what_there_is():
    body = RequestBodyConfig(
        defaults={"metadata": {"ids": ["${request_id}", "$${literal}", 5]}},
        prepend_messages=(PrependedMessage(role="system", content="${env.TEAM} ${model}"),),
    )
    assert problems(request_body=body, template_env=("TEAM",)) == {}


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        ({"request_headers": {"X-A": "${MY_TOKEN}"}}, "request_headers.X-A"),
        (
            {"request_body": RequestBodyConfig(defaults={"a": ["x", "${nope}"]})},
            "request_body.defaults.a[1]",
        ),
        (
            {"request_body": RequestBodyConfig(overrides={"a": {"b": "${nope}"}})},
            "request_body.overrides.a.b",
        ),
        (
            {
                "request_body": RequestBodyConfig(
                    prepend_messages=(PrependedMessage(role="user", content="${nope}"),)
                )
            },
            "request_body.prepend_messages[0]",
        ),
    ],
)
def test_an_unknown_template_is_a_problem(settings, path):
    found = problems(**settings)
    assert [*found] == [path]
    assert "unknown template" in found[path]


def test_a_variable_must_be_allowed_to_templates():
    found = problems(request_headers={"X-A": "${env.TEAM}"}, template_env=("OTHER",))
    assert found == {"request_headers.X-A": 'template ${env.TEAM} needs "TEAM" in template_env'}


def test_allowed_variables_have_names_of_variables():
    assert [*problems(template_env=("TEAM", "MY-TEAM"))] == ["template_env[1]"]


def test_the_known_templates_are_those_that_are_filled_in():
    """The names here and in the templates' own module must not drift apart."""
    context = RequestContext(
        client_dialect="openai_chat", session_id="s", user_agent="u", client_address="::1"
    )
    request = ModelRequest(model="m", stream=False, context=context)
    templates = Templates(provider="p")
    for name in TEMPLATE_VARIABLES:
        assert templates.render(f"${{{name}}}", request) != f"${{{name}}}"
