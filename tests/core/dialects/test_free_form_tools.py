import json

import pytest

from lunaroute_core.answer_stages.free_form_input import free_form_input
from lunaroute_core.dialects.free_form_tools import FREE_TEXT, free_text_arguments, grammar_note
from lunaroute_core.model import CustomTool, ToolCallBlock


@pytest.mark.parametrize("text", ["", 'say "it"\n\\', "\u2028\x00é"])
def test_arguments_are_an_object_of_the_schema_and_can_be_read_again(text):
    call = ToolCallBlock(id="c", name="p", tool_kind="custom", raw_arguments=text)
    arguments = free_text_arguments(call)
    assert list(json.loads(arguments)) == FREE_TEXT["required"]
    assert free_form_input(arguments) == text


@pytest.mark.parametrize("form", [None, {"type": "text"}, {}])
def test_free_text_needs_no_note(form):
    assert grammar_note(CustomTool(name="p", format=form)) is None


def test_a_grammar_is_told_whole():
    form = {"type": "grammar", "syntax": "lark", "definition": "start: /a/\n"}
    note = grammar_note(CustomTool(name="p", format=form))
    assert note == "`input` is free text and must conform to this lark grammar:\n\nstart: /a/\n"


def test_a_grammar_of_another_form_is_told_as_it_is():
    note = grammar_note(CustomTool(name="p", format={"type": "grammar", "g": 1}))
    assert note.endswith('this grammar:\n\n{"type":"grammar","g":1}')
