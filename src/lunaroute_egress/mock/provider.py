"""The mock provider: answers from a simulated model instead of a vendor."""

import asyncio
import time
from collections.abc import Callable
from random import Random

from attrs import Factory, define, field

from lunaroute_core.dialects.codec import AnswerSummary
from lunaroute_core.dialects.registry import dialect_named
from lunaroute_core.errors import (
    ConfigurationError,
    InvalidRequestError,
    ProviderError,
    UpstreamProtocolError,
)
from lunaroute_core.model import (
    NormalizedRequest,
    NormalizedResponse,
    ReasoningBlock,
    Usage,
)
from lunaroute_core.model_request import ModelRequest, Operation
from lunaroute_core.model_response import ModelResponse, Timings
from lunaroute_core.model_stream import ModelStream
from lunaroute_core.token_count_answer import estimated_count
from lunaroute_core.token_estimate import estimate_tokens
from lunaroute_core.wire import WireResponse
from lunaroute_egress.mock.answer_writer import AnswerWriter, Pace, Sleep
from lunaroute_egress.mock.answers import (
    SIMULATED_MODELS,
    Answer,
    SimulatedModel,
    fingerprint,
)
from lunaroute_egress.mock.failures import Failures
from lunaroute_egress.mock.model_list import (
    encode_model,
    encode_model_list,
    model_names,
    wanted_model,
)
from lunaroute_egress.mock.options import MockOptions
from lunaroute_egress.mock.output_limits import limited
from lunaroute_egress.mock.written_block import pieces_of


def _seeded(provider: "MockProvider") -> Random:
    return Random(provider.options.seed)  # noqa: S311 - repeatable on purpose, guards nothing


def _failures(provider: "MockProvider") -> Failures:
    return Failures(provider=provider.name, retry_after=provider.options.retry_after)


