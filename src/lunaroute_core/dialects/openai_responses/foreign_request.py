"""Makes a request of another dialect one whose content is all of Responses.

The result is written as any request of this dialect is. What Responses cannot say is noted in
the translation, in the terms of the client's own dialect.
"""

from lunaroute_core.dialects.openai_responses.cache_marks import (
    adapted_cache,
    place_cache_marks,
    remove_cache_marks,
)
from lunaroute_core.dialects.openai_responses.context_edits import adapted_edits
from lunaroute_core.dialects.openai_responses.effort import adapted_reasoning
from lunaroute_core.dialects.openai_responses.fields import item_head
from lunaroute_core.dialects.openai_responses.foreign_extensions import carried, check_request
from lunaroute_core.dialects.openai_responses.foreign_settings import (
    adapted_conversation,
    adapted_limits,
    adapted_output,
    adapted_sampling,
    adapted_tier,
    enforce_stop,
    included,
)
from lunaroute_core.dialects.openai_responses.foreign_tools import (
    adapted_choice,
    adapted_parallel,
    adapted_tools,
)
from lunaroute_core.dialects.openai_responses.foreign_turns import (
    adapted_instructions,
    adapted_turns,
)
from lunaroute_core.dialects.openai_responses.name import DIALECT
from lunaroute_core.dialects.openai_vendor.adaptation import Adaptation
from lunaroute_core.dialects.openai_vendor.identity import adapted_identity
from lunaroute_core.dialects.tool_ids import ToolNames
from lunaroute_core.dialects.tool_namespaces import tool_restoration, without_namespaces
from lunaroute_core.json_value import JSONObject
from lunaroute_core.model import Extensions, NormalizedRequest, RequestSource, StreamOptions
from lunaroute_core.translation import Translation


def adapted_request(request: NormalizedRequest, translation: Translation) -> NormalizedRequest:
    """The same request in Responses' terms.

    Raises:
        InvalidRequestError: it asks for what Responses, or the model, cannot give.
    """
    client_request, request = request, without_namespaces(request)
    names = ToolNames(limit=translation.capabilities.tool_name_length)
    restoration = tool_restoration(client_request, names, free_form=True)
    if restoration is not None:
        translation.stages.append(restoration)
    adaptation = Adaptation(dialect=request.source.dialect, translation=translation, names=names)
    check_request(request.extensions, adaptation)
    tools = adapted_tools(request, adaptation)
    adapted = NormalizedRequest(
        model=request.model,
        source=RequestSource(dialect=DIALECT),
        instructions=adapted_instructions(request, adaptation),
        turns=adapted_turns(request.turns, adaptation),
        tools=tools,
        tool_choice=adapted_choice(request, tools, adaptation),
        parallel_tool_calls=adapted_parallel(request, tools),
        limits=adapted_limits(request, tools, adaptation),
        sampling=adapted_sampling(request.sampling, adaptation),
        reasoning=adapted_reasoning(request.reasoning, adaptation),
        output=adapted_output(request.output, adaptation),
        cache=adapted_cache(request, adaptation),
        identity=adapted_identity(request.identity, adaptation),
        tier=adapted_tier(request.tier, adaptation),
        conversation=adapted_conversation(request),
        stream=StreamOptions(enabled=request.stream.enabled),
        extensions=_extensions(request, adaptation),
    )
    _check_input(adapted, adaptation)
    if adaptation.marks_caches:
        place_cache_marks(adapted, request)
    else:
        remove_cache_marks(adapted)
    enforce_stop(request, translation)
    return adapted


def _check_input(adapted: NormalizedRequest, adaptation: Adaptation) -> None:
    said = any(turn.blocks for turn in adapted.turns)
    if not said and not any(item_head(block) for block in adapted.instructions):
        adaptation.reject_content("nothing is said that could be answered")


def _extensions(request: NormalizedRequest, adaptation: Adaptation) -> Extensions:
    """The fields that the model has no place for."""
    fields: JSONObject = carried(request.extensions, adaptation)
    if include := included(request, adaptation):
        fields["include"] = [*include]
    if edits := adapted_edits(request.extensions, adaptation):
        fields["context_management"] = [*edits]
    return {DIALECT: fields} if fields else {}
