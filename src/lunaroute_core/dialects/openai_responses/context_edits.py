"""Anthropic's context edits, of which Responses has one: compaction."""

from lunaroute_core.dialects.openai_responses.foreign_extensions import foreign_field
from lunaroute_core.dialects.openai_vendor.adaptation import Adaptation
from lunaroute_core.json_value import JSONObject, JSONValue
from lunaroute_core.model import Extensions

_FIELD = "context_management"
_COMPACTION = "compact_"
"""How the types of Anthropic's compaction begin; a date follows."""
_DEFAULT_THRESHOLD = 150_000
"""Input tokens from which Anthropic compacts where a client does not say."""


def adapted_edits(extensions: Extensions, adaptation: Adaptation) -> list[JSONObject]:
    """The edits that OpenAI makes.

    Raises:
        InvalidRequestError: the client wants to be stopped for one.
    """
    given = foreign_field(extensions, _FIELD)
    edits = given.get("edits") if isinstance(given, dict) else None
    adapted: list[JSONObject] = []
    for at, edit in enumerate(edits if isinstance(edits, list) else []):
        param = f"{_FIELD}.edits[{at}]"
        if not _is_compaction(edit) or not adaptation.capabilities.first_party:
            adaptation.translation.dropped(param, "the context is sent as it is")
            continue
        adapted.append(_compaction(edit, adaptation, param=param))
    return adapted


def _is_compaction(edit: JSONValue) -> bool:
    kind = edit.get("type") if isinstance(edit, dict) else None
    return isinstance(kind, str) and kind.startswith(_COMPACTION)


def _compaction(edit: JSONValue, adaptation: Adaptation, *, param: str) -> JSONObject:
    fields = edit if isinstance(edit, dict) else {}
    if fields.get("pause_after_compaction"):
        message = "Responses goes on after a compaction"
        adaptation.translation.rejected(f"{param}.pause_after_compaction", message)
    if fields.get("instructions"):
        message = "OpenAI compacts in its own way"
        adaptation.translation.dropped(f"{param}.instructions", message)
    adaptation.translation.emulated(param, "by OpenAI's own compaction, which clients do not see")
    trigger = fields.get("trigger")
    value = trigger.get("value") if isinstance(trigger, dict) else None
    threshold = value if isinstance(value, int) else _DEFAULT_THRESHOLD
    return {"type": "compaction", "compact_threshold": threshold}