@define(kw_only=True)
class MockProvider:
    """A Provider whose models are simulated: `echo`, `text`, `tools`, `thinking`, `cut`,
    `slow`, `error-<status>`, `error-<kind>`, and the names that the options add.

    Equal requests get equal answers, ids included; only `created` follows the clock and
    `error_rate` a seeded sequence. `sleep` and `monotonic` are in seconds, `now` is Unix time.
    """

    name: str = "mock"
    options: MockOptions = Factory(MockOptions)
    sleep: Sleep = asyncio.sleep
    monotonic: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time
    _chance: Random = field(init=False, default=Factory(_seeded, takes_self=True))
    _failures: Failures = field(init=False, default=Factory(_failures, takes_self=True))

    def __attrs_post_init__(self) -> None:
        """Raises ConfigurationError if an added name behaves as no built-in model."""
        for name, target in self.options.models.items():
            known = target in SIMULATED_MODELS
            if not known and self._failures.of_model(target, request_id="") is None:
                reason = f"no built-in model {target!r}; there are {', '.join(SIMULATED_MODELS)}"
                raise ConfigurationError(reason, source=self.name, path=f"models.{name}")

    async def send(self, request: ModelRequest) -> ModelResponse:
        """The finished answer.

        Raises:
            InvalidRequestError: the request asks for what no simulated model does.
            ProviderError: the model was told to fail, or does not exist.
        """
        match request.operation:
            case Operation.GENERATE:
                return await self._generate(request)
            case Operation.COUNT_TOKENS:
                return self._count_tokens(request)
            case Operation.LIST_MODELS:
                return self._list_models(request)
            case Operation.FORWARD:
                raise self._no_endpoint(request)

    async def stream(self, request: ModelRequest) -> ModelStream:
        """The answer as stream events; raises as `send` does, after the same latency."""
        if request.operation is not Operation.GENERATE:
            raise self._no_endpoint(request)
        writer, timings = await self._begin(request)
        return ModelStream(
            provider=self.name, model=request.model, events=writer.events(), timings=timings
        )

    async def _generate(self, request: ModelRequest) -> ModelResponse:
        writer, timings = await self._begin(request)
        response = await writer.response()
        if not writer.complete:
            raise UpstreamProtocolError("the answer was cut off", provider=self.name)
        timings.finished = self.monotonic()
        return ModelResponse(
            provider=self.name,
            model=request.model,
            normalized=response,
            summary=_summary(response),
            timings=timings,
        )

    async def _begin(self, request: ModelRequest) -> tuple[AnswerWriter, Timings]:
        """Think the answer up, and wait until it would begin."""
        timings = Timings(started=self.monotonic())
        model = self._model(request)
        asked = request.normalized
        _refuse_unsupported(asked)
        answer = limited(model.answer(asked, self.options), asked)
        writer = AnswerWriter(
            id=f"mock_{fingerprint(asked)}",
            model=request.model,
            created=int(self.now()),
            answer=answer,
            usage=_usage(asked, answer),
            pace=self._pace(model),
            complete=model.complete,
        )
        await writer.pace.first_token()
        timings.first_byte = self.monotonic()
        return writer, timings

    def _model(self, request: ModelRequest) -> SimulatedModel:
        """The simulated model of a request, unless it is its job to fail.

        Raises:
            ProviderError: a failure was asked for or drawn, or there is no such model.
        """
        request.context.attempts += 1
        name = self.options.models.get(request.model, request.model)
        upstream_id = f"req_mock_{fingerprint(request.normalized)}"
        if failure := self._failures.of_model(name, request_id=upstream_id):
            raise failure
        if name not in SIMULATED_MODELS:
            known = ", ".join(model_names(self.options))
            raise self._failures.not_found(f"no model {request.model!r}; there are {known}")
        if self._chance.random() < self.options.error_rate:
            raise self._failures.of_status(self.options.error_status, request_id=upstream_id)
        return SIMULATED_MODELS[name]

    def _pace(self, model: SimulatedModel) -> Pace:
        rates = [model.tokens_per_second, self.options.tokens_per_second]
        return Pace(
            latency=max(self.options.latency_ms / 1000, model.latency),
            tokens_per_second=min((rate for rate in rates if rate), default=None),
            sleep=self.sleep,
        )

    def _count_tokens(self, request: ModelRequest) -> ModelResponse:
        self._model(request)
        answer = estimated_count(request, provider=self.name)
        if answer is None:
            raise self._no_endpoint(request)
        return answer

    def _list_models(self, request: ModelRequest) -> ModelResponse:
        request.context.attempts += 1
        vendor = dialect_named(request.context.client_dialect).vendor
        names = model_names(self.options)
        wanted = request.model or wanted_model(request.wire)
        if wanted is None:
            return self._wired(request, encode_model_list(names, request.wire, vendor))
        if wanted not in names:
            raise self._failures.not_found(f"no model {wanted!r}; there are {', '.join(names)}")
        return self._wired(request, encode_model(wanted, vendor))

    def _wired(self, request: ModelRequest, body: bytes) -> ModelResponse:
        wire = WireResponse(
            dialect=request.context.client_dialect,
            status=200,
            headers=((b"content-type", b"application/json"),),
            body=body,
            content=body,
        )
        return ModelResponse(provider=self.name, model=request.model, wire=wire)

    def _no_endpoint(self, request: ModelRequest) -> ProviderError:
        place = request.wire.path if request.wire else request.operation
        return self._failures.not_found(f"the mock provider has no endpoint {place}", param=None)


def _refuse_unsupported(request: NormalizedRequest) -> None:
    if (request.sampling.n or 1) > 1:
        raise InvalidRequestError("a simulated model gives one answer", param="n")
    if request.conversation.previous_response_id is not None:
        raise InvalidRequestError(
            "a simulated model keeps no conversations", param="previous_response_id"
        )


def _usage(request: NormalizedRequest, answer: Answer) -> Usage:
    counts = [(block, len(pieces_of(block))) for block in answer.blocks]
    thought = sum(count for block, count in counts if isinstance(block, ReasoningBlock))
    return Usage(
        input_tokens=estimate_tokens(request),
        output_tokens=sum(count for _, count in counts),
        reasoning_tokens=thought or None,
        estimated=True,
    )


def _summary(response: NormalizedResponse) -> AnswerSummary:
    return AnswerSummary(
        id=response.id,
        model=response.model,
        finish_reason=response.finish.reason if response.finish else None,
        usage=response.usage,
    )
