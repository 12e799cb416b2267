"""Whether a provider's headers, body edits and templates can have the effect they name."""

import re
from collections.abc import Iterator

from lunaroute_core.headers import HOP_BY_HOP
from lunaroute_core.json_value import JSONValue
from lunaroute_server.config.key_path import KeyPath
from lunaroute_server.config.problem import Problem
from lunaroute_server.config.provider import ProviderConfig

TEMPLATE_VARIABLES = (
    "request_id",
    "session_id",
    "provider",
    "model",
    "timestamp",
    "client_ip",
    "user_agent",
)
"""What `${…}` in headers and body edits may name, beside `env.NAME`."""

_RESERVED_HEADERS = HOP_BY_HOP | {b"host", b"content-length", b"accept-encoding"}
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TEMPLATE = re.compile(r"(\$?)\$\{([A-Za-z_][A-Za-z0-9_.]*)\}")


def edit_problems(provider: ProviderConfig, path: KeyPath) -> Iterator[Problem]:
    for position, name in enumerate(provider.template_env):
        if not _VARIABLE_NAME.fullmatch(name):
            reason = "must be the name of an environment variable"
            yield Problem(reason=reason, path=(*path, "template_env", position))
    yield from _header_problems(provider, (*path, "request_headers"))
    yield from _template_problems(provider, path)


def _header_problems(provider: ProviderConfig, path: KeyPath) -> Iterator[Problem]:
    seen: set[str] = set()
    for name, value in provider.request_headers.items():
        here = (*path, name)
        if not _HEADER_NAME.fullmatch(name):
            yield Problem(reason="is no valid header name", path=here)
        elif name.lower().encode() in _RESERVED_HEADERS:
            yield Problem(reason="is set by the gateway for each connection", path=here)
        elif name.lower() in seen:
            yield Problem(reason="is here twice: case makes no difference", path=here)
        if any(character in value for character in "\r\n\0"):
            yield Problem(reason="must be one line", path=here)
        seen.add(name.lower())


def _template_problems(provider: ProviderConfig, path: KeyPath) -> Iterator[Problem]:
    body = provider.request_body
    allowed = frozenset(provider.template_env)
    messages: list[JSONValue] = [message.content for message in body.prepend_messages]
    edits: dict[KeyPath, JSONValue] = {
        ("request_headers",): dict(provider.request_headers),
        ("request_body", "defaults"): body.defaults,
        ("request_body", "overrides"): body.overrides,
        ("request_body", "prepend_messages"): messages,
    }
    for key, value in edits.items():
        for here, text in _texts(value, (*path, *key)):
            for escape, name in _TEMPLATE.findall(text):
                if not escape and (reason := _unfillable(name, allowed)):
                    yield Problem(reason=reason, path=here)


def _unfillable(name: str, allowed: frozenset[str]) -> str | None:
    kind, _, variable = name.partition(".")
    if name in TEMPLATE_VARIABLES or (kind == "env" and variable in allowed):
        return None
    if kind == "env" and variable:
        return f'template ${{{name}}} needs "{variable}" in template_env'
    known = ", ".join((*TEMPLATE_VARIABLES, "env.NAME"))
    return f"unknown template ${{{name}}}; known are {known}; $${{{name}}} is literal text"


def _texts(value: JSONValue, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    match value:
        case str():
            yield path, value
        case list():
            for position, item in enumerate(value):
                yield from _texts(item, (*path, position))
        case dict():
            for key, item in value.items():
                yield from _texts(item, (*path, key))
        case _:
            return
