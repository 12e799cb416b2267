import pytest

from lunaroute_core.dialects.anthropic_messages.tool_writer import write_tool, write_tool_choice
from lunaroute_core.model import CacheMark, CustomTool, FunctionTool, HostedTool, ToolChoice


def test_a_function_is_written_with_what_is_known_of_it():
    tool = FunctionTool(name="f", description="D", strict=True, cache=CacheMark())
    assert write_tool(tool) == {
        "name": "f",
        "description": "D",
        "input_schema": {},
        "strict": True,
        "cache_control": {"type": "ephemeral"},
    }


def test_a_hosted_tool_is_the_vendors_object():
    config = {"type": "bash_20250124", "name": "bash"}
    assert write_tool(HostedTool(dialect="anthropic_messages", type="x", config=config)) == config


def test_there_are_no_free_form_tools():
    with pytest.raises(TypeError, match="no free-form tools"):
        write_tool(CustomTool(name="c"))


@pytest.mark.parametrize(
    ("choice", "parallel", "written"),
    [
        (None, None, None),
        (None, False, {"type": "auto", "disable_parallel_tool_use": True}),
        (ToolChoice(mode="required"), None, {"type": "any"}),
        (ToolChoice(mode="named", names=["f"]), None, {"type": "tool", "name": "f"}),
        (ToolChoice(mode="hosted", raw={"type": "later"}), None, {"type": "later"}),
    ],
)
def test_choices_are_written(choice, parallel, written):
    assert write_tool_choice(choice, parallel=parallel) == written
