"""Where Chat fields go that the normalized model has no place for.

`extensions["openai_chat"]` of a request, message, block or tool holds, under their own
names, the fields this codec does not know and those that were an explicit null. Under
`$form` it holds how something was written where Chat has two ways and the model has one:

* message `role`: `developer` (the model says `system`)
* message `content`: `parts` (else a string, or absent when there is no block for it)
* message `refusal`: `field`, where a content array could have held it too
* message `reasoning`: `reasoning` or `details`, the field it came in (else `reasoning_content`)
* message `tool_calls`: `empty`, where there was a list without calls
* block, tool `legacy`: true for `function_call`, `function` messages, `functions`
* file `data`: `base64` where there was no data URL
* request `max_output_tokens`: `max_tokens`; `stop`: `string`; `stream`: `false`;
  `stream_options`, `tools`, `functions`: `empty`; `tool_choice`: `function_call`
* answer `choice`: the fields of its first choice that are not modelled
* block `message`: on the first block of a leading system message that was not just a plain
  `system` string: its `role`, `content`, `name`, number of blocks (`count`) and other fields
"""

from collections.abc import Set as AbstractSet

from lunaroute_core.json_value import JSONObject
from lunaroute_core.model import Extensions

DIALECT = "openai_chat"
FORM = "$form"


def left_over(fields: JSONObject, read: AbstractSet[str]) -> JSONObject:
    """The fields of an object that are not among those `read`, and those that are null."""
    left: JSONObject = {}
    for key, value in fields.items():
        if value is None or key not in read:
            left[key] = value
    return left


def extensions(left: JSONObject, form: JSONObject | None = None) -> Extensions:
    """The extensions for fields that were left over and for the form something had."""
    kept: JSONObject = {**left, FORM: form} if form else left
    return {DIALECT: kept} if kept else {}


def form_of(kept: Extensions) -> JSONObject:
    """How an element was written."""
    form = kept.get(DIALECT, {}).get(FORM)
    return form if isinstance(form, dict) else {}


def own_fields(kept: Extensions) -> JSONObject:
    """An element's fields that are not modelled."""
    own = kept.get(DIALECT)
    return {key: value for key, value in own.items() if key != FORM} if own else {}


def restored(written: JSONObject, kept: Extensions) -> JSONObject:
    """An object as it was: what is modelled of it, and the fields that were left over, those
    of inner objects too.
    """
    return _merged(written, own_fields(kept))


def _merged(written: JSONObject, left: JSONObject) -> JSONObject:
    merged = dict(written)
    for key, value in left.items():
        have = merged.get(key)
        merged[key] = (
            _merged(have, value) if isinstance(have, dict) and isinstance(value, dict) else value
        )
    return merged
