"""A mock provider whose time stands still unless it sleeps, and requests to it."""

import pytest

from lunaroute_core import ModelRequest, RequestContext
from lunaroute_core.model import Message, NormalizedRequest, RequestSource, TextBlock
from lunaroute_core.testing import FakeClock
from lunaroute_egress.mock import MockOptions, MockProvider


@pytest.fixture
def clock():
    return FakeClock(autojump=True)


@pytest.fixture
def mock(clock):
    def make(**options):
        return MockProvider(
            options=MockOptions(**options),
            sleep=clock.sleep,
            monotonic=clock,
            now=lambda: 1_700_000_000.5,
        )

    return make


@pytest.fixture
def ask():
    """Makes a request: a text or turns, and fields of the normalized request."""

    def make(model="echo", said="Hello there", *, stream=False, **fields):
        turns = said
        if isinstance(said, str):
            turns = [Message(role="user", blocks=[TextBlock(text=said)])]
        normalized = NormalizedRequest(
            model=model, source=RequestSource(dialect="openai_chat"), turns=turns, **fields
        )
        return ModelRequest(
            model=model,
            stream=stream,
            context=RequestContext(client_dialect="openai_chat"),
            normalized=normalized,
        )

    return make
