"""Logs: structlog for our own lines, and the same form for those of the libraries.

Everything goes to standard error; standard output belongs to the commands.
"""

import logging
import re
import sys
from collections.abc import Mapping
from typing import Any, TextIO, cast

import msgspec
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

REDACTED = "[redacted]"

SECRET_NAMES = frozenset(
    {
        "api_key",
        "api_keys",
        "authorization",
        "cookie",
        "password",
        "proxy_authorization",
        "secret",
        "set_cookie",
        "x_api_key",
    }
)
"""Names whose values are never written; compared in lower case, with `-` as `_`."""

BARE_SECRET = re.compile(r"(?<![\w-])(?:sk-[\w-]{6,}|lr_\w{8,}|AIza[\w-]{20,})")
"""Keys that are known by their form: OpenAI's, Anthropic's and their like, ours, Google's."""

LABELLED_SECRET = re.compile(
    r"""(
        (?: api[-_]?key | authorization | cookie | password | [?&]key )
            ['"]? \s* [:=,] \s* b?['"]? (?: (?:bearer|basic) \s+ )?
      | \b (?: bearer | basic ) \s+ (?= \S{8} )
    )
    [^\s'",;&})\]]{4,}""",
    re.VERBOSE | re.IGNORECASE,
)
"""Whatever follows a header's name, a query parameter or a scheme of authentication."""

URL_PASSWORD = re.compile(r"(://)[^\s/@:]+:[^\s/@]+(?=@)")

LIBRARIES = ("hypercorn", "uvicorn", "aiohttp", "asyncio", "watchfiles")
"""Their warnings matter; what they do all day does not, except when debugging."""


def configure_logging(level: str, *, form: str = "auto", stream: TextIO | None = None) -> None:
    """Set up structlog and the standard library's logging for this process.

    `level` is debug, info, warning or error. `form` is `console`, `json`, or `auto`: console
    when `stream` (standard error by default) is a terminal.
    """
    output = stream or sys.stderr
    number = logging.getLevelNamesMapping()[level.upper()]
    console = form == "console" or (form == "auto" and output.isatty())
    chain = _processors(console=console)
    render = console_renderer(colors=output.isatty()) if console else render_json
    structlog.configure(
        processors=[*chain, render],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=_LoggerFactory(output),
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=chain,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
    )
    _route_standard_logging(number, formatter, output)


def console_renderer(*, colors: bool) -> structlog.dev.ConsoleRenderer:
    # The pretty tracebacks show local variables, and with them keys and conversations.
    return structlog.dev.ConsoleRenderer(
        colors=colors, exception_formatter=structlog.dev.plain_traceback, pad_event_to=24
    )


def render_json(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    """One line of JSON."""
    return msgspec.json.encode(event).decode()


def scrub_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """A processor that takes secrets out of all names, values and texts, however nested."""
    for name, value in event.items():
        # structlog keeps the record of a foreign line here until it is rendered.
        if not name.startswith("_"):
            event[name] = REDACTED if _is_secret_name(name) else _scrubbed(value)
    return event


def scrub_text(text: str) -> str:
    """`text` without secrets."""
    text = BARE_SECRET.sub(REDACTED, text)
    text = LABELLED_SECRET.sub(rf"\1{REDACTED}", text)
    return URL_PASSWORD.sub(rf"\1{REDACTED}", text)


def _is_secret_name(name: str) -> bool:
    return name.lower().replace("-", "_") in SECRET_NAMES


def _scrubbed(value: Any) -> Any:
    """`value` made of JSON's own types."""
    match value:
        case None | bool() | int() | float():
            return value
        case bytes():
            return scrub_text(_text(value))
        case Mapping():
            pairs = cast("Mapping[Any, Any]", value).items()
            return {
                str(name): REDACTED if _is_secret_name(str(name)) else _scrubbed(inner)
                for name, inner in pairs
            }
        case (str() | bytes() as name, _) if _is_secret_name(_text(name)):
            return [_text(name), REDACTED]
        case list() | tuple() | set() | frozenset():
            return [_scrubbed(inner) for inner in cast("list[Any]", value)]
        case _:
            return scrub_text(str(value))


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("utf-8", "replace")


def _processors(*, console: bool) -> list[Processor]:
    timestamp = "%H:%M:%S" if console else "iso"
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt=timestamp, utc=not console),
        structlog.processors.format_exc_info,
        scrub_secrets,
    ]


class _NamedLogger(structlog.WriteLogger):
    """A line writer with the name that `get_logger` was called with."""

    def __init__(self, file: TextIO, name: str) -> None:
        super().__init__(file)
        self.name = name


class _LoggerFactory:
    def __init__(self, file: TextIO) -> None:
        self._file = file

    def __call__(self, name: str = "lunaroute") -> _NamedLogger:
        return _NamedLogger(self._file, name)


def _says_something(record: logging.LogRecord) -> bool:
    """What asyncio says, and nothing else, for each write to a client that has just left."""
    return record.msg != "socket.send() raised exception."


def _route_standard_logging(level: int, formatter: logging.Formatter, output: TextIO) -> None:
    handler = logging.StreamHandler(output)
    handler.setFormatter(formatter)
    handler.addFilter(_says_something)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in LIBRARIES:
        logging.getLogger(name).setLevel(level if level == logging.DEBUG else logging.WARNING)
