import pytest

from lunaroute_core.capabilities import Capabilities
from lunaroute_core.dialects.anthropic_messages.adaptation import Adaptation
from lunaroute_core.dialects.tool_ids import ToolNames
from lunaroute_core.errors import InvalidRequestError
from lunaroute_core.translation import Translation


@pytest.fixture
def adaptation():
    translation = Translation(capabilities=Capabilities(tool_id_length=30))
    return Adaptation(
        dialect="openai_responses", translation=translation, names=ToolNames(limit=64)
    )


def test_ids_keep_to_the_models_limit(adaptation):
    assert adaptation.call_id("call_1") == "call_1"
    assert len(adaptation.call_id("x" * 31)) == 25


def test_a_refusal_names_the_clients_own_field(adaptation):
    with pytest.raises(InvalidRequestError, match="input: no") as caught:
        adaptation.reject("turns", "no")
    assert caught.value.details.param == "input"


def test_ids_have_the_servers_own_form():
    translation = Translation(capabilities=Capabilities(tool_id_length=9, exact_tool_ids=True))
    adaptation = Adaptation(
        dialect="openai_chat", translation=translation, names=ToolNames(limit=64)
    )
    assert adaptation.call_id("call_1").isalnum()
    assert len(adaptation.call_id("call_1")) == 9
