"""Fakes and contract tests for code that builds on LunaRoute, and for its own tests."""

from lunaroute_core.testing.event_grammar import EventGrammarError, check_events
from lunaroute_core.testing.fake_clock import FakeClock
from lunaroute_core.testing.fake_provider import Answer, FakeProvider, ScriptedAnswer, StreamScript
from lunaroute_core.testing.provider_contract import (
    ProviderContractError,
    RequestMaker,
    check_provider,
)
from lunaroute_core.testing.recorded_request import RecordedRequest
from lunaroute_core.testing.replies import (
    Close,
    End,
    Hang,
    Pause,
    Reply,
    Reset,
    Send,
    Sleep,
    Step,
    json_reply,
    raw_reply,
    sse_reply,
)
from lunaroute_core.testing.sample_answers import stream_events, text_response, tool_call_response
from lunaroute_core.testing.sample_requests import chat_request, wire_request
from lunaroute_core.testing.scripted_upstream import Script, ScriptedUpstream
from lunaroute_core.testing.state_store_contract import StateStoreContractError, check_state_store

__all__ = [
    "Answer",
    "Close",
    "End",
    "EventGrammarError",
    "FakeClock",
    "FakeProvider",
    "Hang",
    "Pause",
    "ProviderContractError",
    "RecordedRequest",
    "Reply",
    "RequestMaker",
    "Reset",
    "Script",
    "ScriptedAnswer",
    "ScriptedUpstream",
    "Send",
    "Sleep",
    "StateStoreContractError",
    "Step",
    "StreamScript",
    "chat_request",
    "check_events",
    "check_provider",
    "check_state_store",
    "json_reply",
    "raw_reply",
    "sse_reply",
    "stream_events",
    "text_response",
    "tool_call_response",
    "wire_request",
]
