"""Makes other dialects' sampling, output format and identity Anthropic's."""

from lunaroute_core.answer_stages import JSONOutput
from lunaroute_core.dialects.anthropic_messages.adaptation import Adaptation
from lunaroute_core.dialects.anthropic_messages.schema_subset import (
    RecursiveSchemaError,
    UnenforceableSchemaError,
    strict_schema,
)
from lunaroute_core.dialects.format_instruction import format_instruction
from lunaroute_core.json_value import JSONObject
from lunaroute_core.model import (
    Identity,
    NormalizedRequest,
    Output,
    OutputFormat,
    Sampling,
    TextBlock,
)

_NEUTRAL = 1
"""The `temperature` and `top_p` that change nothing."""


def adapted_sampling(sampling: Sampling, adaptation: Adaptation, *, thinking: bool) -> Sampling:
    """Raises InvalidRequestError where the client reads what Anthropic does not give."""
    if sampling.n or sampling.logprobs or sampling.top_logprobs or sampling.logit_bias:
        _check_promises(sampling, adaptation)
    if sampling.presence_penalty:
        adaptation.translation.dropped("presence_penalty", "Anthropic has no penalties")
    if sampling.frequency_penalty:
        adaptation.translation.dropped("frequency_penalty", "Anthropic has no penalties")
    if sampling.seed is not None:
        adaptation.translation.dropped("seed", "Anthropic takes no seed")
    temperature, top_p, stop = sampling.temperature, sampling.top_p, sampling.stop
    if temperature is not None:
        temperature = _temperature(temperature, adaptation, thinking=thinking)
    if top_p is not None:
        top_p = _top_p(top_p, adaptation, thinking=thinking, other=temperature)
    if stop is not None:
        stop = _stop(stop, adaptation)
    return Sampling(temperature=temperature, top_p=top_p, stop=stop)


def _check_promises(sampling: Sampling, adaptation: Adaptation) -> None:
    for key in ("n", "logprobs", "top_logprobs", "logit_bias"):
        asked = getattr(sampling, key)
        if asked and not (key == "n" and asked == 1):
            adaptation.translation.rejected(adaptation.named(key), "Anthropic has nothing like it")


def _temperature(temperature: float, adaptation: Adaptation, *, thinking: bool) -> float | None:
    capabilities = adaptation.translation.capabilities
    if thinking or not capabilities.sampling:
        return _fixed("temperature", temperature, adaptation, thinking=thinking)
    highest = min(1.0, capabilities.max_temperature)
    if temperature <= highest:
        return temperature
    adaptation.translation.emulated("temperature", f"{highest:g} is the highest")
    return highest


def _top_p(
    top_p: float, adaptation: Adaptation, *, thinking: bool, other: float | None
) -> float | None:
    capabilities = adaptation.translation.capabilities
    if thinking or not capabilities.sampling:
        return _fixed("top_p", top_p, adaptation, thinking=thinking)
    if other is None or not capabilities.one_sampling_field:
        return top_p
    if top_p != _NEUTRAL:
        adaptation.translation.dropped("top_p", "the model takes it or a temperature, not both")
    return None


def _fixed(key: str, value: float, adaptation: Adaptation, *, thinking: bool) -> None:
    """Nothing, where sampling cannot be changed; a neutral value asks for no change."""
    if value != _NEUTRAL:
        message = "it cannot be set while the model thinks" if thinking else "the model has none"
        adaptation.translation.dropped(key, message)


def _stop(stop: list[str], adaptation: Adaptation) -> list[str] | None:
    kept = [sequence for sequence in stop if sequence.strip()]
    if len(kept) < len(stop):
        adaptation.translation.dropped("stop", "Anthropic takes no sequences of white space")
    return kept or None


def adapted_output(output: Output, adaptation: Adaptation) -> Output:
    """The format that the model itself enforces.

    Raises:
        InvalidRequestError: the answer cannot be given so.
    """
    if output.modalities is not None and set(output.modalities) - {"text"}:
        adaptation.translation.rejected("modalities", "Claude answers in text only")
    if output.audio is not None:
        adaptation.translation.dropped("audio", "Claude answers in text only")
    if output.verbosity is not None:
        adaptation.translation.dropped(adaptation.named("verbosity"), "Claude has no verbosity")
    given = output.format
    if given is not None and given.kind != "text":
        adaptation.translation.stages.append(JSONOutput(given.schema))
    schema = None if given is None else _enforced(given, adaptation)
    if schema is None:
        return Output()
    return Output(format=OutputFormat(kind="json_schema", schema=schema))


def output_instruction(given: OutputFormat, adaptation: Adaptation) -> list[TextBlock]:
    """What to tell a model that does not enforce the format asked for."""
    if given.kind == "text" or _enforced(given, adaptation) is not None:
        return []
    adaptation.translation.emulated(adaptation.named("format"), "by an instruction")
    return [TextBlock(text=format_instruction(given))]


def _enforced(given: OutputFormat, adaptation: Adaptation) -> JSONObject | None:
    """The schema that the model holds itself to, if it can.

    Raises:
        InvalidRequestError: it is part of itself, so that nothing could be said of it either.
    """
    schema = given.schema
    if given.kind != "json_schema" or schema is None:
        return None
    if not adaptation.capabilities.structured_output:
        return None
    if given.description is not None:
        schema = {"description": given.description, **schema}
    try:
        return strict_schema(schema)
    except RecursiveSchemaError as error:
        adaptation.translation.rejected(adaptation.named("format"), str(error))
    except UnenforceableSchemaError:
        return None


def adapted_identity(identity: Identity, adaptation: Adaptation) -> Identity:
    """The one name that Anthropic has for an end user."""
    user = identity.safety_identifier or identity.user
    if identity.user is not None and identity.user != user:
        adaptation.translation.dropped("user", "safety_identifier goes in its place")
    if identity.metadata:
        adaptation.translation.dropped("metadata", "Anthropic keeps none")
    return Identity(user=user)


def note_state(request: NormalizedRequest, adaptation: Adaptation) -> None:
    """What is asked of storage, tiers and caches as a whole.

    Raises:
        InvalidRequestError: the request goes on from an answer that Anthropic does not know.
    """
    translation = adaptation.translation
    conversation = request.conversation
    if not conversation.kept_here:
        if conversation.previous_response_id is not None:
            translation.rejected("previous_response_id", "Anthropic keeps no answers")
        if conversation.store is True:
            translation.dropped("store", "Anthropic keeps no answers")
    if request.tier not in (None, "auto", "default"):
        translation.dropped(adaptation.named("tier"), f"Anthropic has no tier {request.tier!r}")
    if request.cache is not None:
        if request.cache.key is not None:
            translation.dropped(adaptation.named("cache_key"), "Anthropic needs none")
        if (request.cache.options or {}).get("prewarm"):
            param = f"{adaptation.named('cache_options')}.prewarm"
            translation.rejected(param, "Anthropic's answer cannot be left out")
        if request.cache.options:
            translation.dropped(adaptation.named("cache_options"), "caches are marked in content")
