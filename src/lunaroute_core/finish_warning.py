"""What a client is told of a reason for which its answer ended and that its dialect cannot say."""

from lunaroute_core.context import RequestContext
from lunaroute_core.dialects.client_field import client_field
from lunaroute_core.model import FinishReason
from lunaroute_core.translation_warning import TranslationWarning


def warn_of_unsaid_finish(reason: FinishReason, context: RequestContext) -> None:
    """Note, once, that the reason is lost on its way to the client."""
    warning = TranslationWarning(
        outcome="dropped",
        param=client_field(context.client_dialect, "finish"),
        message=f"the answer ended for the reason {reason.value!r}, which has no word there",
    )
    if warning not in context.warnings:
        context.warnings.append(warning)
