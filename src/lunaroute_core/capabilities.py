"""What an upstream model accepts, so that translation need not guess.

A dialect keeps a list of profiles beside its codec, `capabilities.json`: the first whose
name pattern matches a model says how it differs from the dialect's defaults. An operator's
own profiles, from the configuration, come before them.
"""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cache
from importlib import resources
from typing import Any, Literal

import msgspec
from msgspec import Struct

Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]
ThinkingMode = Literal["enabled", "adaptive", "disabled", "between_tools"]
EFFORTS: tuple[Effort, ...] = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
"""From least to most."""


class Capabilities(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One upstream model, as seen through one dialect.

    Attributes:
        sampling: whether `temperature`, `top_p` and `top_k` are accepted.
        one_sampling_field: whether it takes `temperature` or `top_p`, but not both.
        max_temperature: the highest `temperature`.
        thinking: the thinking modes it accepts; none: it does not think.
        efforts: the reasoning efforts it accepts, least first; none: it takes no effort.
        mid_conversation_system: whether system turns may stand between others.
        prefill: whether the last turn may be the assistant's, to be continued.
        structured_output: whether it takes a JSON schema for its answer.
        max_stop_sequences: how many; 0: it takes none.
        max_output_tokens: the most it can write; sent where the dialect wants a limit and
            the client gave none.
        output_limit_field: how a Chat server calls the limit.
        stream_usage: whether a Chat server can be asked for usage in streams.
        tool_id_length: the most characters a tool call's id may have.
        tool_name_length: the most characters a tool's name may have.
        needs_user_turn: whether it refuses conversations without a user's turn.
        first_party: whether the dialect's own vendor serves it. A compatible server is sent
            nothing of the vendor's storage, accounting and caches, which some refuse.
        system_role: how a Chat server calls the author of instructions.
        cache_marks: whether single parts may be marked for the prompt cache.
        web_search: whether it can be given the vendor's web search.
    """

    sampling: bool = True
    one_sampling_field: bool = False
    max_temperature: float = 2.0
    thinking: tuple[ThinkingMode, ...] = ()
    efforts: tuple[Effort, ...] = ()
    mid_conversation_system: bool = True
    prefill: bool = False
    structured_output: bool = True
    max_stop_sequences: int = 4
    max_output_tokens: int = 8192
    output_limit_field: Literal["max_completion_tokens", "max_tokens"] = "max_completion_tokens"
    stream_usage: bool = True
    tool_id_length: int = 40
    tool_name_length: int = 64
    needs_user_turn: bool = False
    first_party: bool = True
    system_role: Literal["developer", "system"] = "developer"
    cache_marks: bool = True
    web_search: bool = True


Profiles = Mapping[str, Mapping[str, Any]]
"""By model name pattern (`*` and `?`), the fields of `Capabilities` that differ."""


def capabilities_of(dialect: str, model: str, *, own: Profiles | None = None) -> Capabilities:
    """What is known of a model behind a dialect.

    Args:
        dialect: the dialect the upstream speaks.
        model: the upstream's name of it.
        own: an operator's profiles; the first that matches is laid over what is known.

    Raises:
        msgspec.ValidationError: an operator's profile has an unknown field or a wrong value.
    """
    known = _first(_profiles(dialect), model)
    return msgspec.convert({**known, **_first(own or {}, model)}, Capabilities)


def _first(profiles: Profiles, model: str) -> Mapping[str, Any]:
    for pattern, profile in profiles.items():
        if fnmatchcase(model.lower(), pattern.lower()):
            return profile
    return {}


@cache
def _profiles(dialect: str) -> Profiles:
    """The profiles that come with a dialect, in the order of its file; it need not have any."""
    file = resources.files(f"lunaroute_core.dialects.{dialect}").joinpath("capabilities.json")
    if not file.is_file():
        return {}
    return msgspec.json.decode(file.read_bytes(), type=dict[str, dict[str, Any]])
