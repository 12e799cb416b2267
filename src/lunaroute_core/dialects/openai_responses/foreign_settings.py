"""Makes other dialects' sampling, output, identity and limits those of Responses."""

from lunaroute_core.answer_stages import JSONOutput
from lunaroute_core.dialects.client_field import client_field
from lunaroute_core.dialects.openai_responses.web_search import search_limit
from lunaroute_core.dialects.openai_vendor.adaptation import Adaptation
from lunaroute_core.dialects.openai_vendor.strict_schema import is_strict
from lunaroute_core.dialects.output_limit import output_limit
from lunaroute_core.dialects.stop_emulation import emulate_stop
from lunaroute_core.json_value import JSONObject
from lunaroute_core.model import (
    Conversation,
    Limits,
    NormalizedRequest,
    Output,
    OutputFormat,
    Reasoning,
    Sampling,
    Tool,
)
from lunaroute_core.translation import Translation

_LEAST_OUTPUT = 16
"""The lowest `max_output_tokens` that OpenAI takes."""
_SCHEMA_NAME = "response"
"""Responses wants a name; Anthropic's schemas have none."""
_ANY_OBJECT: JSONObject = {"type": "object"}
_TIERS = {"standard_only": "default"}
_OWN_TIERS = frozenset({"auto", "default", "flex", "scale", "priority", "fast", "ultrafast"})
_LOGPROBS = "message.output_text.logprobs"
_ENCRYPTED = "reasoning.encrypted_content"


def adapted_limits(request: NormalizedRequest, tools: list[Tool], adaptation: Adaptation) -> Limits:
    """How much may be written, which for a cache to be filled only is not said here, and how
    often hosted tools may be called.
    """
    param = adaptation.named("max_output_tokens")
    most = output_limit(
        request.limits.max_output_tokens or None, adaptation.translation, param=param
    )
    if most is not None and most < _LEAST_OUTPUT and adaptation.capabilities.first_party:
        adaptation.translation.emulated(param, f"{_LEAST_OUTPUT} is the least")
        most = _LEAST_OUTPUT
    calls = search_limit(request.tools, tools, adaptation)
    return Limits(max_output_tokens=most, max_tool_calls=calls)


def adapted_sampling(sampling: Sampling, adaptation: Adaptation) -> Sampling:
    """Raises InvalidRequestError where the client reads what Responses does not give."""
    _check_promises(sampling, adaptation)
    for key in ("presence_penalty", "frequency_penalty"):
        if getattr(sampling, key):
            adaptation.translation.dropped(key, "Responses has no penalties")
    if sampling.seed is not None:
        adaptation.translation.dropped("seed", "Responses takes no seed")
    return Sampling(
        temperature=_temperature(sampling.temperature, adaptation),
        top_p=_accepted("top_p", sampling.top_p, adaptation),
        logprobs=True if _reads_logprobs(sampling) else None,
        top_logprobs=sampling.top_logprobs,
    )


def _check_promises(sampling: Sampling, adaptation: Adaptation) -> None:
    if (sampling.n or 1) > 1:
        adaptation.translation.rejected("n", "Responses answers once")
    if sampling.logit_bias:
        adaptation.translation.rejected("logit_bias", "Responses has nothing like it")
    if sampling.top_k and sampling.temperature != 0:
        adaptation.translation.rejected("top_k", "Responses samples among all tokens")
    if sampling.top_k:
        message = "without a temperature only the likeliest token counts anyway"
        adaptation.translation.dropped("top_k", message)


def _reads_logprobs(sampling: Sampling) -> bool:
    return bool(sampling.logprobs or sampling.top_logprobs)


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


def enforce_stop(request: NormalizedRequest, translation: Translation) -> None:
    """Have the answer end before a stop sequence, of which Responses knows nothing."""
    sequences = [sequence for sequence in request.sampling.stop or [] if sequence]
    if sequences:
        param = client_field(request.source.dialect, "stop")
        emulate_stop(sequences, translation, param=param)


def adapted_output(output: Output, adaptation: Adaptation) -> Output:
    """Raises InvalidRequestError for an answer that the model cannot give in that form."""
    if output.modalities is not None and set(output.modalities) - {"text"}:
        adaptation.translation.rejected("modalities", "Responses answers in text only")
    if output.audio is not None:
        adaptation.translation.dropped("audio", "Responses answers in text only")
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
    schema = _ANY_OBJECT if wanted.schema is None else wanted.schema
    strict = wanted.strict is True if adaptation.same_vendor else is_strict(schema)
    if not (strict or adaptation.same_vendor):
        # Anthropic holds its models to such a schema, OpenAI does not.
        adaptation.translation.stages.append(JSONOutput(schema))
    return OutputFormat(
        kind="json_schema",
        name=wanted.name or _SCHEMA_NAME,
        description=wanted.description,
        schema=schema,
        strict=strict,
    )


def adapted_tier(tier: str | None, adaptation: Adaptation) -> str | None:
    known = None if tier is None else _TIERS.get(tier, tier)
    if known is None or (known in _OWN_TIERS and adaptation.capabilities.first_party):
        return known
    if known not in ("auto", "default"):
        adaptation.translation.dropped(adaptation.named("tier"), f"no tier {tier!r} there")
    return None


def adapted_conversation(request: NormalizedRequest) -> Conversation:
    """Whether the answer is kept: only where that is asked for, though Responses would keep
    every answer of which nothing is said.
    """
    return Conversation(store=request.conversation.store is True)


def included(request: NormalizedRequest, adaptation: Adaptation) -> list[str]:
    """What must be asked for beside the answer: log probabilities, and reasoning in the form in
    which it can be given back. Models that do not reason refuse to be asked for the latter.
    """
    include = [_LOGPROBS] if _reads_logprobs(request.sampling) else []
    capabilities = adaptation.capabilities
    reasons = capabilities.first_party and bool(capabilities.efforts)
    if reasons and _reads_reasoning(request.reasoning, adaptation):
        include.append(_ENCRYPTED)
    return include


def _reads_reasoning(asked: Reasoning | None, adaptation: Adaptation) -> bool:
    """Whether a client expects thinking: Anthropic's say so, OpenAI's name an effort."""
    if asked is None or asked.mode == "disabled" or asked.effort == "none":
        return False
    return adaptation.same_vendor or asked.mode is not None
