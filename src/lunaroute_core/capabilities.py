"""What an upstream model accepts, so that translation need not guess.

A dialect keeps a list of profiles beside its codec, `capabilities.json`: the first whose
name pattern matches a model says how it differs from the dialect's defaults, and in `source`
where that is known from. Over it lie, each replacing what it names: what is known of the
server (see `servers`), what the upstream's own list of models says, and an operator's
profiles from the configuration.
"""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from importlib import resources
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from lunaroute_core.servers import Server

Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]
ThinkingMode = Literal["enabled", "adaptive", "disabled", "between_tools"]
EFFORTS: tuple[Effort, ...] = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
"""From least to most."""


class Capabilities(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One upstream model, as seen through one dialect."""

    sampling: bool = True
    """Whether `temperature` and `top_p` are accepted."""
    one_sampling_field: bool = False
    """Whether it takes `temperature` or `top_p`, but not both (Anthropic)."""
    max_temperature: Annotated[float, Meta(ge=0)] = 2.0
    """The highest `temperature`."""
    thinking: tuple[ThinkingMode, ...] = ()
    """The thinking modes it accepts; none: it does not think (Anthropic)."""
    efforts: tuple[Effort, ...] = ()
    """The reasoning efforts it accepts, least first; none: it takes no effort."""
    tools_while_reasoning: bool = True
    """Whether it takes functions with any effort but `none` (Chat)."""
    forced_tools: bool = True
    """Whether a call can be forced: a `tool_choice` of `any` or of one tool (Anthropic)."""
    mid_conversation_system: bool = True
    """Whether system turns may stand between others."""
    prefill: bool = False
    """Whether the last turn may be the assistant's, to be continued."""
    structured_output: bool = True
    """Whether it takes a JSON schema for its answer."""
    max_stop_sequences: Annotated[int, Meta(ge=0)] = 4
    """How many stop sequences it takes; 0: none (Chat)."""
    max_output_tokens: Annotated[int, Meta(ge=1)] | None = None
    """The most it can write; null: that is not known. A client's higher limit is lowered to it,
    and it is sent where the dialect wants a limit and the client gave none (Anthropic; 8192
    where it is not known)."""
    output_limit_field: Literal["max_completion_tokens", "max_tokens"] = "max_completion_tokens"
    """How the server calls the limit (Chat)."""
    stream_usage: bool = True
    """Whether it can be asked for usage in streams (Chat)."""
    tool_id_length: Annotated[int, Meta(ge=9)] = 40
    """The most characters a tool call's id may have."""
    exact_tool_ids: bool = False
    """Whether those ids must be exactly so many letters and digits (Mistral)."""
    tool_name_length: Annotated[int, Meta(ge=9)] = 64
    """The most characters a tool's name may have."""
    needs_user_turn: bool = False
    """Whether it refuses conversations without a user's turn (Chat)."""
    first_party: bool = True
    """Whether the dialect's own vendor serves it. A compatible server is sent nothing of the
    vendor's storage, accounting and caches, which some refuse (OpenAI)."""
    system_role: Literal["developer", "system"] = "developer"
    """How the server calls the author of instructions (Chat)."""
    cache_marks: bool = True
    """Whether single parts may be marked for the prompt cache (OpenAI)."""
    web_search: bool = True
    """Whether it can be given the vendor's web search (Anthropic, Chat)."""
    tools: bool = True
    """Whether it takes tools. A request that needs what is missing here, as also with the next
    three, goes to another provider if its route has one; it is not changed."""
    images: bool = True
    """Whether it sees images."""
    documents: bool = True
    """Whether it reads documents other than plain text."""
    context_window: Annotated[int, Meta(ge=1)] | None = None
    """How many input tokens it takes; null: that is not known. A request goes elsewhere if it is
    estimated to be a quarter larger, since estimates may be as far off."""


Profiles = Mapping[str, Mapping[str, Any]]
"""By model name pattern (`*`, `?` and `[…]`), the fields of `Capabilities` that differ."""

_NOTHING: Mapping[str, Any] = {}


def capabilities_of(
    dialect: str,
    model: str,
    *,
    server: Server | None = None,
    stated: Mapping[str, Any] = _NOTHING,
    own: Profiles | None = None,
) -> Capabilities:
    """What is known of a model behind a dialect.

    Args:
        dialect: the dialect the upstream speaks.
        model: the upstream's name of it.
        server: who answers there; None: nothing is known but the model's name.
        stated: the fields that the upstream's own list of models gives.
        own: an operator's profiles; the first that matches is laid over what is known.

    Raises:
        msgspec.ValidationError: an operator's profile has an unknown field or a wrong value.
    """
    fields = {**_known(dialect, model)}
    if server is not None:
        fields |= {**server.capabilities, **_first(server.models, model)}
    fields |= {**stated, **_first(own or {}, model)}
    return msgspec.convert(fields, Capabilities)


@lru_cache(maxsize=1024)  # clients choose the names
def _known(dialect: str, model: str) -> Mapping[str, Any]:
    return _first(model_profiles(dialect), model)


def _first(profiles: Profiles, model: str) -> Mapping[str, Any]:
    for pattern, profile in profiles.items():
        if fnmatchcase(model.lower(), pattern.lower()):
            return profile
    return _NOTHING


@cache
def model_profiles(dialect: str) -> Profiles:
    """The profiles that come with a dialect, in the order of its file; it need not have any."""
    return {
        pattern: {key: value for key, value in profile.items() if key != "source"}
        for pattern, profile in profiles_with_sources(dialect).items()
    }


def profiles_with_sources(dialect: str) -> Profiles:
    """The file itself: each profile also says where it is known from."""
    file = resources.files(f"lunaroute_core.dialects.{dialect}").joinpath("capabilities.json")
    if not file.is_file():
        return {}
    return msgspec.json.decode(file.read_bytes(), type=dict[str, dict[str, Any]])
