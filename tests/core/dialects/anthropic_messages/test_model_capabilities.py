"""What is read of a model object, as the vendor's SDK types it."""

import msgspec
import pytest
from anthropic.types import ModelInfo as SDKModelInfo
from hypothesis import given
from hypothesis import strategies as st

from lunaroute_core.capabilities import Capabilities
from lunaroute_core.dialects.anthropic_messages import ANTHROPIC
from lunaroute_core.dialects.anthropic_messages.model_capabilities import stated_capabilities

YES, NO = {"supported": True}, {"supported": False}
EFFORTS = ("low", "medium", "high", "xhigh", "max")
MODES = ("adaptive", "between_tools", "disabled", "enabled")


def model(*, thinking=(), efforts=(), structured=True, search=True, most=128_000):
    """A model object with everything in it that the SDK demands."""
    types = {mode: YES if mode in thinking else NO for mode in MODES}
    effort = {level: YES if level in efforts else NO for level in EFFORTS}
    return {
        "id": "claude-1",
        "type": "model",
        "display_name": "Claude 1",
        "created_at": "2026-02-19T00:00:00Z",
        "lifecycle": "active",
        "max_tokens": most,
        "max_input_tokens": 1_000_000,
        "capabilities": {
            **dict.fromkeys(("batch", "citations", "code_execution"), YES),
            **dict.fromkeys(("image_input", "pdf_input"), YES),
            "context_management": YES,
            "effort": {"supported": bool(efforts), **effort},
            "server_tools": {
                "supported": search,
                "code_execution": YES,
                "web_search": YES if search else NO,
            },
            "structured_outputs": YES if structured else NO,
            "thinking": {"supported": bool(thinking), "types": types},
        },
    }


@given(
    thinking=st.sets(st.sampled_from(MODES)),
    efforts=st.sets(st.sampled_from(EFFORTS)),
    structured=st.booleans(),
    search=st.booleans(),
    most=st.integers(1, 10**6),
)
def test_all_that_the_vendor_states_is_taken(thinking, efforts, structured, search, most):
    raw = model(thinking=thinking, efforts=efforts, structured=structured, search=search, most=most)
    SDKModelInfo.model_validate(raw)
    known = msgspec.convert(stated_capabilities(raw), Capabilities)
    assert {*known.thinking} == thinking
    assert known.efforts == tuple(level for level in EFFORTS if level in efforts)
    assert (known.structured_output, known.web_search) == (structured, search)
    assert known.max_output_tokens == most


def test_efforts_are_none_where_effort_itself_is_not_supported():
    raw = model(efforts=("low", "high"))
    raw["capabilities"]["effort"]["supported"] = False
    assert stated_capabilities(raw)["efforts"] == []


@pytest.mark.parametrize("missing", ["thinking", "effort", "structured_outputs", "server_tools"])
def test_what_is_not_said_is_not_stated(missing):
    raw = model(thinking=("adaptive",), efforts=("low",))
    del raw["capabilities"][missing]
    whole = {"max_output_tokens", "thinking", "efforts", "structured_output", "web_search"}
    field = {
        "effort": "efforts",
        "structured_outputs": "structured_output",
        "server_tools": "web_search",
    }.get(missing, missing)
    assert {*stated_capabilities(raw)} == whole - {field}


@pytest.mark.parametrize("raw", [{}, {"capabilities": None}, {"max_tokens": None}])
def test_a_model_object_may_state_nothing(raw):
    assert stated_capabilities(raw) == {}


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
)
_ODD = st.dictionaries(st.sampled_from(("supported", "types", "low", "adaptive")), _JSON)


@given(
    most=_JSON,
    thinking=_JSON | _ODD | st.fixed_dictionaries({"types": _ODD}),
    effort=_JSON | _ODD,
    capabilities=st.none() | _JSON,
)
def test_other_forms_are_never_an_error(most, thinking, effort, capabilities):
    given_ = capabilities or {"thinking": thinking, "effort": effort, "server_tools": effort}
    raw = {"max_tokens": most, "capabilities": given_}
    msgspec.convert(stated_capabilities(raw), Capabilities)


def test_it_is_read_with_the_list():
    body = msgspec.json.encode({"data": [model(efforts=("low",)), {"id": "claude-2"}]})
    first, second = ANTHROPIC.models.decode(body)
    assert first.capabilities["efforts"] == ["low"]
    assert second.capabilities == {}
