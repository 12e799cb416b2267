"""The reference page of capabilities, written from the type and from the dialects' data.

`python -m lunaroute_server.config.capabilities_reference > docs/reference/capabilities.md`
renews it; a test compares the committed page with the data.
"""

import json
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from lunaroute_core.capabilities import Capabilities, profiles_with_sources
from lunaroute_core.dialects.registry import DIALECTS
from lunaroute_core.servers import Server, servers
from lunaroute_server.config.reference import field_table

_INTRODUCTION = """\
<!-- Written by `python -m lunaroute_server.config.capabilities_reference`; do not edit. -->

# Capabilities

A request that is [translated](translation.md) is fitted to what the upstream model accepts. That is
put together from four places, the later ones going before the earlier:

1. what is known of the model by its **name**, from the list below of its dialect,
2. what is known of the **server** by its address, or by `server` in the provider's
   configuration,
3. what the upstream's own **`/v1/models`** says, if it says anything: Anthropic's does. Every
   such list that a client asks for is read; with `learn_capabilities` it is also asked for before
   the first translated request, waiting two seconds at most, and again after an hour (after ten
   minutes where that failed),
4. what the **operator** says, in `capabilities` of the provider's
   [configuration](configuration.md):

```yaml
providers:
  local:
    type: openai
    base_url: http://gpu-7:8000/v1
    server: vllm
    capabilities:
      "qwen3*":
        efforts: [low, medium, high]
      "*":
        structured_output: false
```

In each of them the first pattern that matches the name counts (`*`, `?` and `[…]`; upper and
lower case are one), and only the fields that it has.
"""

_FIELDS = """\
## Fields

A vendor or dialect in parentheses is the only one for which the field matters.
"""

_SERVERS = """\
## Servers

An address is a host name, or a host and a port. Where the list of a dialect has no entry for an
address, its last one counts, which sends nothing that only the dialect's own vendor takes.
"""

_MODELS = """\
## Models
"""


def capabilities_page() -> str:
    """The page, in MyST Markdown."""
    lists = [(name, servers(name), profiles_with_sources(name)) for name in DIALECTS]
    blocks = [
        _INTRODUCTION,
        _FIELDS,
        field_table(Capabilities),
        _SERVERS,
        *(f"### `{name}`\n\n{_server_table(known)}" for name, known, _ in lists if known),
        _MODELS,
        *(f"### `{name}`\n\n{_model_table(known)}" for name, _, known in lists if known),
    ]
    return "\n".join(blocks)


def _server_table(known: Iterable[Server]) -> str:
    head = "| server | addresses | what is known | from |\n|---|---|---|---|\n"
    return head + "".join(map(_server_row, known))


def _server_row(server: Server) -> str:
    hosts = ", ".join(f"`{host}`" for host in server.hosts)
    said = _differences(server.capabilities)
    models = (
        f"models like `{pattern}`: {_differences(fields)}"
        for pattern, fields in server.models.items()
    )
    return f"| `{server.name}` | {hosts} | {'; '.join([said, *models])} | {server.source} |\n"


def _model_table(known: Mapping[str, Mapping[str, Any]]) -> str:
    head = "| name | what is known | from |\n|---|---|---|\n"
    rows = (
        f"| `{pattern}` | {_differences(profile)} | {profile['source']} |\n"
        for pattern, profile in known.items()
    )
    return head + "".join(rows)


def _differences(profile: Mapping[str, Any]) -> str:
    """The fields of a profile; lists without their quotes and brackets."""
    return ", ".join(
        f"`{name}`: {_text(value)}" for name, value in profile.items() if name != "source"
    )


def _text(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(map(str, value)) or "none"  # pyright: ignore[reportUnknownArgumentType]
    return value if isinstance(value, str) else json.dumps(value)


if __name__ == "__main__":
    sys.stdout.write(capabilities_page())
