import time

import pytest

from lunaroute_core.dialects.openai_responses.requests import ResponsesRequests
from lunaroute_core.model import (
    CacheMark,
    Message,
    NormalizedRequest,
    RequestSource,
    TextBlock,
    ToolCallBlock,
    ToolResultBlock,
)
from lunaroute_core.translation import Translation


def test_all_of_what_claude_code_sends_has_a_place(anthropic):
    """Its fields, its marks, its later system message; what is lost is said, all else is not."""
    mark = {"cache_control": {"type": "ephemeral"}}
    use = {"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {"command": "ls"}}
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "a.py", **mark}
    body, warnings = anthropic(
        [
            {"role": "user", "content": [{"type": "text", "text": "List the files."}]},
            {"role": "system", "content": "Today is Tuesday."},
            {"role": "assistant", "content": [{"type": "text", "text": "Yes."}, use]},
            {"role": "user", "content": [result]},
        ],
        system=[
            {"type": "text", "text": "x-anthropic-billing-header: cc_version=2"},
            {"type": "text", "text": "You are Claude Code.", **mark},
        ],
        tools=[{"name": "Bash", "description": "Runs.", "input_schema": {"type": "object"}}],
        thinking={"type": "adaptive"},
        output_config={"effort": "high"},
        context_management={"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
        metadata={"user_id": "user_1"},
        max_tokens=32_000,
        stream=True,
    )
    point = {"prompt_cache_breakpoint": {"mode": "explicit"}}
    text = {"type": "input_text"}
    assert body == {
        "model": "gpt-5.6-sol",
        "tools": [
            {
                "type": "function",
                "name": "Bash",
                "description": "Runs.",
                "parameters": {"type": "object", "properties": {}},
                "strict": False,
            }
        ],
        "max_output_tokens": 32_000,
        "reasoning": {"effort": "high"},
        "include": ["reasoning.encrypted_content"],
        "safety_identifier": "user_1",
        "store": False,
        "input": [
            {
                "type": "message",
                "role": "developer",
                "content": [
                    {**text, "text": "x-anthropic-billing-header: cc_version=2"},
                    {**text, "text": "You are Claude Code.", **point},
                ],
            },
            {
                "type": "message",
                "role": "user",
                "content": [{**text, "text": "List the files."}],
            },
            {
                "type": "message",
                "role": "developer",
                "content": [{**text, "text": "Today is Tuesday."}],
            },
            {"type": "message", "role": "assistant", "content": "Yes."},
            {
                "type": "function_call",
                "call_id": "toolu_1",
                "name": "Bash",
                "arguments": '{"command":"ls"}',
            },
            {
                "type": "function_call_output",
                "call_id": "toolu_1",
                "output": [{**text, "text": "a.py", **point}],
            },
        ],
        "stream": True,
    }
    assert warnings == [("dropped", "context_management.edits[0]")]


def test_who_says_nothing_gets_no_answer(anthropic, chat, refusal):
    empty = [{"role": "user", "content": []}]
    assert refusal(chat, empty) == "messages"
    assert refusal(anthropic, empty, system="a") == "messages"
    assert len(chat([{"role": "system", "content": "a"}])[0]["input"]) == 1


def conversation(rounds):
    """A request with a call in each round, all of it marked."""
    request = NormalizedRequest(model="m", source=RequestSource(dialect="anthropic_messages"))
    for at in range(rounds):
        call = ToolCallBlock(id=f"c{at}", name="f", raw_arguments="{}", cache=CacheMark())
        result = ToolResultBlock(call_id=f"c{at}", blocks=[TextBlock(text="r")], cache=CacheMark())
        request.turns += [
            Message(role="user", blocks=[TextBlock(text="u", cache=CacheMark())]),
            Message(role="assistant", blocks=[TextBlock(text="a"), call]),
            Message(role="tool", blocks=[result]),
        ]
    request.turns.append(Message(role="user", blocks=[TextBlock(text="end")]))
    return request


@pytest.mark.parametrize("dialect", ["anthropic_messages", "openai_responses"])
def test_time_grows_with_a_conversations_length_and_no_faster(dialect):
    def seconds(rounds):
        request = conversation(rounds)
        request.source = RequestSource(dialect=dialect)
        taken = []
        for _ in range(3):
            began = time.process_time()
            ResponsesRequests().encode(request, Translation())
            taken.append(time.process_time() - began)
        return min(taken)

    # Sixteen times the length; squared it would take 256 times as long.
    assert seconds(4000) < 100 * max(seconds(250), 0.001)
