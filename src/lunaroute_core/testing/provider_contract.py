"""The Provider contract: what the gateway relies on, as a test for any implementation."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from typing import Protocol, TypeVar

from attrs import frozen

from lunaroute_core.errors import LunaRouteError, ProviderError, RequestError
from lunaroute_core.model_request import ModelRequest
from lunaroute_core.model_response import ModelResponse
from lunaroute_core.model_stream import ModelStream
from lunaroute_core.protocols import Provider
from lunaroute_core.sse import SSEFramer
from lunaroute_core.testing.event_grammar import EventGrammarError, check_events

T = TypeVar("T")

_PARALLEL_CALLS = 4
_LOOP_TURNS_BEFORE_CANCEL = (0, 1, 2, 4, 8, 16, 32)


class ProviderContractError(AssertionError):
    """The provider breaks a rule; the message says which."""


class RequestMaker(Protocol):
    """Makes a request that the provider answers well; a new one each time."""

    def __call__(self, *, stream: bool) -> ModelRequest: ...


async def check_provider(
    open_provider: Callable[[], AbstractAsyncContextManager[Provider]],
    make_request: RequestMaker,
    *,
    make_bad_request: RequestMaker | None = None,
    in_use: Callable[[Provider], int] | None = None,
    seconds: float = 10.0,
) -> None:
    """Check the contract of `Provider` against an implementation.

    Args:
        open_provider: opens a fresh provider; leaving it must release all it has.
        make_request: requests for which the provider answers.
        make_bad_request: requests for which it fails.
        in_use: counts what calls hold (connections, leases) and must give back.
        seconds: how long any one step may take.

    Raises:
        ProviderContractError: a rule is broken.
    """
    check = _Check(
        open_provider=open_provider, make_request=make_request, in_use=in_use, seconds=seconds
    )
    await check.name()
    await check.send()
    await check.stream_blocks()
    await check.stream_events()
    await check.leaving_early()
    await check.concurrent_calls()
    await check.cancellation()
    if make_bad_request is not None:
        await check.errors(make_bad_request)


@frozen(kw_only=True)
class _Check:
    open_provider: Callable[[], AbstractAsyncContextManager[Provider]]
    make_request: RequestMaker
    in_use: Callable[[Provider], int] | None
    seconds: float

    async def name(self) -> None:
        async with self._provider() as provider:
            _require(_is_a(provider, Provider), "it has `name`, `send` and `stream`")
            _require(_is_text(provider.name), "`name` is a str that is not empty")

    async def send(self) -> None:
        async with self._provider() as provider:
            await self._send(provider)

    async def stream_blocks(self) -> None:
        async with self._provider() as provider:
            await self._stream(provider)

    async def stream_events(self) -> None:
        """Only for streams that bring events; wire streams are read by their codec."""
        async with (
            self._provider() as provider,
            await self._open(provider, self.make_request(stream=True)) as stream,
        ):
            if stream.events is None:
                return
            events = await self._step("reading events", _all(aiter(stream)))
        try:
            check_events(events)
        except EventGrammarError as error:
            raise ProviderContractError(f"events follow the grammar: {error}") from error

    async def leaving_early(self) -> None:
        async with self._provider() as provider:
            unread = await self._open(provider, self.make_request(stream=True))
            await self._step("leaving an unread stream", unread.aclose())
            self._require_released(provider, "a stream that was never read")
            request = self.make_request(stream=True)
            stream = await self._open(provider, request)
            async with stream, aclosing(stream.blocks(request)) as blocks:
                await self._step("reading a block", anext(blocks))
            await self._step("closing a stream twice", stream.aclose())
            self._require_released(provider, "a stream that was left early")

    async def concurrent_calls(self) -> None:
        async with self._provider() as provider:
            async with _tasks() as group:
                for _ in range(_PARALLEL_CALLS):
                    group.create_task(self._send(provider))
                    group.create_task(self._stream(provider))
            self._require_released(provider, "concurrent calls")

    async def cancellation(self) -> None:
        for turns in _LOOP_TURNS_BEFORE_CANCEL:
            async with self._provider() as provider:
                await self._cancel("send", self._send(provider), turns)
                self._require_released(provider, "a cancelled send")
                await self._cancel("stream", self._stream(provider), turns)
                self._require_released(provider, "a cancelled stream")

    async def errors(self, make_bad_request: RequestMaker) -> None:
        async with self._provider() as provider:
            for stream, call in ((False, self._send), (True, self._stream)):
                try:
                    await call(provider, make_bad_request(stream=stream))
                except ProviderContractError as error:
                    if not isinstance(error.__cause__, ProviderError | RequestError):
                        raise
                else:
                    verb = "stream" if stream else "send"
                    raise ProviderContractError(f"a bad request makes `{verb}` raise")
            self._require_released(provider, "failed calls")

    async def _send(self, provider: Provider, request: ModelRequest | None = None) -> None:
        request = request or self.make_request(stream=False)
        response = await self._step("send", provider.send(request))
        _require(_is_a(response, ModelResponse), "`send` returns a ModelResponse")
        _require(_is_text(response.provider), "a response names its provider")
        _require(_is_text(response.model), "a response names its model")
        _require(_has_view(response), "a response has a wire or a normalized view")
        _require(bool(response.wire_for(request).body), "a response has a body for the client")

    async def _stream(self, provider: Provider, request: ModelRequest | None = None) -> None:
        request = request or self.make_request(stream=True)
        async with await self._open(provider, request) as stream:
            blocks = await self._step("reading blocks", _all(stream.blocks(request)))
        _require(bool(blocks) and all(blocks), "a stream has blocks, none of them empty")
        framer = SSEFramer()
        for block in blocks:
            _require(framer.feed(block) == block, "every block is made of whole frames")

    async def _open(self, provider: Provider, request: ModelRequest) -> ModelStream:
        """A stream, entered as far as its first event; closing it is up to the caller."""
        stream = await self._step("stream", provider.stream(request))
        _require(_is_a(stream, ModelStream), "`stream` returns a ModelStream")
        _require(_is_text(stream.provider), "a stream names its provider")
        _require(_is_text(stream.model), "a stream names its model")
        await self._step("entering the stream", stream.prime())
        return stream

    async def _step(self, what: str, step: Awaitable[T]) -> T:
        deadline = asyncio.timeout(self.seconds)
        try:
            async with deadline:
                return await step
        except LunaRouteError as error:
            raise ProviderContractError(f"{what} works for a good request: {error}") from error
        except Exception as error:
            rule = f"raises nothing but RequestError and ProviderError: {error!r}"
            if deadline.expired():
                rule = f"ends within {self.seconds:g} s"
            raise ProviderContractError(f"{what} {rule}") from error

    async def _cancel(self, verb: str, call: Coroutine[None, None, None], turns: int) -> None:
        async with _tasks() as group:
            task = group.create_task(call)
            for _ in range(turns):
                await asyncio.sleep(0)
            in_flight = task.cancel()
            await asyncio.wait([task])
        _require(task.cancelled() or not in_flight, f"`{verb}` lets its cancellation through")

    @asynccontextmanager
    async def _provider(self) -> AsyncGenerator[Provider]:
        before = asyncio.all_tasks()
        async with self.open_provider() as provider:
            yield provider
        left = asyncio.all_tasks() - before
        _require(not left, f"a closed provider leaves no task behind: {left}")

    def _require_released(self, provider: Provider, what: str) -> None:
        count = self.in_use(provider) if self.in_use is not None else 0
        _require(count == 0, f"{what} holds nothing afterwards, but {count} are in use")


async def _all(items: AsyncIterator[T]) -> list[T]:
    return [item async for item in items]


@asynccontextmanager
async def _tasks() -> AsyncGenerator[asyncio.TaskGroup]:
    """A task group of which only the first error is told."""
    try:
        async with asyncio.TaskGroup() as group:
            yield group
    except ExceptionGroup as errors:
        first = errors.exceptions[0]
        raise first from first.__cause__


def _is_a(value: object, kind: type) -> bool:
    return isinstance(value, kind)


def _has_view(response: ModelResponse) -> bool:
    try:
        _ = response.wire or response.normalized
    except ValueError:
        return False
    return True


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _require(holds: bool, rule: str) -> None:  # noqa: FBT001 - reads as an assertion
    if not holds:
        raise ProviderContractError(rule)
