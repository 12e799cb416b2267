"""Whether `routing`, and what providers say for it, makes sense."""

import re
from collections.abc import Iterator

from lunaroute_server.config.destination_checks import DestinationChecks
from lunaroute_server.config.key_path import KeyPath
from lunaroute_server.config.match_checks import match_problems
from lunaroute_server.config.model import Config
from lunaroute_server.config.problem import Problem
from lunaroute_server.config.routing import SWITCH_VARIABLES
from lunaroute_server.config.routing_rule import RESERVED_NAMES, rule_name

_TEMPLATE = re.compile(r"\$\{([^}]*)\}")


def routing_problems(config: Config) -> Iterator[Problem]:
    yield from _destinations(config)
    yield from _names(config)
    yield from _retries(config)
    yield from _messages(config)
    if config.routing.share_cooldowns and not config.state.is_shared:
        reason = "has no effect while state.url is memory://, which each process has for itself"
        yield Problem.at(reason, "routing", "share_cooldowns")


def _destinations(config: Config) -> Iterator[Problem]:
    routing = config.routing
    checks = DestinationChecks(providers=config.providers, aliases=routing.aliases)
    for position, rule in enumerate(routing.rules):
        path = ("routing", "rules", position)
        yield from match_problems(rule.match, (*path, "match"))
        yield from checks.problems(rule, path)
    for name, alias in routing.aliases.items():
        prefix, slash, _ = name.partition("/")
        if slash and prefix in config.providers:
            reason = f'is always taken for a model of provider "{prefix}"'
            yield Problem.at(reason, "routing", "aliases", name)
        yield from checks.problems(alias, ("routing", "aliases", name))


def _names(config: Config) -> Iterator[Problem]:
    """An alias is a rule of its name, so both share one room for names."""
    routing = config.routing
    named: list[tuple[str, KeyPath]] = [
        (rule_name(rule, position), ("routing", "rules", position, "name"))
        for position, rule in enumerate(routing.rules)
    ]
    named += [(name, ("routing", "aliases", name)) for name in routing.aliases]
    seen: set[str] = set()
    for name, path in named:
        if not name or not name.isprintable() or name != name.strip():
            yield Problem.at("a name is one line of text, without spaces at its ends", *path)
        elif name.startswith(RESERVED_NAMES):
            yield Problem.at(
                f'names that begin with "{RESERVED_NAMES}" are the gateway\'s own', *path
            )
        elif name in seen:
            yield Problem.at(f'"{name}" is the name of another rule or alias', *path)
        seen.add(name)


def _retries(config: Config) -> Iterator[Problem]:
    for name, provider in config.providers.items():
        retries = provider.http_client.max_retries
        if retries is not None and provider.retry.max_retries not in (None, retries):
            path = ("providers", name, "http_client", "max_retries")
            yield Problem.at('contradicts "retry.max_retries"', *path)


def _messages(config: Config) -> Iterator[Problem]:
    messages: dict[KeyPath, str | None] = {
        ("providers", name, "switch_notification_message"): provider.switch_notification_message
        for name, provider in config.providers.items()
    }
    if (notification := config.routing.provider_switch_notification) is not None:
        path = ("routing", "provider_switch_notification", "default_message")
        messages[path] = notification.default_message
    for path, message in messages.items():
        for name in _TEMPLATE.findall(message or ""):
            if name not in SWITCH_VARIABLES:
                known = ", ".join(SWITCH_VARIABLES)
                yield Problem.at(f"unknown template ${{{name}}}; known are {known}", *path)
