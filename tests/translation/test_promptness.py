"""No content waits for later content: what an upstream has said, its client hears at once."""

import itertools
import json

import pytest

from lunaroute_core import ModelRequest, ModelStream, RequestContext, WireStream
from lunaroute_core.dialects.registry import DIALECTS
from lunaroute_core.model import NormalizedRequest, RequestSource, StreamOptions

PAIRS = list(itertools.permutations(DIALECTS, 2))
WORDS = ["north", "south", "east-by-east", "west"]


class Spoken:
    """A `ByteSource` whose next piece comes when the one before has been read to its end."""

    def __init__(self, pieces):
        self.pieces = list(pieces)
        self.read_so_far = []

    async def read(self):
        if not self.pieces:
            return b""
        self.read_so_far.append(self.pieces.pop(0))
        return self.read_so_far[-1]

    async def aclose(self):
        self.pieces.clear()


async def heard_when(client, upstream, pieces):
    """After each block for the client: all that it has heard, and all that had been said."""
    source = Spoken(pieces)
    stream = ModelStream(
        provider="p",
        model="m",
        wire=WireStream(dialect=upstream, source=source),
        stages=[],
    )
    request = ModelRequest(
        model="m",
        stream=True,
        context=RequestContext(client_dialect=client),
        normalized=NormalizedRequest(
            model="m",
            source=RequestSource(dialect=client),
            stream=StreamOptions(enabled=True, include_usage=True),
        ),
    )
    heard = b""
    async with stream:
        async for block in stream.blocks(request):
            heard += block
            yield heard, b"".join(source.read_so_far)


@pytest.mark.parametrize(("client", "upstream"), PAIRS)
async def test_text_is_heard_when_it_is_said(vendors, frames, client, upstream):
    """Each word before the upstream is read any further."""
    events = vendors.stream(upstream, text="".join(WORDS), cuts=list(map(len, WORDS)))
    pieces = [frames([event]) for event in events]
    async for heard, said in heard_when(client, upstream, pieces):
        spoken = [word for word in WORDS if word.encode() in said]
        assert [word for word in spoken if word.encode() not in heard] == []


@pytest.mark.parametrize(("client", "upstream"), PAIRS)
async def test_arguments_are_heard_while_they_are_written(vendors, frames, client, upstream):
    """A tool's input streams like text does."""
    arguments = json.dumps({"word": "".join(WORDS)})
    sizes = [len('{"word": "'), *map(len, WORDS), 2]
    events = vendors.stream(
        upstream, calls=[("call_1", "say", arguments)], finish="tool_calls", cuts=sizes
    )
    pieces = [frames([event]) for event in events]
    async for heard, said in heard_when(client, upstream, pieces):
        spoken = [word for word in WORDS if word.encode() in said]
        assert [word for word in spoken if word.encode() not in heard] == []
