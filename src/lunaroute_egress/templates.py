"""`${…}` templates in configured headers and body edits.

Variables: `request_id`, `session_id`, `provider`, `model`, `timestamp` (Unix seconds),
`client_ip`, `user_agent`, and `env.NAME` for the environment variables an operator has
allowed by name. `$${x}` is a literal `${x}`; an unknown variable stays as it is written.
"""

import os
import re
import time
from collections.abc import Callable, Mapping

from attrs import field, frozen

from lunaroute_core.json_value import JSONValue
from lunaroute_core.model_request import ModelRequest

_VARIABLE = re.compile(r"\$(\$?)\{([A-Za-z_][A-Za-z0-9_.]*)\}")


@frozen(kw_only=True)
class Templates:
    """Renders templates for one provider.

    Attributes:
        provider: the provider's name.
        allowed_environment: names of the environment variables templates may read.
        environment: where they are read from.
        clock: Unix time in seconds.
    """

    provider: str
    allowed_environment: frozenset[str] = frozenset()
    environment: Mapping[str, str] = field(factory=lambda: os.environ)
    clock: Callable[[], float] = time.time

    def render(self, text: str, request: ModelRequest) -> str:
        if "${" not in text:
            return text

        def value(match: re.Match[str]) -> str:
            if match.group(1):
                return match.group()[1:]
            found = self._value(match.group(2), request)
            return match.group() if found is None else found

        return _VARIABLE.sub(value, text)

    def render_json(self, value: JSONValue, request: ModelRequest) -> JSONValue:
        """The same value with every string in it rendered; keys stay."""
        match value:
            case str():
                return self.render(value, request)
            case list():
                return [self.render_json(item, request) for item in value]
            case dict():
                return {key: self.render_json(item, request) for key, item in value.items()}
            case _:
                return value

    def _value(self, name: str, request: ModelRequest) -> str | None:
        kind, _, variable = name.partition(".")
        if kind == "env":
            allowed = variable in self.allowed_environment
            return self.environment.get(variable) if allowed else None
        context = request.context
        values = {
            "request_id": context.request_id,
            "session_id": context.session_id,
            "provider": self.provider,
            "model": request.model,
            "timestamp": str(int(self.clock())),
            "client_ip": context.client_address,
            "user_agent": context.user_agent,
        }
        return values.get(name)
