"""Makes other dialects' sampling, output, identity and limits Chat's."""

from hashlib import sha256

import msgspec
from msgspec import UNSET

from lunaroute_core.dialects.openai_chat.adaptation import Adaptation
from lunaroute_core.dialects.openai_vendor.strict_schema import is_strict
from lunaroute_core.model import (
    Conversation,
    Identity,
    Limits,
    NormalizedRequest,
    Output,
    OutputFormat,
    Sampling,
    StreamOptions,
)

_IDENTIFIER_LENGTH = 128
_SCHEMA_NAME = "response"
"""Chat wants a name; Anthropic's schemas have none."""
_TIERS = {"standard_only": "default"}
_CHAT_TIERS = frozenset({"auto", "default", "flex", "scale", "priority", "fast"})


def adapted_limits(limits: Limits, adaptation: Adaptation) -> Limits:
    """Raises InvalidRequestError for a request that wants nothing written."""
    if limits.max_output_tokens == 0:
        message = "Chat cannot fill its cache without writing an answer"
        adaptation.translation.rejected(adaptation.named("max_output_tokens"), message)
    if limits.max_tool_calls is not None:
        adaptation.translation.dropped("max_tool_calls", "Chat does not count calls")
    return Limits(max_output_tokens=limits.max_output_tokens)


def adapted_sampling(sampling: Sampling, adaptation: Adaptation) -> Sampling:
    """Raises InvalidRequestError for stop sequences that the model would not stop at."""
    if sampling.top_k:
        adaptation.translation.dropped("top_k", "Chat samples among all tokens")
    stop = sampling.stop or None
    most = adaptation.capabilities.max_stop_sequences
    if stop is not None and len(stop) > most:
        message = f"this model takes at most {most} stop sequences, not {len(stop)}"
        adaptation.translation.rejected(adaptation.named("stop"), message)
    return Sampling(
        temperature=_temperature(sampling.temperature, adaptation),
        top_p=_accepted("top_p", sampling.top_p, adaptation),
        presence_penalty=_accepted("presence_penalty", sampling.presence_penalty, adaptation),
        frequency_penalty=_accepted("frequency_penalty", sampling.frequency_penalty, adaptation),
        seed=sampling.seed,
        stop=stop,
        logit_bias=sampling.logit_bias,
        n=sampling.n,
        logprobs=True if sampling.logprobs or sampling.top_logprobs else None,
        top_logprobs=sampling.top_logprobs,
    )


def _temperature(value: float | None, adaptation: Adaptation) -> float | None:
    accepted = _accepted("temperature", value, adaptation)
    most = adaptation.capabilities.max_temperature
    if accepted is None or accepted <= most:
        return accepted
    adaptation.translation.emulated("temperature", f"{most:g} is the highest")
    return most


def _accepted(key: str, value: float | None, adaptation: Adaptation) -> float | None:
    """A number, where the model takes it; one that changes nothing may go unsaid."""
    if adaptation.capabilities.sampling or value is None:
        return value
    if value != 1:
        adaptation.translation.dropped(key, "the model samples in its own way")
    return None


def adapted_output(output: Output, adaptation: Adaptation) -> Output:
    """Raises InvalidRequestError for a schema that the model cannot be held to."""
    verbosity = output.verbosity
    if verbosity is not None and not adaptation.capabilities.first_party:
        adaptation.translation.dropped(adaptation.named("verbosity"), "only OpenAI knows it")
        verbosity = None
    return Output(format=_format(output.format, adaptation), verbosity=verbosity)


def _format(wanted: OutputFormat | None, adaptation: Adaptation) -> OutputFormat | None:
    if wanted is None or wanted.kind != "json_schema":
        return wanted
    if not adaptation.capabilities.structured_output:
        message = "this model takes no JSON schema for its answer"
        adaptation.translation.rejected(adaptation.named("format"), message)
    if wanted.name is not None:
        return wanted
    return msgspec.structs.replace(wanted, name=_SCHEMA_NAME, strict=is_strict(wanted.schema))


def adapted_identity(identity: Identity, adaptation: Adaptation) -> Identity:
    """Who the end user is. Anthropic's user is what OpenAI calls a safety identifier."""
    if not adaptation.capabilities.first_party:
        _drop_identity(identity, adaptation)
        return Identity()
    if adaptation.dialect == "anthropic_messages":
        return Identity(safety_identifier=_identifier(identity.user))
    return Identity(
        user=identity.user,
        safety_identifier=_identifier(identity.safety_identifier),
        metadata=identity.metadata,
    )


def _drop_identity(identity: Identity, adaptation: Adaptation) -> None:
    given = {
        "user": identity.user,
        "safety_identifier": identity.safety_identifier,
        "metadata": identity.metadata,
    }
    for key, value in given.items():
        if value is not None:
            adaptation.translation.dropped(adaptation.named(key), "only OpenAI keeps it")


def _identifier(name: str | None) -> str | None:
    """A user's name, or its hash where it is longer than OpenAI takes."""
    if name is None or len(name) <= _IDENTIFIER_LENGTH:
        return name
    return sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


def adapted_tier(tier: str | None, adaptation: Adaptation) -> str | None:
    known = None if tier is None else _TIERS.get(tier, tier)
    if known is None or (known in _CHAT_TIERS and adaptation.capabilities.first_party):
        return known
    if known not in ("auto", "default"):
        adaptation.translation.dropped(adaptation.named("tier"), f"no tier {tier!r} there")
    return None


def adapted_conversation(request: NormalizedRequest, adaptation: Adaptation) -> Conversation:
    """Whether OpenAI keeps the answer: not for clients whose dialect has no such thing.

    Raises:
        InvalidRequestError: the conversation so far is in another vendor's store.
    """
    asked = request.conversation
    if asked.kept_here:
        asked = Conversation(store=False)
    if asked.previous_response_id is not None:
        message = "Chat keeps no responses; send the whole conversation"
        adaptation.translation.rejected("previous_response_id", message)
    if not adaptation.capabilities.first_party:
        if asked.store:
            adaptation.translation.dropped("store", "only OpenAI keeps answers")
        return Conversation()
    if asked.store is UNSET and adaptation.dialect == "anthropic_messages":
        return Conversation(store=False)
    return Conversation(store=asked.store)


def adapted_stream(stream: StreamOptions, adaptation: Adaptation) -> StreamOptions:
    """Usage is always asked for: the client's encoder decides what the client sees of it."""
    asks = stream.enabled and adaptation.capabilities.stream_usage
    return StreamOptions(enabled=stream.enabled, include_usage=True if asks else None)
