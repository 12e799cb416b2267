"""Makes a request of another dialect one whose content is all Anthropic's.

The result is written as any request of this dialect is. What Anthropic cannot say is noted
in the translation, in the terms of the client's own dialect.
"""

from lunaroute_core.dialects.anthropic_messages.adaptation import Adaptation
from lunaroute_core.dialects.anthropic_messages.cache_marks import fit_cache_marks
from lunaroute_core.dialects.anthropic_messages.foreign_extensions import check_request
from lunaroute_core.dialects.anthropic_messages.foreign_settings import (
    adapted_identity,
    adapted_output,
    adapted_sampling,
    note_state,
    output_instruction,
)
from lunaroute_core.dialects.anthropic_messages.foreign_tools import (
    adapted_choice,
    adapted_parallel,
    adapted_tools,
)
from lunaroute_core.dialects.anthropic_messages.foreign_turns import (
    adapted_instructions,
    adapted_turns,
)
from lunaroute_core.dialects.anthropic_messages.name import DIALECT
from lunaroute_core.dialects.anthropic_messages.thinking import adapted_reasoning, thinks
from lunaroute_core.dialects.output_limit import output_limit
from lunaroute_core.dialects.tool_ids import ToolNames
from lunaroute_core.dialects.tool_namespaces import (
    tool_fields,
    tool_restoration,
    without_namespaces,
)
from lunaroute_core.model import Limits, NormalizedRequest, RequestSource, StreamOptions
from lunaroute_core.translation import Translation

_SOURCE = RequestSource(dialect=DIALECT)


def adapted_request(request: NormalizedRequest, translation: Translation) -> NormalizedRequest:
    """The same request in Anthropic's terms.

    Raises:
        InvalidRequestError: it asks for what Anthropic, or the model, cannot give.
    """
    capabilities = translation.capabilities
    client_request, request = request, without_namespaces(request)
    names = ToolNames(limit=capabilities.tool_name_length)
    restoration = tool_restoration(client_request, names, free_form=False)
    if restoration is not None:
        translation.stages.append(restoration)
    adaptation = Adaptation(dialect=request.source.dialect, translation=translation, names=names)
    check_request(request.extensions, adaptation)
    note_state(request, adaptation)
    turns = adapted_turns(request.turns, adaptation)
    tools = adapted_tools(request, adaptation, fields=tool_fields(client_request.tools))
    choice = adapted_choice(request.tool_choice, tools, adaptation)
    max_tokens = _max_tokens(request, adaptation)
    reasoning = adapted_reasoning(
        request.reasoning, adaptation, max_tokens=max_tokens, choice=choice, turns=turns
    )
    instructions = adapted_instructions(request.instructions, adaptation)
    if request.output.format is not None:
        instructions += output_instruction(request.output.format, adaptation)
    adapted = NormalizedRequest(
        model=request.model,
        source=_SOURCE,
        instructions=instructions,
        turns=turns,
        tools=tools,
        tool_choice=choice,
        parallel_tool_calls=adapted_parallel(request, choice, tools),
        limits=Limits(max_output_tokens=max_tokens),
        sampling=adapted_sampling(request.sampling, adaptation, thinking=thinks(reasoning)),
        reasoning=reasoning,
        output=adapted_output(request.output, adaptation),
        identity=adapted_identity(request.identity, adaptation),
        stream=StreamOptions(enabled=request.stream.enabled),
    )
    fit_cache_marks(adapted, adaptation)
    return adapted


def _max_tokens(request: NormalizedRequest, adaptation: Adaptation) -> int:
    """The limit, which Anthropic wants of everybody: without one, as much as there can be."""
    translation, param = adaptation.translation, adaptation.named("max_output_tokens")
    asked = output_limit(request.limits.max_output_tokens or None, translation, param=param)
    return asked or translation.capabilities.max_output_tokens or _USUAL_LIMIT


_USUAL_LIMIT = 8192
"""Tokens that any model can write."""
