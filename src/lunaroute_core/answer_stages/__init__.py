"""What is done to an answer on its way back to its client, to complete what translating the
request has begun: an encoder that renames a tool appends the stage that restores its name.
"""

from lunaroute_core.answer_stages.json_output import JSONOutput
from lunaroute_core.answer_stages.stage import AnswerStage, staged_events, staged_response
from lunaroute_core.answer_stages.stop_matcher import StopMatcher
from lunaroute_core.answer_stages.tool_restoration import ClientTool, ToolRestoration

__all__ = [
    "AnswerStage",
    "ClientTool",
    "JSONOutput",
    "StopMatcher",
    "ToolRestoration",
    "staged_events",
    "staged_response",
]
