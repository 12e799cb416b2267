"""The configuration section: what it accepts and what it refuses."""

import msgspec
import pytest

from lunaroute_core.model import FinishReason
from lunaroute_egress.mock.options import MockOptions, ScriptedAnswer, ScriptedCall


def test_a_whole_section_is_read():
    section = {
        "latency_ms": 20,
        "tokens_per_second": 50,
        "error_rate": 0.5,
        "error_status": 429,
        "script": [
            {"thinking": "hm", "tool_calls": [{"name": "t", "arguments": {"a": [1]}}]},
            {"text": "done", "finish_reason": "length"},
        ],
        "models": {"gpt-test": "echo"},
    }
    options = msgspec.convert(section, MockOptions)
    assert options.script == [
        ScriptedAnswer(thinking="hm", tool_calls=[ScriptedCall(name="t", arguments={"a": [1]})]),
        ScriptedAnswer(text="done", finish_reason=FinishReason.LENGTH),
    ]


@pytest.mark.parametrize(
    "section",
    [
        {"latency": 1},
        {"latency_ms": -1},
        {"tokens_per_second": 0},
        {"error_rate": 1.5},
        {"error_status": 200},
        {"parallel_calls": 0},
        {"script": [{"txt": "a"}]},
        {"script": [{"finish_reason": "bored"}]},
    ],
)
def test_bad_sections_are_refused(section):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(section, MockOptions)
