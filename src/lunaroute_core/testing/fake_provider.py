"""A Provider that answers what a test tells it to, and remembers what it was asked."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from inspect import isawaitable
from typing import TypeAlias

from lunaroute_core.dialects.codec import AnswerSummary
from lunaroute_core.model import NormalizedResponse, StreamEvent
from lunaroute_core.model_request import ModelRequest
from lunaroute_core.model_response import ModelResponse
from lunaroute_core.model_stream import ModelStream
from lunaroute_core.testing.replies import Pause
from lunaroute_core.testing.sample_answers import stream_events, text_response

StreamScript: TypeAlias = Sequence[StreamEvent | Pause | Exception]
"""Events in order; a `Pause` waits for its event, an exception breaks the stream."""

Answer: TypeAlias = NormalizedResponse | ModelResponse | ModelStream | StreamScript | Exception
"""A normalized answer serves both verbs: `stream` sends it as events."""

ScriptedAnswer: TypeAlias = Answer | Callable[[ModelRequest], Answer | Awaitable[Answer]]


class FakeProvider:
    """Answers from a script: one answer a call, the last one for all further calls.

    ::

        provider = FakeProvider(UpstreamTimeoutError(...), text_response("second try"))

    Attributes:
        name: the Provider's name.
        requests: what was asked, in order.
        open_streams: streams of events that were begun and are not released.
    """

    def __init__(self, *answers: ScriptedAnswer, name: str = "fake") -> None:
        self.name = name
        self.requests: list[ModelRequest] = []
        self.open_streams = 0
        self._answers = answers or (text_response(),)

    async def send(self, request: ModelRequest) -> ModelResponse:
        answer = await self._answer(request)
        match answer:
            case ModelResponse():
                return answer
            case NormalizedResponse():
                return self._response(answer)
            case _:
                raise TypeError(f"the script's answer to send is {type(answer).__name__}")

    async def stream(self, request: ModelRequest) -> ModelStream:
        answer = await self._answer(request)
        match answer:
            case ModelStream():
                return answer
            case NormalizedResponse(model=model):
                events = self._events(stream_events(answer))
            case ModelResponse():
                raise TypeError("the script's answer to stream is ModelResponse")
            case _:
                model, events = request.model, self._events(answer)
        return ModelStream(provider=self.name, model=model, events=events)

    async def _answer(
        self, request: ModelRequest
    ) -> NormalizedResponse | ModelResponse | ModelStream | StreamScript:
        scripted = self._answers[min(len(self.requests), len(self._answers) - 1)]
        self.requests.append(request)
        request.context.attempts += 1
        answer = scripted(request) if callable(scripted) else scripted
        if isawaitable(answer):
            answer = await answer
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _response(self, answer: NormalizedResponse) -> ModelResponse:
        summary = AnswerSummary(
            id=answer.id,
            model=answer.model,
            finish_reason=answer.finish.reason if answer.finish else None,
            usage=answer.usage,
        )
        return ModelResponse(
            provider=self.name, model=answer.model, normalized=answer, summary=summary
        )

    async def _events(self, script: StreamScript) -> AsyncGenerator[StreamEvent, None]:
        self.open_streams += 1
        try:
            for step in script:
                if isinstance(step, Exception):
                    raise step
                if isinstance(step, Pause):
                    await step.until.wait()
                else:
                    yield step
        finally:
            self.open_streams -= 1
