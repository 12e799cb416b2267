"""Makes other dialects' sampling, output, identity and limits Chat's."""

import msgspec
from msgspec import UNSET

from lunaroute_core.answer_stages import JSONOutput
from lunaroute_core.dialects.format_instruction import format_instruction
from lunaroute_core.dialects.openai_vendor.adaptation import Adaptation
from lunaroute_core.dialects.openai_vendor.strict_schema import is_strict
from lunaroute_core.dialects.output_limit import output_limit
from lunaroute_core.dialects.stop_emulation import emulate_stop
from lunaroute_core.model import (
    Block,
    Conversation,
    Limits,
    NormalizedRequest,
    Output,
    OutputFormat,
    Sampling,
    StreamOptions,
    TextBlock,
)

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
    param = adaptation.named("max_output_tokens")
    most = output_limit(limits.max_output_tokens, adaptation.translation, param=param)
    return Limits(max_output_tokens=most)


def adapted_sampling(sampling: Sampling, adaptation: Adaptation) -> Sampling:
    """Raises InvalidRequestError for a `top_k` that would change the answer."""
    if sampling.top_k and sampling.temperature != 0:
        adaptation.translation.rejected("top_k", "Chat samples among all tokens")
    if sampling.top_k:
        message = "without a temperature only the likeliest token counts anyway"
        adaptation.translation.dropped("top_k", message)
    return Sampling(
        temperature=_temperature(sampling.temperature, adaptation),
        top_p=_accepted("top_p", sampling.top_p, adaptation),
        presence_penalty=_accepted("presence_penalty", sampling.presence_penalty, adaptation),
        frequency_penalty=_accepted("frequency_penalty", sampling.frequency_penalty, adaptation),
        seed=sampling.seed,
        stop=_stop(sampling.stop, adaptation),
        logit_bias=sampling.logit_bias,
        n=sampling.n,
        logprobs=True if sampling.logprobs or sampling.top_logprobs else None,
        top_logprobs=sampling.top_logprobs,
    )


def _stop(stop: list[str] | None, adaptation: Adaptation) -> list[str] | None:
    """What the model stops at by itself; of more than it can the gateway takes care."""
    sequences = [sequence for sequence in stop or [] if sequence]
    if len(sequences) <= adaptation.capabilities.max_stop_sequences:
        return sequences or None
    emulate_stop(sequences, adaptation.translation, param=adaptation.named("stop"))
    return None


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
    """The format and the verbosity, as far as the model has them."""
    verbosity = output.verbosity
    if verbosity is not None and not adaptation.capabilities.first_party:
        adaptation.translation.dropped(adaptation.named("verbosity"), "only OpenAI knows it")
        verbosity = None
    return Output(format=_format(output.format, adaptation), verbosity=verbosity)


def _format(wanted: OutputFormat | None, adaptation: Adaptation) -> OutputFormat | None:
    if wanted is None or wanted.kind != "json_schema":
        return wanted
    if not adaptation.capabilities.structured_output:
        adaptation.translation.stages.append(JSONOutput(wanted.schema))
        return OutputFormat(kind="json_object")
    if wanted.name is not None:
        return wanted
    strict = is_strict(wanted.schema)
    if not strict:
        # Anthropic holds its models to such a schema, OpenAI does not.
        adaptation.translation.stages.append(JSONOutput(wanted.schema))
    return msgspec.structs.replace(wanted, name=_SCHEMA_NAME, strict=strict)


def output_instruction(output: Output, adaptation: Adaptation) -> list[Block]:
    """What to tell a model that takes no JSON schema, only that it shall answer in JSON."""
    wanted = output.format
    enforced = adaptation.capabilities.structured_output
    if wanted is None or wanted.kind != "json_schema" or enforced:
        return []
    adaptation.translation.emulated(adaptation.named("format"), "by an instruction")
    return [TextBlock(text=format_instruction(wanted))]


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
