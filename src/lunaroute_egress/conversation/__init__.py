"""What keeps a conversation whole when its client and its upstream speak other dialects."""

from lunaroute_egress.conversation.layer import ConversationLayer
from lunaroute_egress.conversation.reasoning_seal import ReasoningSeal
from lunaroute_egress.conversation.reasoning_vault import ReasoningVault
from lunaroute_egress.conversation.resumed_turns import ResumedTurns
from lunaroute_egress.conversation.stored_answers_desk import StoredAnswersDesk
from lunaroute_egress.conversation.stored_responses import StoredResponses
from lunaroute_egress.conversation.tenant import TenantNames

__all__ = [
    "ConversationLayer",
    "ReasoningSeal",
    "ReasoningVault",
    "ResumedTurns",
    "StoredAnswersDesk",
    "StoredResponses",
    "TenantNames",
]
