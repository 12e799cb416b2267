"""A provider of one's own, in twenty lines, behind a whole gateway.

    uvicorn examples.custom_provider:app --port 8000
    curl http://127.0.0.1:8000/v1/messages -H 'content-type: application/json' \
      -d '{"model": "any", "max_tokens": 9, "messages": [{"role": "user", "content": "Hello"}]}'
"""

from collections.abc import AsyncGenerator

from lunaroute_core import ModelRequest, ModelResponse, ModelStream, model
from lunaroute_server import Gateway, create_app

STOP = model.Finish(reason=model.FinishReason.STOP)


class TurnCounter:
    """Tells every client how many turns the conversation has had."""

    name = "turns"

    async def send(self, request: ModelRequest) -> ModelResponse:
        block = model.TextBlock(text=self.text(request))
        answer = model.NormalizedResponse(id="1", model="turns", blocks=[block], finish=STOP)
        return ModelResponse(provider=self.name, model="turns", normalized=answer)

    async def stream(self, request: ModelRequest) -> ModelStream:
        return ModelStream(provider=self.name, model="turns", events=self.events(request))

    async def events(self, request: ModelRequest) -> AsyncGenerator[model.StreamEvent, None]:
        yield model.StreamStart(id="1", model="turns")
        yield model.BlockStart(index=0, block=model.TextBlock(text=""))
        for word in self.text(request).split(" "):
            yield model.TextDelta(index=0, text=word + " ")
        yield model.BlockEnd(index=0)
        yield model.StreamFinish(finish=STOP)
        yield model.StreamEnd()

    def text(self, request: ModelRequest) -> str:
        return f"turn {len(request.normalized.turns)}"


app = create_app(Gateway(provider=TurnCounter()))
