"""Makes a request of another dialect one whose content is all Anthropic's.

The result is written as any request of this dialect is. What Anthropic cannot say is noted
in the translation, in the terms of the client's own dialect.
"""

from lunaroute_core.dialects.anthropic_messages.adaptation import Adaptation
from lunaroute_core.dialects.anthropic_messages.cache_marks import fit_cache_marks
from lunaroute_core.dialects.anthropic_messages.foreign_extensions import check_field
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
from lunaroute_core.dialects.anthropic_messages.foreign_turns import adapted_turns, system_texts
from lunaroute_core.dialects.anthropic_messages.name import DIALECT
from lunaroute_core.dialects.anthropic_messages.thinking import adapted_reasoning, thinks
from lunaroute_core.dialects.foreign_fields import foreign_fields
from lunaroute_core.dialects.output_limit import output_limit
from lunaroute_core.dialects.tool_ids import ToolNames
from lunaroute_core.dialects.tool_namespaces import (
    tool_fields,
    tool_restoration,
    without_namespaces,
)
from lunaroute_core.model import (
    Block,
    Identity,
    Limits,
    NormalizedRequest,
    Output,
    RequestSource,
    StreamOptions,
    Tool,
)
from lunaroute_core.translation import Translation

_SOURCE = RequestSource(dialect=DIALECT)
_PLAIN, _NOBODY = Output(), Identity()


def adapted_request(request: NormalizedRequest, translation: Translation) -> NormalizedRequest:
    """The same request in Anthropic's terms.

    Raises:
        InvalidRequestError: it asks for what Anthropic, or the model, cannot give.
    """
    client_request, request = request, without_namespaces(request)
    names = ToolNames(limit=translation.capabilities.tool_name_length)
    adaptation = Adaptation(dialect=request.source.dialect, translation=translation, names=names)
    for key, value in foreign_fields(request.extensions, dialect=DIALECT):
        check_field(key, value, adaptation)
    note_state(request, adaptation)
    turns = adapted_turns(request.turns, adaptation)
    tools = _tools(request, client_request, adaptation) if request.tools else []
    choice = request.tool_choice
    if choice is not None:
        choice = adapted_choice(choice, tools, adaptation)
    max_tokens, reasoning = _max_tokens(request, adaptation), request.reasoning
    if reasoning is not None:
        reasoning = adapted_reasoning(
            reasoning, adaptation, max_tokens=max_tokens, choice=choice, turns=turns
        )
    thinking = reasoning is not None and thinks(reasoning)
    output, identity = request.output, request.identity
    instructions: list[Block] = []
    if request.instructions:
        instructions = system_texts(request.instructions, adaptation, key="instructions")
    if output.format is not None:
        instructions += output_instruction(output.format, adaptation)
    adapted = NormalizedRequest(
        model=request.model,
        source=_SOURCE,
        instructions=instructions,
        turns=turns,
        tools=tools,
        tool_choice=choice,
        parallel_tool_calls=adapted_parallel(request, choice) if tools else None,
        limits=Limits(max_output_tokens=max_tokens),
        sampling=adapted_sampling(request.sampling, adaptation, thinking=thinking),
        reasoning=reasoning,
        output=_PLAIN if output == _PLAIN else adapted_output(output, adaptation),
        identity=_NOBODY if identity == _NOBODY else adapted_identity(identity, adaptation),
        stream=StreamOptions(enabled=request.stream.enabled),
    )
    if adaptation.marks_caches:
        fit_cache_marks(adapted, adaptation)
    return adapted


def _tools(
    request: NormalizedRequest, client_request: NormalizedRequest, adaptation: Adaptation
) -> list[Tool]:
    restoration = tool_restoration(client_request, adaptation.names, free_form=False)
    if restoration is not None:
        adaptation.translation.stages.append(restoration)
    return adapted_tools(request, adaptation, fields=tool_fields(client_request.tools))


def _max_tokens(request: NormalizedRequest, adaptation: Adaptation) -> int:
    """The limit, which Anthropic wants of everybody: without one, as much as there can be."""
    asked, translation = request.limits.max_output_tokens, adaptation.translation
    most = translation.capabilities.max_output_tokens
    if asked and most is not None and asked > most:
        param = adaptation.named("max_output_tokens")
        asked = output_limit(asked, translation, param=param)
    return asked or most or _USUAL_LIMIT


_USUAL_LIMIT = 8192
"""Tokens that any model can write."""
