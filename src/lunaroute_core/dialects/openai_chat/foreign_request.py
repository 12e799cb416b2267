"""Makes a request of another dialect one whose content is all Chat's.

The result is written as any request of this dialect is. What Chat cannot say is noted in the
translation, in the terms of the client's own dialect.
"""

from lunaroute_core.dialects.openai_chat.cache_marks import (
    adapted_cache,
    place_cache_marks,
    remove_cache_marks,
)
from lunaroute_core.dialects.openai_chat.effort import adapted_reasoning
from lunaroute_core.dialects.openai_chat.extensions import DIALECT
from lunaroute_core.dialects.openai_chat.extensions import extensions as own_extensions
from lunaroute_core.dialects.openai_chat.foreign_extensions import carried, check_request
from lunaroute_core.dialects.openai_chat.foreign_settings import (
    adapted_conversation,
    adapted_limits,
    adapted_output,
    adapted_sampling,
    adapted_stream,
    adapted_tier,
    output_instruction,
)
from lunaroute_core.dialects.openai_chat.foreign_tools import (
    adapted_choice,
    adapted_parallel,
    adapted_tools,
)
from lunaroute_core.dialects.openai_chat.foreign_turns import (
    adapted_instructions,
    adapted_turns,
)
from lunaroute_core.dialects.openai_vendor.adaptation import Adaptation
from lunaroute_core.dialects.openai_vendor.identity import adapted_identity
from lunaroute_core.dialects.tool_ids import ToolNames
from lunaroute_core.dialects.tool_namespaces import (
    tool_fields,
    tool_restoration,
    without_namespaces,
)
from lunaroute_core.json_value import JSONObject
from lunaroute_core.model import Extensions, NormalizedRequest, RequestSource
from lunaroute_core.translation import Translation


def adapted_request(request: NormalizedRequest, translation: Translation) -> NormalizedRequest:
    """The same request in Chat's terms.

    Raises:
        InvalidRequestError: it asks for what Chat, or the model, cannot give.
    """
    capabilities = translation.capabilities
    client_request, request = request, without_namespaces(request)
    names = ToolNames(limit=capabilities.tool_name_length)
    restoration = tool_restoration(client_request, names, free_form=capabilities.first_party)
    if restoration is not None:
        translation.stages.append(restoration)
    adaptation = Adaptation(dialect=request.source.dialect, translation=translation, names=names)
    check_request(request.extensions, adaptation)
    conversation = adapted_conversation(request, adaptation)
    tools = adapted_tools(request, adaptation, fields=tool_fields(client_request.tools))
    adapted = NormalizedRequest(
        model=request.model,
        source=RequestSource(dialect=DIALECT),
        instructions=adapted_instructions(
            [*request.instructions, *output_instruction(request.output, adaptation)], adaptation
        ),
        turns=adapted_turns(request.turns, adaptation),
        tools=tools,
        tool_choice=adapted_choice(request, tools, adaptation),
        parallel_tool_calls=adapted_parallel(request, tools),
        limits=adapted_limits(request.limits, adaptation),
        sampling=adapted_sampling(request.sampling, adaptation),
        reasoning=adapted_reasoning(request.reasoning, tools, adaptation),
        output=adapted_output(request.output, adaptation),
        cache=adapted_cache(request.cache, adaptation),
        identity=adapted_identity(request.identity, adaptation),
        tier=adapted_tier(request.tier, adaptation),
        conversation=conversation,
        stream=adapted_stream(request.stream, adaptation),
        extensions=_extensions(request.extensions, adaptation),
    )
    if capabilities.cache_marks and capabilities.first_party:
        place_cache_marks(adapted, request)
    else:
        remove_cache_marks(adapted)
    return adapted


def _extensions(extensions: Extensions, adaptation: Adaptation) -> Extensions:
    """The fields that are carried, and the form of the output limit."""
    older = adaptation.capabilities.output_limit_field == "max_tokens"
    form: JSONObject = {"max_output_tokens": "max_tokens"} if older else {}
    return own_extensions(carried(extensions, adaptation), form)
